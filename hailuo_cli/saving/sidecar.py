"""The note beside a part: which video its bytes belong to, so that another process can go on with it."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict
from pathlib import Path

from .answer import Validators

PRIVATE = 0o600
"""The mode of a part and its note: what others could write would get the final name."""
SAFELY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
"""Flags for opening what may be a link or a pipe by now."""
_MOST_BYTES = 4096


class Sidecar:
    """`name.part.json` for `name.part`."""

    def __init__(self, part: Path) -> None:
        self._path = part.with_name(f"{part.name}.json")

    def read(self) -> Validators:
        """What it says; nothing where it is missing, damaged or no plain file."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | SAFELY), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return Validators()
                note = json.loads(file.read(_MOST_BYTES))
            etag, modified, total = note["etag"], note["modified"], note["total"]
            if total is not None and (type(total) is not int or total < 0):
                return Validators()
            return Validators.of({"etag": etag or "", "last-modified": modified or ""}, total)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return Validators()

    def write(self, seal: Validators) -> None:
        """Say this from now on, or nothing where it proves nothing. OSError where it cannot be written."""
        self.remove()
        if seal.validator:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFELY, PRIVATE)
            with os.fdopen(fd, "w", encoding="ascii") as file:
                json.dump(asdict(seal), file)

    def remove(self) -> None:
        """Be gone. OSError where it cannot be removed."""
        self._path.unlink(missing_ok=True)
