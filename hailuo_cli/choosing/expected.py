"""How long a seller takes for a kind of video: as this ledger measured it, else as its pages say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..config.profiles import Account
from ..model import Job, JobState, Order

ENOUGH = 5
"""So many measured jobs say more than a page."""

Durations = Callable[[Job, int], Sequence[float]]
"""How many seconds jobs like this one took, newest first, so many at most; what a ledger has."""


class Expected(NamedTuple):
    """How many seconds, and whether they were "measured" here or are "stated" by the seller."""

    seconds: float
    source: str


def expected(account: Account, order: Order, durations: Durations | None) -> Expected | None:
    """What to expect of an order; None where nothing is known. All models of a family count as one."""
    stated = order.model.usual_seconds
    said = Expected(float(stated), "stated") if stated else None
    if durations is None:
        return said
    import statistics

    from ..waiting.eta import MOST_SAMPLES

    models = [model for model in account.provider.models if model.family == order.model.family]
    took: list[float] = []
    for name in dict.fromkeys(model.id for model in models):
        kind = Job("", account.name, JobState.SAVED, model=name, duration=order.duration, resolution=order.resolution)
        took += durations(kind, MOST_SAMPLES)
    return Expected(statistics.median(took), "measured") if len(took) >= ENOUGH else said
