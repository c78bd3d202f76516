"""`hailuo generate`: submit, wait and save in one."""

from __future__ import annotations

import typer

from .options import AfterOptions, OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result
from .submit import run


def generate(
    ctx: typer.Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    finishing: AfterOptions,
) -> Result:
    """Order a video, wait for it and save it: the one-off."""
    return run(ctx, request, order, waiting, saving, finishing)
