"""Moments as people read and type them: local, to the minute."""

from __future__ import annotations

import re
import time
from contextlib import suppress

from .. import durations
from ..errors import UsageError

_DAYS = {"d": 86400.0, "w": 7 * 86400.0}


def local_time(moment: float | None) -> str:
    """A moment in this machine's own zone: 2026-11-20 22:05; empty for none, and for what no calendar has."""
    with suppress(ValueError, OverflowError, OSError):
        return "" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
    return ""


def moment_of(option: str, text: str, now: float) -> float:
    """The moment that a date, a time of today, both, or a length of time before `now` stands for.

    Without a zone it is local: 2026-11-20, 14:30, 2026-11-20T14:30, 2026-11-20T13:30Z, 90m, 12h, 7d, 2w.
    """
    text = text.strip()
    if days := re.fullmatch(r"(\d{1,5})([dw])", text, re.ASCII):
        return now - int(days[1]) * _DAYS[days[2]]
    with suppress(UsageError):
        return now - durations.seconds(text)
    from datetime import datetime

    if re.fullmatch(r"\d{1,2}:\d\d", text, re.ASCII):
        text = f"{time.strftime('%Y-%m-%d', time.localtime(now))}T{text:0>5}"
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        hint = f"{option} 2026-11-20, {option} 14:30, {option} 2026-11-20T14:30Z, {option} 12h or {option} 7d"
        raise UsageError(f'{option} "{text}" is not a date, a time or a duration', hint=hint) from None
