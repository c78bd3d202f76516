"""`hailuo submit`: pay once, print the reference, return."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ..documents import job_document
from ..errors import Interrupted, TicketUnsaved
from . import afterwards, front_end, option_values
from .listen_option import Ears, hearing, rehearsed
from .options import AfterOptions, OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result, Show

if TYPE_CHECKING:
    from ..choosing.ordering import Placed
    from ..client import Client
    from ..orders.context import Context
    from ..orders.delivery import Delivery


def submit(
    ctx: typer.Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    finishing: AfterOptions,
    wait: Annotated[bool, typer.Option("--wait", help="Wait and save too, as generate does.")] = False,
) -> Result:
    """Order a video: pays once, prints PROVIDER:TICKET, returns at once."""
    if wait or order.dry_run:
        return run(ctx, request, order, waiting, saving, finishing)
    afterwards.refuse_without_waiting(finishing)
    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context), contextlib.ExitStack() as files:
        how = option_values.delivery(client, waiting, saving, show)
        with hearing(context, waiting.listen, request.webhook) as ears:
            made = _ordered(files, client, context, show, "submit", request, order, how, ears).made
        documents = [job_document(job) for job in made.jobs]
        several = order.takes > 1 or not documents
        data = {"jobs": documents} if several else documents[0]
        return Result(data, [job.called for job in made.jobs]).with_failures(made.failures, show)


def run(
    ctx: typer.Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    finishing: AfterOptions,
) -> Result:
    """Order a video, wait for it and save it."""
    from .follow import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context), contextlib.ExitStack() as files:
        how = option_values.delivery(client, waiting, saving, show)
        after = afterwards.planned(client, context, finishing, saving)
        if order.dry_run:
            return _dry_run(client, context, request, order, waiting, how)
        with hearing(context, waiting.listen, request.webhook) as ears:
            placed = _ordered(files, client, context, show, "generate", request, order, how, ears)
            made = placed.made
            for job in made.jobs:
                show.say(f"{'already ordered' if job.reused else 'ordered'}: {job.called}")
            try:
                ears.expect(context, made.jobs)
                events = placed.deliver(how, wakeups=ears.wakeups, expect=lambda job: ears.expect(context, [job]))
                one, count = order.takes == 1, len(made.jobs)
                return follow(
                    events, show, one=one, count=count, after=after, missing=order.takes - count, others=made.failures
                )
            except Interrupted as stop:
                stop.next_step = stop.next_step or made.continuing
                raise


def _ordered(
    files: contextlib.ExitStack,
    client: Client,
    context: Context,
    show: Show,
    command: str,
    request: RequestOptions,
    order: OrderOptions,
    how: Delivery,
    ears: Ears,
) -> Placed:
    """The jobs, each paid for once. A reference that could not be written down is printed all the same.

    The image files stay open as long as `files` does.
    """
    terms = client.terms(command, how, option_values.terms(order))
    try:
        values = {**option_values.request(request), **option_values.terms(order)}
        placed = files.enter_context(
            client.placed(
                context,
                values,
                terms,
                how,
                takes=order.takes,
                stdin=option_values.stdin,
                address=ears.address,
            )
        )
    except TicketUnsaved as error:
        if error.job and not show.is_machine:
            show.line(error.job.called)
        raise
    made = placed.made
    for passed in placed.walk.passed:
        show.event("passed_over", provider=passed.account.name, code=passed.error.code, message=passed.error.message)
    for job in made.jobs:
        if job.reused and command == "submit":
            show.say(f"already ordered: {job.called}; --again orders another one")
        show.event("submitted", ref=job.ref, job=job_document(job))
    if not made.jobs:
        raise made.failures[0]
    return placed


def _dry_run(
    client: Client,
    context: Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    how: Delivery,
) -> Result:
    import json

    from ..orders.submit import requests
    from ..transport.preview import shown

    terms = client.terms("generate", how, option_values.terms(order))
    values = {**option_values.request(request), **option_values.terms(order)}
    with client.checked(context, values, terms, how, takes=order.takes, stdin=option_values.stdin) as ready:
        provider, base_url = ready.account.provider, ready.account.base_url
        webhook = rehearsed(ready.account, waiting.listen, request.webhook) or ready.order.webhook
        made = replace(ready.order, webhook=webhook)
        going_out = [shown(each, provider, base_url) for each in requests(ready.account, made)]
    price = {"price_usd": ready.price.number, "price_source": ready.price.source, "choice": ready.choice}
    lines = json.dumps(going_out, indent=2, ensure_ascii=False).splitlines()
    return Result({"requests": going_out, "sent": False, **price}, lines)
