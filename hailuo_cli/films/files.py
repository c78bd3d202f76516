"""Files that are made beside a film: whole or not there, and nothing is replaced unasked."""

from __future__ import annotations

import contextlib
import os
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..errors import DiskError, UsageError


@contextlib.contextmanager
def written(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A path to write to, which becomes `target` when the block ends well and is removed when it does not.

    UsageError where `target` is there and may not be replaced, DiskError where it cannot be written.
    """
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.part")
    if not replace and os.path.lexists(target):
        raise _is_there(target)
    try:
        yield part
        _sync(part)
        if replace:
            part.replace(target)
        else:
            _publish(part, target)
    except FileExistsError as error:
        raise _is_there(target) from error
    except OSError as error:
        raise _cannot(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _publish(part: Path, target: Path) -> None:
    """Give a file its name; FileExistsError where something has it."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        part.replace(target)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _is_there(target: Path) -> UsageError:
    return UsageError(f"{target} is there already", hint="name another file, or add --force to replace it")


def _cannot(target: Path, error: OSError) -> DiskError:
    hint = None if target.parent.is_dir() else f"mkdir -p {shlex.quote(str(target.parent))}"
    return DiskError(f"cannot write {target}: {error.strerror or error}", hint=hint)
