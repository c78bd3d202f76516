"""A request from its words to its jobs: chosen, ordered, and waited for, by another seller where an end was not billed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import HailuoError
from ..model import Job
from ..orders.submit import Terms
from ..orders.takes import Ordered
from ..orders.verdict import Fallback
from .fallback import Walk

if TYPE_CHECKING:
    from ..orders.delivery import Delivery
    from ..orders.events import Event
    from ..waiting.wakeups import Wakeups


@dataclass
class Placed:
    """What was ordered, and the way on to other sellers as long as the files of the request are open."""

    walk: Walk
    terms: Terms
    made: Ordered

    def deliver(
        self, how: Delivery, wakeups: Wakeups[str] | None = None, expect: Callable[[Job], object] = lambda _: None
    ) -> Iterator[Event]:
        """Wait for the jobs and save their videos, as `orders.wait_and_save` does. With `--fallback failed` a job that ended
        unbilled is ordered again at the next seller, and ends in `PassedOn` in place of `Finished`; `expect` hears of
        the job in its place.
        """
        from ..orders.events import Finished, PassedOn
        from ..orders.wait_and_save import deliver  # a submit ends before this

        context = self.walk.context
        if self.walk.fallback is not Fallback.FAILED:
            yield from deliver(context, self.made.jobs, how, wakeups=wakeups)
            return
        more = _More()
        for event in deliver(context, self.made.jobs, how, more, wakeups=wakeups):
            if not isinstance(event, Finished) or event.error is None:
                yield event
                continue
            try:
                job = self.walk.order_after(event.job, event.error, self.terms)
            except HailuoError as error:
                yield Finished(error.job or event.job, error)
                continue
            if job is None:
                yield event
                continue
            expect(job)
            more.waiting.append(job)
            self.made.jobs.append(job)
            yield PassedOn(event.job, event.error, job)


@dataclass
class _More:
    """The jobs that were ordered while others were waited for."""

    waiting: list[Job] = field(default_factory=list)

    def jobs(self) -> Sequence[Job]:
        found, self.waiting = self.waiting, []
        return found

    def next_due(self) -> float | None:
        return 0.0 if self.waiting else None
