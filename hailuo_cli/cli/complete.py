"""What the shell offers behind TAB. Reads the profile and the ledger, never the network; silent when it cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..providers import Provider


def providers(incomplete: str) -> Iterator[tuple[str, str]]:
    """Provider names, the profile's relays included."""
    from ..config.profiles import load

    with suppress(Exception):
        config = load(None, None, os.environ)
        for name in config.names:
            if name.startswith(incomplete):
                yield name, config.account(name).provider.title


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


def profiles(incomplete: str) -> Iterator[str]:
    """Profiles in the config file."""
    from ..config.profiles import load

    with suppress(Exception):
        found = load(None, None, os.environ).data.get("profiles", {})
        yield from (name for name in found if name.startswith(incomplete))


def jobs(incomplete: str) -> Iterator[tuple[str, str]]:
    """Recent jobs: @last, references, ids."""
    from ..config.profiles import ledger_path
    from .show import clean

    if "@last".startswith(incomplete):
        yield "@last", "the newest job"
    with suppress(Exception):
        path = ledger_path(os.environ)
        if not path.exists():
            return
        from ..ledger.sqlite import Ledger

        with Ledger(path) as ledger:
            for job in ledger.recent(50):
                for name in (job.ref, job.id):
                    if name and name.startswith(incomplete):
                        yield clean(name), clean(f"{job.state} {(job.prompt or '')[:40]}")


def _meant(ctx: typer.Context) -> list[Provider]:
    from ..providers import PROVIDERS

    named = PROVIDERS.get(ctx.params.get("provider") or os.environ.get("HAILUO_PROVIDER") or "")
    return [named] if named else list(PROVIDERS.values())
