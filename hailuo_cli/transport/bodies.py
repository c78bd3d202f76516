"""What travels: request bodies with images streamed in, and answers unpacked under a size limit."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import secrets
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import BadReply, DiskError, InvalidImage
from ..model import LocalImage, RemoteImage

CHUNK = 3 * 64 * 1024
AHEAD = 4
"""Chunks that may be on their way while they wait to be hashed."""


def encoded(body: Mapping[str, Any]) -> tuple[int, Iterator[bytes]]:
    """A JSON body and its length, with local images streamed in as base64 so that none is held in memory."""
    images: dict[str, LocalImage] = {}

    def place(value: object) -> str:
        if isinstance(value, RemoteImage):
            return value.url
        if isinstance(value, LocalImage):
            mark = f"<image {secrets.token_hex(16)}>"
            images[mark] = value
            return mark
        raise TypeError(f"{type(value).__name__} in a request body")

    text = json.dumps(body, default=place, ensure_ascii=False)
    pieces: list[bytes | LocalImage] = [text.encode("utf-8", "replace")]
    for mark, image in images.items():
        last = pieces.pop()
        assert isinstance(last, bytes)  # noqa: S101 - marks come in the order of the text
        before, after = last.split(mark.encode())
        pieces += [before + f"data:{image.media_type};base64,".encode(), image, after]
    size = sum(len(p) if isinstance(p, bytes) else 4 * -(-p.size // 3) for p in pieces)

    def stream() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from map(base64.b64encode, read(piece))

    return size, stream()


def multipart(form: Mapping[str, str | LocalImage]) -> tuple[str, int, Iterator[bytes]]:
    """The content type, length and bytes of a form; its files are streamed as they are."""
    boundary = secrets.token_hex(16)
    pieces: list[bytes | LocalImage] = []
    for name, value in form.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, LocalImage):
            head += f'; filename="{value.file_name}"\r\nContent-Type: {value.media_type}'
            pieces += [f"{head}\r\n\r\n".encode(), value, b"\r\n"]
        else:
            pieces.append(f"{head}\r\n\r\n{value}\r\n".encode())
    pieces.append(f"--{boundary}--\r\n".encode())
    size = sum(len(p) if isinstance(p, bytes) else p.size for p in pieces)

    def stream() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from read(piece)

    return f"multipart/form-data; boundary={boundary}", size, stream()


def read(image: LocalImage) -> Iterator[bytes]:
    """The bytes that were checked. Where they changed since, the last ones are never sent and InvalidImage says so."""
    seen, left = _Hash(), image.size
    try:
        image.file.seek(0)
        while left:
            chunk = image.file.read(min(CHUNK, left))
            seen.add(chunk)
            left -= len(chunk)
            if not chunk or (not left and seen.sha256() != image.digest):
                raise InvalidImage(
                    f"{image.label} changed while it was being sent; the request was cut off, nothing was ordered"
                )
            yield chunk
    except OSError as error:
        raise DiskError(f"cannot read {image.label}: {error.strerror}") from error
    finally:
        seen.stop()


class _Hash:
    """The SHA-256 of what passes by, computed by a thread of its own while the network takes the bytes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._chunks: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self._thread: threading.Thread | None = threading.Thread(target=self._work, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # this machine gives no more of them
            self._thread = None

    def add(self, chunk: bytes) -> None:
        if self._thread:
            self._chunks.put(chunk)
        else:
            self._digest.update(chunk)

    def sha256(self) -> str:
        self.stop()
        if self._thread:
            self._thread.join()
        return self._digest.hexdigest()

    def stop(self) -> None:
        self._chunks.put(None)

    def _work(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._digest.update(chunk)


def described(value: object) -> str:
    """What a log says in place of an image."""
    if isinstance(value, LocalImage):
        return f"data:{value.media_type};base64,<{value.label}: {value.size} bytes>"
    if isinstance(value, RemoteImage):
        return value.label
    raise TypeError(f"{type(value).__name__} in a request body")


def decoded(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The body with at most one encoding undone, cut after `limit` + 1 bytes; BadReply where it cannot be undone."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "deflate"):
        raise BadReply(f"an answer in an encoding that was not asked for ({encoding[:40]})")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in ("gzip", "deflate") else None
    body = bytearray()
    try:
        for chunk in chunks:
            body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
            if len(body) > limit:
                return bytes(body[: limit + 1])
    except zlib.error as error:
        raise BadReply(f"an answer that cannot be unpacked: {error}") from None
    return bytes(body)


def parsed(body: bytes) -> Any:
    """The JSON value of a body, None where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
