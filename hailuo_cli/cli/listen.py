"""`hailuo listen`: take the calls of providers, and save the videos that they are about."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..documents import job_document
from ..errors import HailuoError, NoKey, UsageError
from ..model import NextStep
from . import front_end, option_values
from .options import SaveOptions
from .show import Result, Show

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..orders.context import Context
    from ..orders.events import Event
    from ..webhooks.listen_service import Attendance


def listen(
    ctx: typer.Context,
    saving: SaveOptions,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The public https address that leads here.")],
    port: Annotated[int, typer.Option(metavar="N", help="The local port behind it.", min=1, max=65535)] = 8787,
    bind: Annotated[str, typer.Option(metavar="ADDRESS", help="The local address to listen at.")] = "127.0.0.1",
    forward: Annotated[
        str | None, typer.Option(metavar="URL", help="Pass every call that was taken on to a program of yours.")
    ] = None,
) -> Result:
    """Hear from providers until Ctrl-C: each call leads to a look at its job, and its video is saved."""
    from ..config.paths import data_folder
    from ..webhooks import places, server
    from ..webhooks.forwarding import Forwarder
    from ..webhooks.keyring import Keyring
    from ..webhooks.listen_service import Attendance

    flags = ctx.find_root().obj
    show = Show(flags)
    server.must_be_installed()
    place = places.base(url, "--url")
    with front_end.opened(flags, show) as (client, context):
        how = option_values.delivery(client, None, saving, show)
        if how.pipe:
            raise UsageError("videos of many jobs do not fit into stdout", hint="-o FOLDER/")
        accounts = _accounts(context, show)
        forwarder = Forwarder(forward, show.say) if forward else None
        context.ledger.unfinished()
        with server.bound(bind, port) as listener:
            folder = data_folder(os.environ) / "webhooks"
            key = places.account_key(folder)
            keyring = Keyring(context, folder)
            keyring.add(accounts.values())
            attendance = Attendance(
                context=context,
                accounts=accounts,
                addresses={name: place.for_account(name, key) for name in accounts},
                keyring=keyring,
                url=place.url,
                forward=forwarder.pass_on if forwarder else lambda _: None,
            )
            with server.serving(attendance.receiver, listener):
                _introduce(attendance, show, f"{bind}:{port}")
                how = replace(how, timeout=math.inf, before_saving=lambda job: _make_folder(how.target(job).parent))
                _report(attendance.follow(how), show)
    return Result()


def _make_folder(folder: Path) -> None:
    with suppress(OSError):  # what stands in the way is said by the saving
        folder.mkdir(parents=True, exist_ok=True)


def _accounts(context: Context, show: Show) -> dict[str, Account]:
    """Every account with webhooks whose key is at hand; NoKey where there is none."""
    found = {}
    for account in map(context.config.account, context.config.names):
        if account.provider.webhook is None or not account.has_key:
            continue
        try:
            context.session(account)
            found[account.name] = account
        except HailuoError as error:
            show.warn(f"nothing is heard from {account.name}: {error}")
    if not found:
        raise NoKey("no provider that calls back has a key here", next_step=NextStep("providers"))
    return found


def _introduce(attendance: Attendance, show: Show, local: str) -> None:
    addresses = [{"provider": name, "address": address} for name, address in attendance.addresses.items()]
    show.event("listening", local=local, addresses=addresses)
    for name, address in attendance.addresses.items():
        (show.say if show.is_machine else show.line)(f"{name} {address}")
        show.say(f"{name}: {attendance.keyring.state(name)}")
    show.say(f"listening on {local}; Ctrl-C stops it")


def _report(events: Iterable[Event], show: Show) -> None:
    """A line for each job that is looked at and for how it ended."""
    from ..orders.events import DownloadProgress, Finished, Retrying, StatusChecked
    from .show import file_size

    for event in events:
        job = event.job
        if isinstance(event, StatusChecked):
            progress = event.progress
            show.event("state", ref=job.ref, state=progress.state.value, provider_state=progress.word)
            show.say(f"{job.called}: {progress.state.value}")
        elif isinstance(event, Retrying):
            show.event("retry", ref=job.ref, message=event.retry.error.message)
            show.warn(f"{job.called}: {event.retry.error.message}; retrying")
        elif isinstance(event, DownloadProgress):
            show.event("downloading", ref=job.ref, bytes=event.amount.done, total=event.amount.total)
        elif isinstance(event, Finished) and event.error:
            show.event("error", code=event.error.code, message=event.error.message, job=job_document(job))
            show.complain(event.error)
        else:
            show.event("saved", ref=job.ref, path=job.path, bytes=job.bytes, sha256=job.sha256)
            show.path(job.path)
            show.say(f"saved: {job.path} ({file_size(job.bytes or 0)})")
