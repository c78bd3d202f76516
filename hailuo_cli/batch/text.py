"""A file's bytes as text: UTF-8 with or without a mark, nothing guessed."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from ..errors import DiskError, UsageError

LARGEST = 64 * 1024 * 1024
"""Bytes; a batch file of 100,000 rows with long prompts is smaller."""
_OTHERS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAVE = "save it as UTF-8"


def read_text(path: Path, *, largest: int = LARGEST) -> str:
    """The text of a file, without its byte order mark; line ends stay as they are.

    UsageError where it is missing, no plain file, larger than `largest` bytes, or not UTF-8 (with the line);
    DiskError where the machine refuses to read it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError(f"{path} is not a file", hint="give the path of a file")
            content = file.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path} is not there", hint="check the path") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder", hint="give the path of a file") from None
    except OSError as error:
        raise DiskError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{str(path)!r} cannot be the name of a file: {error}") from None
    if len(content) > largest:
        raise UsageError(f"{path} is larger than {largest:,} bytes", hint="split it")
    return _decoded(content, path)


def _decoded(content: bytes, path: Path) -> str:
    for mark, encoding in _OTHERS:
        if content.startswith(mark):
            raise UsageError(f"{path} is {encoding}, not UTF-8", hint=_SAVE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: not UTF-8", hint=_SAVE) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UsageError(f"{path}:{line}: holds a NUL character, so it is not a text file", hint=_SAVE)
    return text
