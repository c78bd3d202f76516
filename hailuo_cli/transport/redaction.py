"""Keeps a key out of what its own provider says: some servers repeat the key, or its beginning, when they refuse it."""

from __future__ import annotations

import re

MASK = "********"
TELLING = 8
"""So many characters of a key, from its start, already tell which key it is."""


def masked(text: bytes, key: str) -> bytes:
    """A server's text without the key: neither the whole of it nor a beginning that stands for it.

    A longer word that merely begins alike (two JWTs share their header) is left as it is.
    """
    if len(key) < TELLING:
        return text
    # JSON may write a slash as \/
    begins = rb"".join(rb"\\?" + re.escape(letter.encode()) for letter in key[:TELLING])

    def mask(found: re.Match[bytes]) -> bytes:
        word = found[0].replace(b"\\", b"").decode("ascii")
        same = next((n for n, (ours, theirs) in enumerate(zip(key, word, strict=False)) if ours != theirs), None)
        alike = min(len(key), len(word)) if same is None else same
        return MASK.encode() if 2 * alike >= len(word) or alike == len(key) else found[0]

    return re.sub(begins + rb"[\w\-./+=~\\]*", mask, text)
