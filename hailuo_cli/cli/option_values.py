"""From the options of the command line to the values of the client."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import UsageError

if TYPE_CHECKING:
    from ..client import Client
    from ..orders.delivery import Delivery
    from .options import OrderOptions, RequestOptions, SaveOptions, WaitOptions
    from .show import Show


def request(options: RequestOptions) -> dict[str, Any]:
    """What is asked for, by the names of the options."""
    return asdict(options)


def terms(options: OrderOptions) -> dict[str, Any]:
    """How an order is paid, by the names of the options."""
    return asdict(options)


def delivery(
    client: Client, waiting: WaitOptions | None, saving: SaveOptions, show: Show, *, save: bool = True
) -> Delivery:
    """How to wait and where to save; "-" is stdout."""
    how = client.delivery(
        save=save,
        timeout=waiting.timeout if waiting else None,
        poll_interval=waiting.poll_interval if waiting else None,
        output=saving.output,
        force=saving.force,
        max_size=saving.max_size,
    )
    if saving.output != "-":
        return how
    if show.is_machine:
        raise UsageError("stdout cannot be both the video and JSON", hint="-o FILE")
    if sys.stdout is None:
        raise UsageError("stdout is closed", hint="-o FILE")
    return replace(how, pipe=sys.stdout.buffer)


def stdin() -> BinaryIO:
    """Standard input as bytes."""
    if sys.stdin is None:
        raise UsageError("stdin is closed", hint="name a file instead of -")
    return sys.stdin.buffer
