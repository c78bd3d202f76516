"""From what goes on to the command line that does it. Whatever comes from a server is quoted for the shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import AuthError, BalanceError, HailuoError, WithoutTls

if TYPE_CHECKING:
    from ..model import Job, NextStep
    from .flags import Globals

FEW = 10
"""Up to so many jobs are called by their references; more by their short ids."""
_GOES_ON = ("wait", "download", "status")

_ABOUT_NAMES = {
    "providers": "hailuo providers",
    "camera": "hailuo camera",
    "jobs": "hailuo jobs list",
    "submit": 'hailuo submit "…"',
}
_OF_THE_ACCOUNT: Mapping[type[HailuoError], str] = {
    AuthError: "is the key a good one? A new one: hailuo config set-key {}",
    BalanceError: "top up at {}, and run it again",
}
"""What to do about what a seller says of the key or the money."""


def commands(step: NextStep | None, flags: Globals) -> list[str]:
    """The command lines that do a step, with the options that this one was given."""
    return [line + _repeated(flags) for line in _lines(step)] if step else []


def advice(error: HailuoError, flags: Globals) -> str | None:
    """What to do about an error, in words and commands."""
    lines = commands(error.next_step, flags)
    hint = error.hint
    if isinstance(error, WithoutTls) and error.job:
        hint = f"hailuo jobs show {error.job.id} --json --show-url{_repeated(flags)} tells that address"
    if hint is None and error.job and type(error) in _OF_THE_ACCOUNT:
        hint = _OF_THE_ACCOUNT[type(error)].format(shlex.quote(error.job.provider))
    if not lines:
        return hint
    told = "; ".join(lines)
    if not hint:
        return told
    action = error.next_step.action if error.next_step else ""
    lead = "all of them" if action in _ABOUT_NAMES else "to settle it" if action == "resolve" else "then"
    return f"{hint}; {lead}: {told}"


def with_one_way_on(errors: Sequence[HailuoError], last: HailuoError | None) -> None:
    """Of errors after which the same command goes on, let one name it, for all of their jobs: `last`, or the latest."""
    groups: dict[tuple[str, str | None], list[HailuoError]] = {}
    for error in errors:
        if error.next_step and error.next_step.action in _GOES_ON:
            groups.setdefault((error.next_step.action, error.next_step.output), []).append(error)
    for group in groups.values():
        steps = [error.next_step for error in group if error.next_step]
        jobs = {job.called: job for step in steps for job in step.jobs}
        for error in group:
            error.next_step = None
        speaker = last if last in group else group[-1]
        speaker.next_step = replace(steps[0], jobs=tuple(jobs.values()))


def _lines(step: NextStep) -> Iterator[str]:
    output = f" -o {shlex.quote(step.output)}" if step.output else ""
    match step.action:
        case "status" if not step.jobs:
            yield "hailuo status"
        case "wait" | "download" | "status" | "cancel":
            yield " ".join(filter(None, ["hailuo", step.action, _names(step.jobs)])) + output
        case "resolve":
            for job in step.jobs:
                yield f"hailuo jobs resolve {job.id}"
        case "settle":
            for job in step.jobs:
                yield f"hailuo jobs resolve {job.id} --ticket T (or --never-sent)"
        case "retry":
            yield f"hailuo jobs retry {' '.join(job.id for job in step.jobs)}"
        case action:
            yield " ".join(filter(None, [_ABOUT_NAMES[action], step.subject and shlex.quote(step.subject)]))


def _names(jobs: Sequence[Job]) -> str:
    if len(jobs) <= FEW:
        return " ".join(shlex.quote(job.called) for job in jobs)
    return " ".join(job.id or shlex.quote(job.called) for job in jobs)


def _repeated(flags: Globals) -> str:
    given = [("--config", flags.config), ("--profile", flags.profile)]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in given if value)
