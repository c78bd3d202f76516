"""Lengths of time: as people type them (`90`, `45s`, `10m`, `1h30m`), as servers ask for them, between two tries."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from .errors import UsageError

_UNITS = {"h": 3600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)
LONGEST = 30 * 24 * 3600


def seconds(text: str) -> float:
    """Read a duration into seconds; UsageError for anything else, for zero and for more than 30 days."""
    found = _FORM.fullmatch(text.strip().lower().replace(" ", ""))
    total = sum(float(n) * unit for n, unit in zip(found.groups(), _UNITS.values(), strict=True) if n) if found else 0
    if not 0 < total <= LONGEST:
        raise UsageError(f'"{text}" is not a duration', hint="write 90 (seconds), 10m or 1h30m")
    return total


def spoken_range(low: float, high: float) -> str:
    """Write from how many to how many seconds, as exactly as a guess deserves: 20 to 50 s, 1 to 3 min, under 10 s."""
    unit, name = (10, "s") if high <= 90 else (60, "min") if high <= 5400 else (3600, "h")
    least, most = int(low // unit), math.ceil(high / unit)
    if unit == 10:
        least, most = least * 10, most * 10
    return f"under {most} {name}" if least == 0 else f"{least} to {most} {name}"


def spoken_about(length: float) -> str:
    """Write seconds as exactly as an estimate deserves: 4 s, 25 s, 3 min, 40 min, 3 h."""
    if length < 10:
        return f"{max(1, round(length))} s"
    if length < 58:
        return f"{round(length / 5) * 5} s"
    if length < 5400:
        return f"{max(1, round(length / 60))} min"
    return f"{round(length / 3600)} h"


def spoken(length: float) -> str:
    """Write seconds the way they are read aloud: 5 s, 2 min 05 s, 1 h 02 min."""
    whole = max(0, round(length))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@dataclass(frozen=True)
class Backoff:
    """Pauses that grow from `first` by `factor` up to `cap`, in seconds; longer by up to the share `jitter`.

    What a server asks for in Retry-After is kept, up to `retry_after_cap`.
    """

    first: float
    factor: float = 2.0
    cap: float = 60.0
    jitter: float = 0.2
    retry_after_cap: float = 120.0

    def pause(self, tries: int, asked: float | None = None, chance: float = 0.0) -> float:
        """Seconds until the next try after so many that failed in a row; `chance` is from 0 to 1."""
        grown = min(self.first * self.factor ** min(tries - 1, 20), max(self.cap, self.first))
        stretched = 1 + self.jitter * chance
        return max(grown * stretched, min((asked or 0.0) * stretched, self.retry_after_cap))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is read against the server's own Date. None for anything else."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return float(text)
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    with suppress(ValueError, TypeError, OverflowError):
        now = headers.get("date")
        base = parsedate_to_datetime(now).timestamp() if now else time.time()
        return max(0.0, parsedate_to_datetime(text).timestamp() - base)
    return None
