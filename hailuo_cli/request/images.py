"""An image as a file, an address or a data URL: read, checked and held open, before anything is paid for.

The headers are read here and not with Pillow: finding a cut file means walking the same chunks anyway, which gives
the size for free, never decodes a pixel, and leaves one kind of error instead of Pillow's dozen.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import urlsplit

from .. import private_files
from ..errors import DiskError, InvalidImage
from ..model import Image, LocalImage, Options, RemoteImage
from . import image_rules
from .fit import Fit, Fitted, Limits, fit
from .image_headers import BLOCK, KINDS, Damaged, what
from .image_rules import LIMIT, MIB

Asked = TypeVar("Asked", bound=Options)

MOST_READ = 256 * MIB
"""A file of more bytes than this is not made fit either."""
_CONVERTED = ("a GIF", "a BMP", "a TIFF", "an AVIF", "a HEIC", "a JPEG 2000")
_MAKE_ROOM = "make room in the temporary folder, or give the path of a file"
_STEP = 512  # read ahead little, so that stepping from chunk to chunk does not read the pixels between them
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]+://|data:|file:|javascript:)", re.IGNORECASE)
_DATA_URL = re.compile(r"data:image/(jpeg|png|webp);base64,", re.IGNORECASE)


def given(text: str, *, limit: int = LIMIT, stdin: BinaryIO | None = None, how: Fit | None = None) -> Image:
    """The image a user named: an https or data: URL, a path, or "-" for stdin. InvalidImage where a rule is broken.

    `how` makes a file keep the rules; an address cannot be made to, which is an InvalidImage too.
    """
    if not _URL.match(text):
        return local(text, limit=limit, stdin=stdin, how=how)
    if how:
        shown = text[:200].split("?")[0]
        raise InvalidImage(
            f"--fit {how} cannot change {shown}: an address is passed on as it is",
            hint="save the image and give its path, or leave --fit out (also from your profile)",
        )
    return remote(text, limit=limit)


def remote(text: str, *, limit: int = LIMIT) -> RemoteImage:
    """An https URL, which is passed on and never fetched, or a data: URL of an image that keeps the local rules.

    Anything else is an InvalidImage.
    """
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme == "data":
        return _data_url(text, limit)
    shown = text[:200].split("?")[0]
    if scheme != "https" or not colon:
        fix = "give the path of the file" if scheme == "file" else "download the image and give its path"
        raise InvalidImage(f"{shown} is no https address", hint=f"use an https address, or {fix}")
    if not text.isprintable() or " " in text or not _names_a_host(text):
        raise InvalidImage(f"{shown} is no valid https address", hint="write it as https://host/path, spaces as %20")
    return RemoteImage(f"https:{rest}")


def local(path: str, *, limit: int = LIMIT, stdin: BinaryIO | None = None, how: Fit | None = None) -> LocalImage:
    """Open a path (with ~), or stdin for "-", and check it; `limit` is in bytes and exclusive. InvalidImage if not good.

    The image keeps its file open, at the start: what was checked is what is sent, and the caller closes it. With `how`
    an image that breaks a rule is made to keep it, in an unnamed file of its own. DiskError where the temporary folder
    has no room.
    """
    label = "stdin" if path == "-" else path or "an empty path"
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(_kept(stdin, MOST_READ if how else limit) if path == "-" else _opened(path, label))
        try:
            notes: tuple[str, ...] = ()
            if how and (fitted := _fitted(label, file, how, limit)).notes:
                file.close()
                file, notes = opened.enter_context(_spooled(label, fitted)), fitted.notes
            image = replace(_checked(label, file, os.fstat(file.fileno()).st_size, limit), notes=notes)
        except InvalidImage as error:
            if error.mended_by and not how:
                error.hint = f"{error.hint}, or add {' or '.join(f'--fit {way}' for way in error.mended_by)}"
            raise
        except OSError as error:
            raise _unreadable(label, error) from error
        opened.pop_all()
    return image if path == "-" else replace(image, path=str(Path(path).expanduser().absolute()))


def keep(image: LocalImage, folder: Path) -> Path:
    """Keep the bytes that an image was made fit as, in a file named by their hash; its path. DiskError."""
    target = folder / f"{image.digest}.{image.media_type.removeprefix('image/')}"
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        private_files.make_folder(folder)
        part.unlink(missing_ok=True)
        with os.fdopen(private_files.create(part), "wb") as file:
            shutil.copyfileobj(image.file, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise DiskError(f"the prepared image cannot be kept as {target}: {_reason(error)}") from error
    finally:
        image.file.seek(0)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def kept(options: Asked, folder: Path) -> Asked:
    """The same request or order, with every image that was made fit kept, so that it can be ordered again. DiskError."""
    changed: dict[str, Any] = {
        name: replace(image, path=str(keep(image, folder)))
        for name in ("image", "last_image")
        if isinstance(image := getattr(options, name), LocalImage) and image.notes
    }
    return replace(options, **changed) if changed else options


def _fitted(label: str, file: BinaryIO, how: Fit, limit: int) -> Fitted:
    content = b"".join(_blocks(label, file, MOST_READ + 1))
    file.seek(0)
    if len(content) > MOST_READ:
        raise image_rules.too_big(label, f"more than {MOST_READ:,} bytes", limit)
    limits = Limits(bytes=limit, short_side=image_rules.SHORT_SIDE, most_pixels=image_rules.MEGAPIXELS * 10**6)
    return fit(content, how, limits, label)


def _spooled(label: str, fitted: Fitted) -> BinaryIO:
    try:
        file = cast("BinaryIO", tempfile.TemporaryFile(buffering=_STEP))  # noqa: SIM115 - its user closes it
        file.write(fitted.content)
        file.seek(0)
    except OSError as error:
        raise DiskError(f"{label} cannot be kept in a temporary file: {_reason(error)}", hint=_MAKE_ROOM) from error
    return file


def _data_url(text: str, limit: int) -> RemoteImage:
    head = _DATA_URL.match(text)
    if not head:
        raise InvalidImage(
            f"{text[:40]!r} is no data: URL of an image", hint="write data:image/png;base64,… (or jpeg, webp)"
        )
    payload = text[head.end() :]
    if len(payload) * 3 // 4 - 2 >= limit:
        raise image_rules.too_big("the data: URL", f"about {len(payload) * 3 // 4:,} bytes", limit)
    try:
        content = base64.b64decode(payload, validate=True)
    except ValueError as error:
        raise InvalidImage(f"the data: URL is not base64: {error}", hint="encode it again, without spaces") from error
    image = _checked("the data: URL", io.BytesIO(content), len(content), limit)
    declared = f"image/{head[1].lower()}"
    if declared != image.media_type:
        raise InvalidImage(
            f"the data: URL says {declared} and holds {image.media_type}", hint=f"begin it with data:{image.media_type}"
        )
    return RemoteImage(f"data:{declared};base64,{payload}")


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _opened(path: str, label: str) -> BinaryIO:
    # without O_NONBLOCK, opening a named pipe would wait for somebody to write to it
    flags = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
    try:
        handle = os.open(path and Path(path).expanduser(), flags)
        mode = os.fstat(handle).st_mode
    except (OSError, ValueError, RuntimeError) as error:
        raise _unreadable(label, error) from error
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe"}.get(stat.S_IFMT(mode), "a device")
        raise InvalidImage(f"{label} is {kind}, not a file", hint="give the path of a file, or - to read stdin")
    return os.fdopen(handle, "rb", buffering=_STEP)


def _kept(stdin: BinaryIO | None, limit: int) -> BinaryIO:
    """Stdin, as far as it takes to see that it is too big, in an unnamed file."""
    source = stdin or (sys.stdin.buffer if sys.stdin else io.BytesIO())
    try:
        with contextlib.ExitStack() as opened:
            file = cast("BinaryIO", opened.enter_context(tempfile.TemporaryFile(buffering=_STEP)))
            for block in _blocks("stdin", source, limit + 1):
                file.write(block)
            if file.tell() > limit:
                raise image_rules.too_big("stdin", f"more than {limit:,} bytes", limit)
            file.seek(0)
            opened.pop_all()
            return file
    except OSError as error:
        raise DiskError(f"stdin cannot be kept in a temporary file: {_reason(error)}", hint=_MAKE_ROOM) from error


def _blocks(label: str, file: BinaryIO, most: int) -> Iterator[bytes]:
    try:
        while most > 0 and (block := file.read(min(most, BLOCK))):
            most -= len(block)
            yield block
    except (OSError, ValueError) as error:
        raise _unreadable(label, error) from error


def _checked(label: str, file: BinaryIO, size: int, limit: int) -> LocalImage:
    if size == 0:
        raise InvalidImage(f"{label} is empty (0 bytes)", hint="save the image again")
    if size >= limit:
        raise image_rules.too_big(label, f"{size:,} bytes", limit)
    head = file.read(_STEP)
    kind = next((kind for kind in KINDS if kind.signature.match(head)), None)
    if kind is None:
        raise image_rules.mended_by(
            InvalidImage(
                f"{label} is {what(head)}, not a JPEG, PNG or WebP image",
                hint="save it as JPEG, PNG or WebP (renaming is not enough)",
            ),
            *(["scale"] if what(head) in _CONVERTED else []),
        )
    try:
        width, height = kind.sides(file)
        image_rules.refuse_sides(label, width, height)
        odd = kind.check_end(file, size)
    except Damaged as error:
        raise InvalidImage(
            f"{label} is cut off or damaged: {error} ({kind.name}, {size:,} bytes)", hint="save or download it again"
        ) from error
    file.seek(0)
    digest, hashed = hashlib.sha256(), 0
    for block in _blocks(label, file, size + 1):
        digest.update(block)
        hashed += len(block)
    if hashed != size:
        raise InvalidImage(f"{label} changed while being read (it was {size:,} bytes)", hint="wait until it is written")
    file.seek(0)
    return LocalImage(label, f"image/{kind.name.lower()}", width, height, size, digest.hexdigest(), file, odd=odd)


def _unreadable(label: str, error: Exception) -> InvalidImage:
    return InvalidImage(f"{label} cannot be read: {_reason(error)}", hint="check that it is there and may be read")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
