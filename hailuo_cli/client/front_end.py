"""What a front end brings to the client."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..orders.signal_guard import SignalGuard


@dataclass(frozen=True)
class FrontEnd:
    """What a front end brings: where words go, who is asked, how signals are held off, how to sleep."""

    say: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    log: Callable[[str], None] = lambda _: None
    confirm: Callable[[str], bool] = lambda _: False
    guard: Callable[[], SignalGuard] = SignalGuard
    sleep: Callable[[float], None] = time.sleep


SILENT = FrontEnd()
