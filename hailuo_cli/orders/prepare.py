"""Everything that can be known without the provider is known before an order, in one order for every entrance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config.profiles import Account
from ..errors import UsageError
from ..model import Order
from ..request import pricing
from ..saving import destination, naming
from . import spending
from .context import Context
from .delivery import Delivery
from .lookup import estimate
from .submit import Terms

UNKNOWN_YET = {"job": "x" * 8, "id": "x" * 8, "ref": "x" * 80, "date": "2026-01-01", "time": "00-00-00"}
"""What stands for the parts of a name that only the order brings."""


@dataclass(frozen=True)
class Prepared:
    """An order that keeps every local rule, with what it costs and what is doubtful about it."""

    account: Account
    order: Order
    price: pricing.Price
    warnings: tuple[str, ...] = ()
    choice: Mapping[str, Any] | None = None
    """How the account was chosen, where it was: `choice` of a job object."""


def prepare(
    context: Context,
    account: Account,
    order: Order,
    how: Delivery,
    terms: Terms,
    *,
    takes: int = 1,
    rehearsal: bool = False,
    ask_price: bool = False,
) -> Prepared:
    """Keep every rule that is known here of an order that was planned: place, key, ledger, price. Nothing is ordered.

    A rehearsal needs neither ledger nor key, and looks at the limits of a ledger that is there. UsageError (2), NoKey (3),
    CostLimit (4), DiskError (9), LedgerError (11).
    """
    _check_place(account, order, how, terms.label, takes)
    warnings = order.warnings
    if rehearsal:
        warnings += _missing(account)
    else:
        context.session(account)
        _ = context.ledger
    price = pricing.of(order, account)
    if ask_price or (terms.has_limit and not rehearsal and price.source != pricing.OWN):
        price = estimate(context, account, order) or price
    pricing.refuse_above(terms.max_cost, price, account.provider, assume=terms.assume_price)
    spending.refuse_above(terms.budget, price, takes, terms.assume_price)
    if rehearsal and terms.allowance and terms.allowance.caps and context.has_ledger():
        spending.refuse_above_caps(terms.allowance, context.ledger, price)
    return Prepared(account, order, price, warnings)


def _missing(account: Account) -> tuple[str, ...]:
    return () if account.has_key else (f"no key for {account.name} was found; an order needs one",)


def _check_place(account: Account, order: Order, how: Delivery, label: str | None, takes: int) -> None:
    """The videos can be saved where they are to go: the folder is there, takes files and has room."""
    if how.pipe and takes > 1:
        raise UsageError("only one video fits into stdout, and --takes makes several", hint="-o FOLDER/")
    if how.pipe or not how.save:
        return
    known = {
        **UNKNOWN_YET,
        "provider": account.name,
        "model": order.model.id,
        "duration": str(order.duration),
        "resolution": order.resolution,
        "prompt": order.request.prompt,
        "name": label or "",
    }
    for take in range(1, takes + 1):
        destination.check(naming.for_take(how.template, take), {**known, "take": str(take)})
