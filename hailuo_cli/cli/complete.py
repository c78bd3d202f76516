"""What the shell offers behind TAB. Reads the profile and the ledger, never the network; silent when it cannot."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..model import Job
    from ..providers import Provider

FILES = "\0files"
"""The end of what stands in place of candidates where the names of files are wanted."""
RECENT = 50
PLAIN = re.compile(r"[A-Za-z0-9._~:@/+=-]+", re.ASCII)


def providers(incomplete: str) -> Iterator[tuple[str, str]]:
    """Provider names, the profile's relays included."""
    from ..config.profiles import load

    with suppress(Exception):
        config = load(None, None, os.environ)
        for name in config.names:
            if name.startswith(incomplete):
                yield name, config.account(name).provider.title


def sellers(incomplete: str) -> Iterator[tuple[str, str]]:
    """Who can make it: a way to choose, a name, or several."""
    for word, about in (("cheapest", "at the lowest known price"), ("fastest", "in the shortest time")):
        if word.startswith(incomplete):
            yield word, about
    yield from names(incomplete)


def names(incomplete: str) -> Iterator[tuple[str, str]]:
    """Provider names with commas between them: the one that is being typed."""
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    for name, title in providers(last):
        if name not in taken:
            yield f"{before}{comma}{name}", title


def models(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Model ids and families, of the provider already typed where there is one."""
    seen = set()
    for provider in _meant(ctx):
        for model in provider.models:
            for name in (model.id, model.family):
                if name.startswith(incomplete) and name not in seen:
                    seen.add(name)
                    yield name, provider.title


def resolutions(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Resolutions that the provider makes."""
    found = {r for provider in _meant(ctx) for model in provider.models for _, r in model.variants}
    yield from sorted((r for r in found if r.startswith(incomplete.upper())), key=lambda r: (len(r), r))


def moves(incomplete: str) -> Iterator[str]:
    """Camera moves."""
    from ..model import Move

    yield from (move.value for move in Move if move.value.startswith(incomplete.lower()))


def settings(incomplete: str) -> Iterator[tuple[str, str]]:
    """Names of settings, as `config set` takes them."""
    from ..config.schema import PROFILE, SUBTABLES

    inner = {f"{name}.{key}": about for name, table in SUBTABLES.items() for key, about in table.items()}
    for name, setting in {**PROFILE, **inner}.items():
        if dict not in setting.kinds and name.startswith(incomplete):
            yield name, setting.about


def commands(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Commands, and those of the group that was typed before."""
    command: Any = ctx.find_root().command
    for word in ctx.params.get("command") or ():
        command = getattr(command, "commands", {}).get(word)
    for name, one in getattr(command, "commands", {}).items():
        if name.startswith(incomplete):
            yield name, one.help or ""


def profiles(incomplete: str) -> Iterator[str]:
    """Profiles in the config file."""
    from ..config.profiles import load

    with suppress(Exception):
        found = load(None, None, os.environ).profiles
        yield from (name for name in found if name.startswith(incomplete))


def jobs(incomplete: str) -> Iterator[tuple[str, str]]:
    """Recent jobs: @last, references, ids."""
    if "@last".startswith(incomplete):
        yield "@last", "the newest job"
    yield from _recorded(incomplete, lambda _: True)


def unfinished_jobs(incomplete: str) -> Iterator[tuple[str, str]]:
    """Jobs that may still be waited for or stopped: references, ids."""
    yield from _recorded(incomplete, lambda job: job.state.unfinished)


def files(incomplete: str) -> Iterator[str]:
    """For options that take a file: the shell offers its own."""
    yield incomplete + FILES  # what does not begin as it was typed is left out by Typer


def prompts(incomplete: str) -> Iterator[str]:
    """Files for a prompt that begins with @."""
    import glob

    if incomplete.startswith("@"):
        for path in sorted(glob.glob(glob.escape(incomplete[1:]) + "*")):  # noqa: PTH207 - as it is typed
            yield f"@{path}" + ("/" if os.path.isdir(path) else "")  # noqa: PTH112


def job_states(incomplete: str) -> Iterator[str]:
    """The states of jobs, as in the JSON."""
    from ..model import JobState

    yield from (state.value for state in JobState if state.value.startswith(incomplete))


def _recorded(incomplete: str, wanted: Callable[[Job], bool]) -> Iterator[tuple[str, str]]:
    from ..client import Client
    from .show import clean
    from .state_words import state_word

    with suppress(Exception):
        client = Client()
        if not client.has_ledger():
            return
        with client.open_ledger() as ledger:
            found = [job for job in ledger.recent(RECENT) if wanted(job)]
        for job in found:
            # a ticket is a server's text: one that a shell could read as more than a word goes by the job's id
            names = (job.ref if job.ref and PLAIN.fullmatch(job.ref) else None, job.id)
            for name in names:
                if name and name.startswith(incomplete):
                    yield name, clean(f"{state_word(job)} {(job.prompt or '')[:40]}")


def _meant(ctx: typer.Context) -> list[Provider]:
    from ..providers import PROVIDERS

    named = PROVIDERS.get(ctx.params.get("provider") or os.environ.get("HAILUO_PROVIDER") or "")
    return [named] if named else list(PROVIDERS.values())
