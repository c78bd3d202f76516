"""T6: headers of answers, read with suspicion: waits, sizes, pieces, seals."""

from __future__ import annotations

import math
from typing import Any

import httpx
from hypothesis import strategies as st

from hailuo_cli.backoff import retry_after
from hailuo_cli.errors import HailuoError, RateLimited, ServerTrouble
from hailuo_cli.saving.answer import ExpectedBody, Validators, number, promised
from hailuo_cli.saving.transfer import BACKOFF, DownloadRetry, Limits, Transfer

from .inputs import header_texts
from .target import seeds, target

WAITS: list[str] = seeds("waits")
moments = st.datetimes()
dates = moments.map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
odd_dates = st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} [\d:]{0,10} ?[A-Z0-9+-]{0,9}", fullmatch=True)
waits = st.sampled_from(WAITS) | st.integers().map(str) | st.floats().map(str) | dates | odd_dates | header_texts
counts = (
    st.integers(0, 12).map(str) | st.sampled_from(["9" * 19, "9" * 5000, "-1", "+5", " 5", "5,5", "٣"]) | header_texts
)
pieces = (
    st.builds("bytes {}-{}/{}".format, counts, counts, counts) | st.builds("bytes */{}".format, counts) | header_texts
)
tags = st.sampled_from(['"v1"', 'W/"v1"', '""', '"', "v1", f'"{"x" * 300}"', '"a\tb"']) | header_texts
NAMES = {
    "retry-after": waits,
    "date": dates | odd_dates,
    "content-length": counts,
    "content-range": pieces,
    "content-encoding": st.sampled_from(["gzip", "br", "gzip, gzip, gzip", "identity", ","]) | header_texts,
    "transfer-encoding": st.just("chunked"),
    "content-disposition": header_texts
    | st.sampled_from(['attachment; filename="../../x"', "attachment; filename*=''%00"]),
    "etag": tags,
    "last-modified": dates | header_texts,
}
headers = st.fixed_dictionaries({}, optional=NAMES)
statuses = st.sampled_from([200, 206, 403, 416, 429, 503]) | st.integers(100, 599)


class Empty:
    """A sink that holds nothing."""

    seal, size, kept = Validators(), 0, ""

    def pieces(self) -> Any:
        return iter(())

    def restart(self) -> None: ...
    def write(self, data: bytes) -> None: ...
    def remember(self, seal: Validators) -> None: ...
    def must_have_room(self, needed: int) -> None: ...
    def sha256(self) -> str:
        return ""


@target(text=waits, date=st.none() | dates | odd_dates, examples=[{"text": text, "date": None} for text in WAITS])
def test_T6_a_retry_after_is_a_number_of_seconds_or_nothing(text: str, date: str | None) -> None:
    for given in ({"retry-after": text}, httpx.Headers([(b"retry-after", text.encode())])):
        seconds = retry_after({**given, **({"date": date} if date is not None else {})})
        assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@target(status=statuses, headers=headers, start=st.integers(0, 10), etag=tags)
def test_T6_an_answer_promises_what_its_headers_add_up_to_or_is_a_typed_error(
    status: int, headers: dict[str, str], start: int, etag: str
) -> None:
    known = Validators.of({"etag": etag}, 10)
    try:
        promise = promised(status, headers, start, known)
    except HailuoError as error:
        wait = error.retry_after if isinstance(error, RateLimited | ServerTrouble) else None
        assert wait is None or wait >= 0
        return
    assert status in (200, 206, 416)
    if promise is None:
        return
    assert isinstance(promise, ExpectedBody)
    assert promise.start in (0, start)
    assert promise.length is None or promise.length >= 0
    if promise.start:
        assert known.proves(promise.seal)
    if promise.total is not None and promise.length is not None:
        assert promise.start + promise.length == promise.total or status == 206
    if validator := promise.seal.validator:
        assert validator.isascii()
        assert validator.isprintable()
        assert len(validator) < 256


@target(status=st.sampled_from([408, 429, 500, 503]), headers=headers)
def test_T6_a_download_waits_two_minutes_at_most_before_the_next_try(status: int, headers: dict[str, str]) -> None:
    def opener(_: object) -> Any:
        promised(status, headers, 0, Validators())
        raise AssertionError  # these statuses promise nothing

    transfer = Transfer(opener, Empty(), None, Limits(1), lambda: 0.0, lambda: 1.0)
    try:
        assert all(
            0 <= item.wait <= BACKOFF.retry_after_cap for item in transfer.run() if isinstance(item, DownloadRetry)
        )
    except HailuoError as error:
        assert error.exit in (4, 6)


@target(text=counts)
def test_T6_a_count_is_a_few_plain_digits_or_nothing(text: str) -> None:
    found = number(text)
    assert found is None or str(found) == (text.lstrip("0") or "0")
