"""Which jobs are meant by `hailuo jobs list`, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from ..errors import UsageError
from ..model import Job, JobState
from .moments import local_time, moment_of
from .show import clean, table
from .state_words import STATES, state_word

PROMPT_ROOM = 20
"""Columns that a prompt should have at least; others go before it is cut shorter."""


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None: anything. `since` is in seconds since the epoch."""

    states: frozenset[JobState] | None = None
    provider: str | None = None
    since: float | None = None
    text: str | None = None

    @classmethod
    def read(
        cls, states: Sequence[str], provider: str | None, since: str | None, search: str | None, now: float
    ) -> Wanted:
        """The filters as they were typed; UsageError for a state or a time that is none, and for empty ones."""
        found: set[JobState] = set()
        for word in states:
            if word.lower() not in STATES:
                near = get_close_matches(word.lower(), STATES, 1)
                hint = f"--state {near[0]}" if near else f"one of {', '.join(JobState)}"
                raise UsageError(f'--state "{word}" is not known', hint=hint)
            found |= STATES[word.lower()]
        for option, value in (("--provider", provider), ("--since", since), ("--search", search)):
            if value is not None and not value.strip():
                raise UsageError(f"{option} is empty", hint="leave it out")
        return cls(
            frozenset(found) or None,
            provider,
            moment_of("--since", since, now) if since else None,
            search.casefold() if search else None,
        )

    def among(self, jobs: Sequence[Job]) -> list[Job]:
        """Those that are meant, in the same order."""
        return [job for job in jobs if self._means(job)]

    def _means(self, job: Job) -> bool:
        texts = (job.prompt, job.label, job.row, job.path, job.output)
        return (
            (self.states is None or job.state in self.states)
            and self.provider in (None, job.provider)
            and (self.since is None or (job.created_at is not None and job.created_at >= self.since))
            and (self.text is None or any(self.text in text.casefold() for text in texts if text))
        )


_COLUMNS: Mapping[str, Callable[[Job], str]] = {
    "ID": lambda job: job.id,
    "STATE": state_word,
    "CREATED": lambda job: local_time(job.created_at),
    "PROVIDER": lambda job: job.provider,
    "MODEL": lambda job: clean(job.model or ""),
    "LENGTH": lambda job: " ".join(filter(None, [f"{job.duration} s" if job.duration else "", job.resolution])),
    "USD": lambda job: "" if job.price_usd is None else f"{job.price_usd:.4f}".removesuffix("00"),
    "FILE": lambda job: clean(PurePath(job.path).name) if job.path else "",
    "PROMPT": lambda job: clean(" ".join((job.prompt or job.ticket or "").split())),
}
_DROPPED = ("PROVIDER", "MODEL", "LENGTH", "USD")
"""What goes first where the window is narrow."""


def job_lines(jobs: Sequence[Job], width: int | None) -> list[str]:
    """The table, as wide as the terminal (None: as wide as it gets); columns go before prompts are cut short."""
    if not jobs:
        return []
    cells = {name: [cell(job) for job in jobs] for name, cell in _COLUMNS.items()}
    names = list(cells)
    for name in _DROPPED:
        rest = sum(2 + max(map(len, [other, *cells[other]])) for other in names if other != "PROMPT")
        if width is None or rest + PROMPT_ROOM <= width:
            break
        names.remove(name)
    return table(list(zip(*(cells[name] for name in names), strict=True)), names, width)
