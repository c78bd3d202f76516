"""What each tool does: a call of the client in a thread of its own, answered within 30 s whatever becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ..documents import job_document
from ..errors import Bug, HailuoError, Interrupted, StillRunning, UsageError
from ..model import Job, JobState
from . import catalogue
from .answers import Answers
from .consent import Consent, Unanswered, can_ask
from .ordering import AgentClient, Desk, Offer, Wish
from .work import Work, result

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.types import CallToolRequestParams, CallToolResult, InputRequiredResult

CALL_SECONDS = 27.0
"""A call is answered within this time, and what it began goes on; 30 s are promised."""
BUYING_SECONDS = 4.0
"""So much of it is kept for the order, when a person is asked."""
LOOKING_SECONDS = 15.0
"""After so long no further job is looked at."""
WAIT_SECONDS = 20.0
MOST_JOBS = 20

Document = Mapping[str, Any]
T = TypeVar("T")


class Tools:
    """The nine tools over one desk. Every error is an answer."""

    def __init__(self, desk: Desk, work: Work, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._work = work
        self._clock = clock
        self._consent = Consent(clock)

    async def call(
        self, context: ServerRequestContext, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Answer one call of a tool."""
        call = Call(self._desk, self._work, self._clock)
        answers = Answers(self._desk.redactor, call.notes)
        try:
            given = catalogue.arguments(params.name, params.arguments)
            if params.name not in ("submit", "generate"):
                return answers.of(await getattr(call, params.name)(**given))
            told = await self._order(context, params, call, given)
            return answers.of(told) if isinstance(told, Mapping) else told
        except HailuoError as error:
            return answers.failed(error)
        except Interrupted:
            return answers.failed(StillRunning("the server is ending; what was ordered goes on at the provider"))
        except Exception as error:  # noqa: BLE001 - the last one to hear of it; an agent gets a sentence
            return answers.failed(Bug(f"a bug in hailuo: {type(error).__name__}"))

    async def _order(
        self, context: ServerRequestContext, params: CallToolRequestParams, call: Call, given: dict[str, Any]
    ) -> Document | InputRequiredResult:
        """The job that stands for the key, else the one that is agreed to now."""
        wish = Wish(params.name, given)
        found = await call.run(lambda: self._desk.find(wish, call.notes))
        if isinstance(found, Offer):
            offer = found
            if can_ask(context):
                try:
                    agreed = await self._consent.ask(context, params, offer.question, call.left - BUYING_SECONDS)
                except Unanswered as error:
                    raise not_agreed(str(error)) from None
                if not isinstance(agreed, bool):
                    return agreed
                if not agreed:
                    raise not_agreed("the person did not agree to this order")
            else:
                offer.refuse_unasked()
            found = await call.run(lambda: self._desk.buy(offer, call.notes))
        if params.name == "generate":
            call.save(found)
        return job_document(found)


def not_agreed(why: str) -> HailuoError:
    """The error of an order that nobody agreed to."""
    return UsageError(f"{why}; nothing was ordered", hint="ask the person what to change before you call again")


@dataclass
class Call:
    """One call of a tool, with the time it has; its methods are the tools that order nothing."""

    desk: Desk
    work: Work
    clock: Callable[[], float]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._deadline = self.clock() + CALL_SECONDS

    @property
    def left(self) -> float:
        """How many seconds there are until the answer has to be given."""
        return self._deadline - self.clock()

    async def run(self, do: Callable[[], T]) -> T:
        """What a function gives that may take its time; StillRunning where it takes more than there is."""
        try:
            return await result(self.work.start(do), self.left)
        except TimeoutError:
            raise StillRunning(
                "this takes longer than one call may; it goes on",
                hint="call again with the same arguments: under the same dedupe_key nothing is paid for twice",
            ) from None

    async def quote(self, **given: Any) -> Document:
        """Every seller's price for a request."""
        from ..choosing.quotes import document

        def quotes() -> list[dict[str, Any]]:
            client = self.desk.client(self.notes)
            values = client.limited(given)
            with client.context() as context:
                return [document(each, context.now()) for each in client.quotes(context, values)]

        return {"quotes": await self.run(quotes)}

    async def check(self, **given: Any) -> Document:
        """Every local rule for a request, and its price."""
        return await self.run(lambda: self.desk.client(self.notes, "generate").checked_document(given))

    async def status(self, job: str | None = None) -> Document:
        """One look at a job, or at every unfinished one."""
        client = self.desk.client(self.notes)
        if job is not None:
            return job_document(await self.run(lambda: client.status(job)))
        return {"jobs": await self.run(lambda: self._look_at_all(client))}

    def _look_at_all(self, client: AgentClient) -> list[dict[str, Any]]:
        began, seen = self.clock(), []
        with client.open_ledger() as ledger:
            unfinished = ledger.unfinished()
        for job in unfinished:
            if self.clock() - began > LOOKING_SECONDS:
                self.notes.append("not every job was looked at; call status with job for the others")
                seen.append(job)
                continue
            try:
                seen.append(client.status(job) if job.ticket else job)
            except HailuoError as error:
                self.notes.append(f"{job.called}: {error.message}")
                seen.append(error.job or job)
        return [job_document(job) for job in seen]

    async def wait(self, job: str, output: str | None = None, seconds: float = WAIT_SECONDS) -> Document:
        """Wait for a job and save its video, for so long."""
        known = await self.run(lambda: self.desk.client(self.notes).find(job))
        return await self._saved(known, self.save(known, output), seconds)

    async def download(self, job: str, output: str | None = None) -> Document:
        """Save the video of a finished job."""
        client = self.desk.client(self.notes)
        known = await self.run(lambda: client.find(job))
        fetching = self.work.start(
            lambda: client.download(known, output=client.place_of(known, output)), ("save", known.called)
        )
        return await self._saved(known, fetching, WAIT_SECONDS)

    def save(self, job: Job, output: str | None = None) -> Future[Job]:
        """Wait for a job and save it, in the background; the same job is waited for once at a time."""
        client = self.desk.client(self.notes)
        return self.work.start(lambda: client.wait(job, output=client.place_of(job, output)), ("save", job.called))

    async def _saved(self, job: Job, saving: Future[Job], seconds: float) -> Document:
        try:
            return job_document(await result(saving, min(seconds, self.left)))
        except TimeoutError:
            self.notes.append("it is still being made or saved, and that goes on; call wait with the same job again")
            return job_document(await self.run(lambda: self.desk.client([]).find(job.called)))

    async def jobs(
        self,
        state: str | None = None,
        provider: str | None = None,
        search: str | None = None,
        limit: int = MOST_JOBS,
    ) -> Document:
        """Jobs of the ledger, newest first."""
        if state is not None and state not in set(JobState):
            raise UsageError(f"state: {state} is not a state", hint=f"one of {', '.join(JobState)}")

        def matches(job: Job) -> bool:
            texts = (job.prompt, job.label, job.path, job.dedupe_key)
            return (
                state in (None, job.state)
                and provider in (None, job.provider)
                and (search is None or any(search.casefold() in (text or "").casefold() for text in texts))
            )

        def listed() -> list[dict[str, Any]]:
            with self.desk.client(self.notes).open_ledger() as ledger:
                return [job_document(job) for job in filter(matches, ledger.recent())][:limit]

        return {"jobs": await self.run(listed)}

    async def cancel(self, job: str) -> Document:
        """Stop a job where its provider can."""
        return job_document(await self.run(lambda: self.desk.client(self.notes).cancel(job)))
