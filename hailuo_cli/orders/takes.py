"""Several takes of one request: each a job of its own, all of one group."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ..errors import HailuoError
from ..model import Job, NextStep
from . import next_steps
from .submit import Terms


@dataclass
class Ordered:
    """The jobs of a request, and what stopped it before all of them were ordered."""

    jobs: list[Job] = field(default_factory=list)
    failures: list[HailuoError] = field(default_factory=list)

    @property
    def continuing(self) -> NextStep:
        """The step that waits for what was ordered."""
        return next_steps.continuing("wait", self.jobs)

    def only(self) -> Job:
        """The job of a request for one take; raises what stopped it."""
        for failure in self.failures:
            raise failure
        return self.jobs[0]


def numbers(takes: int) -> list[int | None]:
    """The numbers of so many takes; a single one has none."""
    return [None] if takes == 1 else list(range(1, takes + 1))


def order(place: Callable[[Terms], Job], terms: Terms, takes: int) -> Ordered:
    """Order every take that is not there already; `place` orders one. The first one that cannot be is the last one tried."""
    made = Ordered()
    if takes > 1:
        terms = replace(terms, group=terms.group or secrets.token_hex(4))
    for each in _terms(terms, numbers(takes)):
        if made.jobs:
            each = replace(each, group=made.jobs[0].group or each.group)
        try:
            made.jobs.append(place(each))
        except HailuoError as error:
            made.failures.append(error)
            if not made.jobs:
                raise
            break
    return made


def _terms(terms: Terms, numbered: Iterable[int | None]) -> Iterable[Terms]:
    for number in numbered:
        key = terms.dedupe_key
        yield replace(terms, take=number, dedupe_key=f"{key}/take-{number}" if key and number else key)
