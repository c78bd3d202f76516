"""How long before the next try: pauses that grow, and what a server asks for in Retry-After."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


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
