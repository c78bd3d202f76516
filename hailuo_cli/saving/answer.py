"""What a server's answer says about the video behind it: its headers read with suspicion, its packing undone."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..backoff import retry_after
from ..errors import BadVideo, HailuoError, NetworkError, RateLimited, ServerTrouble, UnsafeReply

_UNPACKED = 256 * 1024
_STRONG_ETAG = re.compile(r'"[!#-~]{0,200}"')
_HTTP_DATE = re.compile(r"[A-Za-z0-9 ,:+-]{1,64}")
_PIECE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_NO_PIECE = re.compile(r"bytes \*/([0-9]{1,19})")


class PermanentFailure(NetworkError):
    """A network error that trying again does not mend."""

    passing = False


class WrongRange(UnsafeReply):
    """The server sends another part of the video than it was asked for."""


def _is_settled(modified: str, date: str) -> bool:
    """Whether a file was changed a second or more before its answer, so that its date proves it (RFC 9110, 8.8.2.2)."""
    from email.utils import parsedate_to_datetime

    try:
        return not date or (parsedate_to_datetime(date) - parsedate_to_datetime(modified)).total_seconds() >= 1
    except (ValueError, TypeError):
        return True


@dataclass(frozen=True)
class Validators:
    """By what a server's file is known again. Only what a server may be asked with later; never an address."""

    etag: str | None = None
    modified: str | None = None
    total: int | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], total: int | None) -> Validators:
        """The strong ones of an answer; a weak tag and a date that is none prove nothing."""
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        return cls(
            etag if _STRONG_ETAG.fullmatch(etag) else None,
            modified if _HTTP_DATE.fullmatch(modified) and _is_settled(modified, headers.get("date", "")) else None,
            total,
        )

    @property
    def validator(self) -> str | None:
        """What goes into If-Range; None where the server gave nothing that proves a file unchanged."""
        return self.etag or self.modified

    def proves(self, other: Validators) -> bool:
        """Whether what came before is of the same file: the other one has our validator, and nothing else differs."""
        pairs = ((self.etag, other.etag), (self.modified, other.modified), (self.total, other.total))
        is_same = other.etag == self.etag if self.etag else other.modified == self.modified
        return self.validator is not None and is_same and all(None in pair or pair[0] == pair[1] for pair in pairs)


@dataclass(frozen=True)
class ExpectedBody:
    """The bytes that follow: from `start` on, `length` of them will travel, of a video of `total`. None: not told.

    `framed`: the connection itself tells where the body ends.
    """

    start: int
    length: int | None
    total: int | None
    seal: Validators
    codings: Sequence[str] = ()
    framed: bool = True


def promised(status: int, headers: Mapping[str, str], start: int, seal: Validators) -> ExpectedBody | None:
    """What an answer brings after the bytes from `start` on were asked for; None: nothing proves that they go on with
    what is there (RFC 9110, 15.3.7, wants the validator in a 206 too), start over.

    WrongRange for a wrong part, a NetworkError or RateLimited for a status that brings nothing.
    """
    if status == 416 and start:
        found = _NO_PIECE.fullmatch(headers.get("content-range", ""))
        total = int(found[1]) if found else seal.total
        whole = total == start and seal.proves(Validators.of(headers, total))
        return ExpectedBody(start, 0, total, seal) if whole else None
    if status == 206:
        rest = _rest(headers, start)
        return rest if not start or seal.proves(rest.seal) else None
    if status != 200:
        raise _failure(status, headers)
    codings = _codings(headers)
    chunked = "transfer-encoding" in headers
    length = None if chunked else number(headers.get("content-length"))
    if codings:
        # unpacked bytes cannot be asked for by their position, so nothing is kept to go on with
        return ExpectedBody(0, length, None, Validators(), codings)
    return ExpectedBody(0, length, length, Validators.of(headers, length), framed=chunked or length is not None)


def number(text: str | None) -> int | None:
    """A count of bytes or seconds; None for anything but a few plain digits."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,19}", text) else None


class Unpacking:
    """Undoes gzip or deflate, even twice, in pieces of a fixed size whatever the ratio is."""

    def __init__(self, codings: Sequence[str]) -> None:
        self._stages = [zlib.decompressobj(zlib.MAX_WBITS | 32) for _ in codings]

    def feed(self, data: bytes, depth: int = 0) -> Iterator[bytes]:
        """What these bytes are unpacked."""
        if depth == len(self._stages):
            yield data
            return
        stage = self._stages[depth]
        while True:
            try:
                piece = stage.decompress(data, _UNPACKED)
            except zlib.error as error:
                raise BadVideo(f"the video came compressed and cannot be unpacked: {error}") from None
            data = stage.unconsumed_tail
            if piece:
                yield from self.feed(piece, depth + 1)
            if not data and len(piece) < _UNPACKED:
                return

    @property
    def whole(self) -> bool:
        """Whether the packed stream ended where it should."""
        return all(stage.eof and not stage.unused_data for stage in self._stages)


def _rest(headers: Mapping[str, str], start: int) -> ExpectedBody:
    found = _PIECE.fullmatch(headers.get("content-range", ""))
    first, last, total = map(int, found.groups()) if found else (-1, -1, -1)
    length = last - first + 1
    stated = number(headers.get("content-length"))
    if first != start or not start <= last < total or stated not in (None, length) or _codings(headers):
        raise WrongRange("the server sends another part of the video than it was asked for")
    return ExpectedBody(start, length, total, Validators.of(headers, total))


def _codings(headers: Mapping[str, str]) -> list[str]:
    names = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    codings = [name for name in names if name not in ("", "identity")]
    if len(codings) > 2 or not {"gzip", "x-gzip", "deflate"}.issuperset(codings):
        raise BadVideo(f"the video came in an encoding that was not asked for ({', '.join(codings)[:40]})")
    return codings


def _failure(status: int, headers: Mapping[str, str]) -> HailuoError:
    if status not in (408, 429) and status < 500:
        return PermanentFailure(f"the video's address was answered with HTTP {status}")
    error = (RateLimited if status == 429 else ServerTrouble)(f"the video's server answered with HTTP {status}")
    error.retry_after = retry_after(headers)
    return error
