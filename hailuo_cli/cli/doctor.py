"""`hailuo doctor`: is everything here as it has to be?"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from . import front_end
from .show import Result, Show, table

MARKS = {"ok": "ok", "warning": "warning", "error": "ERROR"}


def doctor(
    ctx: typer.Context,
    accept_ledger: Annotated[
        bool,
        typer.Option("--accept-ledger", help="Trust a shared ledger that was moved, failed over or restored."),
    ] = False,
) -> Result:
    """Look at everything a job needs: config, keys, ledger, network, sellers. Changes nothing, bills nothing."""
    from ..health.examine import examine

    flags = ctx.find_root().obj
    show = Show(flags)
    client = front_end.client(flags, show)
    if accept_ledger:
        show.say(client.accept_ledger())
    checks = list(examine(lambda: client.config, client.connect, client.verify_shared_ledger, os.environ))
    lines = table([[MARKS[check.state], check.name, check.message] for check in checks], ["", "WHAT", "HOW IT IS"])
    hints = [f"{check.name}: {check.hint}" for check in checks if check.hint]
    data = {
        "checks": [
            {"name": check.name, "state": check.state, "message": check.message, "hint": check.hint} for check in checks
        ]
    }
    worst = max((check.error for check in checks if check.error), key=lambda error: error.exit, default=None)
    return Result(data, [*lines, *(["", "what to do:"] if hints else []), *(f"  {hint}" for hint in hints)], worst)
