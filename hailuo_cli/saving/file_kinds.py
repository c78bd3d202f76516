"""What a file is by its first bytes, in words: for what came in the place of a video."""

from __future__ import annotations

import re

_SIGNATURES = (
    (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
    (rb"\xff\xd8\xff", "a JPEG image"),
    (rb"GIF8[79]a", "a GIF image"),
    (rb"RIFF....WEBP", "a WebP image"),
    (rb"RIFF....AVI ", "an AVI video"),
    (rb"\x1a\x45\xdf\xa3", "a WebM or Matroska video"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP archive"),
    (rb"\x1f\x8b", "gzip data"),
    (rb"MZ", "a Windows program (EXE)"),
    (rb"\x7fELF", "a Linux program (ELF)"),
    (rb"(?:\xcf|\xce)\xfa\xed\xfe", "a macOS program"),
    (rb"%PDF", "a PDF document"),
    (rb"#!", "a script"),
    (rb"(?:\xef\xbb\xbf)?\s*(?i:<!doctype\s+html|<html|<head|<body|<script|<title)", "an HTML page"),
    (rb"(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]", "an XML document"),
    (rb"(?:\xef\xbb\xbf)?\s*[\[{]", "a JSON text"),
)
_NAMES = tuple((re.compile(pattern, re.DOTALL), name) for pattern, name in _SIGNATURES)
_REASON = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")


def described(start: bytes) -> str:
    """What a file is by its first bytes, in words: "an HTML page", "an XML document (AccessDenied)"."""
    for pattern, name in _NAMES:
        if pattern.match(start):
            reason = _REASON.search(start) if "XML" in name else None
            return f"{name} ({reason[1].decode()})" if reason else name
    if start and start.isascii() and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start):
        return "plain text"
    return "data of an unknown kind"
