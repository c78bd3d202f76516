"""The choice itself: first a filter, then a sort. Values in, values out; nobody is asked and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ..config.profiles import Account
from ..errors import CostLimit, HailuoError, NoKey, UsageError
from ..model import NextStep, Order, Request
from ..money import shown
from ..orders.submit import plan
from ..request import pricing
from .expected import Durations, Expected, expected
from .wish import EXCLUDED, By, Wish

AskFor = Callable[[Account], Request]
"""The request as it is made to an account."""


class Candidate(NamedTuple):
    """A seller that can do it: what would be ordered, at what price, and how long it may take."""

    account: Account
    order: Order
    price: pricing.Price
    time: Expected | None = None


class Rejected(NamedTuple):
    """A seller that is out, with the very error that ordering there would end with."""

    account: Account
    error: HailuoError


class Rules(NamedTuple):
    """What a seller has to keep: the most that an order may cost, in USD, and whether it needs a key.

    `assume_price` stands for a price that nobody knows.
    """

    max_cost: float | Decimal | None = None
    assume_price: Decimal | None = None
    needs_key: bool = True


class Selection(NamedTuple):
    """Who is asked first, who next, and who is out and why."""

    wish: Wish
    ranked: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...] = ()

    def explained(self) -> list[str]:
        """A line for each seller: its place, or why it is out."""
        ranked = [f"{number}. {described(one)}" for number, one in enumerate(self.ranked, 1)]
        return [*ranked, *(f"not {one.account.name}: {one.error.message}" for one in self.rejected)]


def select(wish: Wish, ask_for: AskFor, rules: Rules, durations: Durations | None = None) -> Selection:
    """Filter, then sort. The error of the only seller where one was named; else where nobody is left that of `nobody`."""
    fit: list[Candidate] = []
    out = [Rejected(account, UsageError(EXCLUDED.format(account.name))) for account in wish.barred]
    for account in wish.accounts:
        try:
            fit.append(consider(account, ask_for, rules, durations))
        except HailuoError as error:
            if not wish.is_choice:
                raise
            out.append(Rejected(account, error))
    if wish.by is By.CHEAPEST:
        out += [Rejected(one.account, _never_cheapest(one)) for one in fit if one.price.usd is None]
        fit = [one for one in fit if one.price.usd is not None]
    if not fit:
        raise nobody(wish, out)
    return Selection(wish, tuple(ranked(fit, wish.by)), tuple(out))


def consider(account: Account, ask_for: AskFor, rules: Rules, durations: Durations | None = None) -> Candidate:
    """What an account would be asked for; NoKey, then what breaks its rules, then CostLimit."""
    if rules.needs_key and not account.has_key:
        raise NoKey(f"no key for {account.name}: looked for {', then '.join(account.key_places)}")
    order = plan(account, ask_for(account))
    price = pricing.of(order, account)
    pricing.refuse_above(rules.max_cost, price, account.provider, assume=rules.assume_price)
    return Candidate(account, order, price, expected(account, order, durations))


def ranked(fit: Iterable[Candidate], by: By) -> list[Candidate]:
    """Sorted; what is equal, and what nothing is known of, stays in its order, the unknown behind the known."""
    if by is By.CHEAPEST:
        return sorted(fit, key=lambda one: (one.price.usd is None, one.price.usd or Decimal(0)))
    if by is By.FASTEST:
        return sorted(fit, key=lambda one: (one.time is None, one.time.seconds if one.time else 0.0))
    return list(fit)


def nobody(wish: Wish, rejected: Iterable[Rejected]) -> HailuoError:
    """The error where no seller is left: about the request where all say the same, else with the reason of each.

    CostLimit where nothing but limits is in the way of some seller, NoKey where none has a key, else UsageError.
    """
    barred = {account.name for account in wish.barred}
    everybody = list(rejected)
    out = [one for one in everybody if one.account.name not in barred]
    keyed = [one for one in out if type(one.error) is not NoKey]
    same = {(type(one.error), one.error.message) for one in keyed}
    if len(keyed) > 1 and len(same) == 1:
        return keyed[0].error
    limited = [one for one in keyed if isinstance(one.error, CostLimit)]
    kind: type[HailuoError] = CostLimit if limited else UsageError if keyed or not out else NoKey
    told = [f"{one.account.name}: {one.error.message}" for one in keyed]
    if barred:
        told.append(f"excluded: {', '.join(sorted(barred))}")
    if keyless := [one.account.name for one in out if type(one.error) is NoKey]:
        told.append(f"no key: {', '.join(keyless)}")
    error = kind(f"no seller is left: {'; '.join(told)}", next_step=NextStep("providers"))
    if kind is NoKey:
        variables = [account.provider.key_env for account in (one.account for one in out) if account.provider.key_env]
        error.hint = f"export one of {', '.join(variables)}, or set a key in your profile"
    for one in limited:
        error.facts |= one.error.facts
    error.facts["reasons"] = [
        {"provider": one.account.name, "code": one.error.code, "message": one.error.message} for one in everybody
    ]
    return error


def document(
    selection: Selection, chosen: Candidate, price: pricing.Price, passed: Iterable[Rejected] = ()
) -> Mapping[str, Any]:
    """`choice` of a job object. `passed` are the sellers that were tried before and took nothing."""
    found: dict[str, Any] = {
        "by": selection.wish.by.value,
        "price_usd": price.number,
        "price_source": price.source,
        "price_date": price.seen,
        "runner_up": next((one.account.name for one in after(selection, chosen)), None),
    }
    tried = [{"provider": one.account.name, "code": one.error.code, "message": one.error.message} for one in passed]
    return {**found, "passed_over": tried} if tried else found


def after(selection: Selection, chosen: Candidate) -> tuple[Candidate, ...]:
    """Who comes behind somebody in the ranking."""
    return selection.ranked[selection.ranked.index(chosen) + 1 :]


def described(one: Candidate) -> str:
    """A candidate in words: fal: 0.28 USD (https://… (2026-10)), about 142 s (measured)."""
    price = "price unknown" if one.price.usd is None else f"{shown(one.price.usd)} USD ({one.price.source})"
    time = f", about {one.time.seconds:.0f} s ({one.time.source})" if one.time else ""
    return f"{one.account.name}: {price}{time}"


def _never_cheapest(one: Candidate) -> UsageError:
    why = one.price.why or f"{one.account.provider.title} publishes no price for this"
    return UsageError(f"{why}, so it is never the cheapest", hint="give it a price of your own in the profile")
