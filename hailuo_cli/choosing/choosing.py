"""The way in: from the options of an order to the sellers that are asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..config.profiles import Account, Config
from ..errors import UsageError
from ..model import Request
from ..orders.context import Context
from ..orders.submit import Terms
from ..orders.verdict import Fallback
from ..request.build import Asked
from .expected import Durations
from .same_for_all import settled
from .selection import AskFor, Rules, Selection, select
from .wish import By, Wish, wish


def wish_of(config: Config, values: Mapping[str, Any]) -> Wish:
    """How the seller is to be chosen, by the options `provider`, `only` and `never` (or `not`)."""
    return wish(config, values.get("provider"), values.get("only"), values.get("never") or values.get("not"))


def fallback(values: Mapping[str, Any]) -> Fallback:
    """After which ends the next seller is tried; UsageError for another word."""
    word = values.get("fallback") or Fallback.NONE.value
    try:
        return Fallback(word)
    except ValueError:
        words = ", ".join(Fallback)
        raise UsageError(f'--fallback "{word}" is not a way to go on', hint=f"one of {words}") from None


def chosen(context: Context, wish: Wish, asked: Asked, terms: Terms, *, rehearsal: bool = False) -> Selection:
    """The sellers that can do what is asked, ranked. A rehearsal does with sellers without a key where none has one."""
    rules = rules_of(wish, terms, rehearsal=rehearsal)
    return select(wish, requests(context.config, wish, asked), rules, durations(context, wish))


def rules_of(wish: Wish, terms: Terms, *, rehearsal: bool = False) -> Rules:
    """What a seller has to keep; the key of one that was named is looked for later, as are those of a rehearsal."""
    needs_key = wish.is_choice and not (rehearsal and not any(account.has_key for account in wish.accounts))
    return Rules(terms.max_cost, terms.assume_price, needs_key)


def requests(config: Config, wish: Wish, asked: Asked) -> AskFor:
    """What is asked of each account."""
    return for_each(
        wish,
        lambda account: asked.request(account.defaults, account.provider.image_limit),
        lambda: asked.request(config.settings.request),
    )


def for_each(wish: Wish, request_to: AskFor, common: Callable[[], Request]) -> AskFor:
    """The same request for all where there is a choice, settled from what is `common` to them; else as an account has it."""
    if not wish.is_choice:
        return request_to
    same = settled(common())

    def ask(account: Account) -> Request:
        return replace(request_to(account), model=same.model, duration=same.duration, resolution=same.resolution)

    return ask


def durations(context: Context, wish: Wish) -> Durations | None:
    """The times that the ledger has measured, where the choice depends on them."""
    return context.ledger.durations if wish.by is By.FASTEST and context.has_ledger() else None
