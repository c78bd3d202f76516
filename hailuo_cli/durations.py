"""Lengths of time, as people type them (`90`, `45s`, `10m`, `1h30m`) and as they are read aloud."""

from __future__ import annotations

import math
import re

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
