"""What every seller asks for one request, and why those cannot that cannot. Without the network, but for those that are asked."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..config.profiles import Account
from ..errors import HailuoError, NetworkError, NoKey, UsageError
from ..orders import spending
from ..orders.context import Context
from ..orders.lookup import estimate
from ..orders.submit import Terms
from ..providers import Estimates
from ..request.build import Asked
from ..request.pricing import Price
from .choosing import for_each
from .expected import Expected
from .selection import Candidate, Rules, consider
from .wish import EXCLUDED, By, Wish, is_allowed

if TYPE_CHECKING:
    from ..transport import Session

OLD_DAYS = 30
"""A price that was read longer ago than this is marked."""
ASK_SECONDS = 10.0
"""For how long each seller is waited for that is asked for its price."""


@dataclass(frozen=True)
class Quote:
    """What one seller would make of a request. `cannot` is the reason why ordering there would be refused, but for a key.

    `doubt` says why a seller that was asked gave no price.
    """

    account: Account
    model: str | None = None
    price: Price = field(default_factory=Price)
    time: Expected | None = None
    cannot: str | None = None
    doubt: str | None = None
    candidate: Candidate | None = None

    def age_days(self, now: float) -> int | None:
        """How long ago the price was read; None where no day is known."""
        from datetime import UTC, datetime

        from ..providers.prices import days_since

        seen = self.price.seen
        return max(days_since(seen, datetime.fromtimestamp(now, UTC).date()), 0) if seen else None


def quotes(
    context: Context, values: Mapping[str, Any], asked: Asked, terms: Terms, *, ask: bool = False
) -> list[Quote]:
    """Every seller, or those that `--provider` names: who can do it first, by price, then who cannot.

    `ask` asks those that tell, all at once. UsageError, InvalidImage: what was typed cannot be read as a request.
    """
    config = context.config
    said = config.choice(values.get("provider"), values.get("only"), values.get("never") or values.get("not"))
    named = config.choice(values.get("provider")).provider if values.get("provider") else ()
    names = config.in_order if not named or By.CHEAPEST in named or By.FASTEST in named else named
    accounts = tuple(config.account(name) for name in names)
    ask_for = for_each(
        Wish(By.CHEAPEST, accounts),
        lambda account: asked.request(account.defaults, account.provider.image_limit),
        lambda: asked.request(config.settings.request),
    )
    rules = Rules(terms.max_cost, terms.assume_price, needs_key=False)
    durations = context.ledger.durations if context.has_ledger() else None
    found = []
    for account in accounts:
        try:
            if not is_allowed(account.name, said.only, said.never):
                raise UsageError(EXCLUDED.format(account.name))
            candidate = consider(account, ask_for, rules, durations)
            if terms.allowance and context.has_ledger():
                spending.refuse_above_caps(terms.allowance, context.ledger, candidate.price)
        except HailuoError as error:
            found.append(Quote(account, cannot=error.message))
            continue
        found.append(Quote(account, candidate.order.model.id, candidate.price, candidate.time, candidate=candidate))
    return sorted(_asked(context, found) if ask else found, key=_place)


def document(quote: Quote, now: float) -> dict[str, Any]:
    """One of `data.quotes`."""
    return {
        "provider": quote.account.name,
        "model": quote.model,
        "price_usd": quote.price.number,
        "price_source": quote.price.source,
        "price_date": quote.price.seen,
        "age_days": quote.age_days(now),
        "expected_seconds": quote.time.seconds if quote.time else None,
        "expected_source": quote.time.source if quote.time else None,
        "cannot": quote.cannot,
        "key": quote.account.has_key,
    }


def _asked(context: Context, found: Sequence[Quote]) -> list[Quote]:
    """The same quotes with the prices that sellers themselves tell: all are asked at once, each within its own time."""
    answers: dict[str, Price | HailuoError] = {}

    def ask(quote: Quote, candidate: Candidate, session: Session, until: float) -> None:
        send = functools.partial(session.send, until=until)
        try:
            price = estimate(context, quote.account, candidate.order, send)
        except HailuoError as error:
            answers[quote.account.name] = error
        except Exception:  # noqa: BLE001 - whoever is late finds the connection closed, and nobody waits for it any more
            return
        else:
            if price and price.usd is not None:
                answers[quote.account.name] = price

    reached = []
    for quote in found:
        if quote.candidate and _is_asked(quote):
            try:
                reached.append((quote, quote.candidate, context.session(quote.account)))
            except NoKey as error:
                answers[quote.account.name] = error
    until = context.clock() + ASK_SECONDS
    threads = [threading.Thread(target=ask, args=(*one, until), daemon=True) for one in reached]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - context.clock(), 0.0))
    silent: HailuoError = NetworkError(f"no answer within {ASK_SECONDS:.0f} s")
    return [_answered(one, answers.get(one.account.name, silent)) if _is_asked(one) else one for one in found]


def _is_asked(quote: Quote) -> bool:
    return bool(quote.candidate) and quote.account.has_key and isinstance(quote.account.provider, Estimates)


def _answered(quote: Quote, answer: Price | HailuoError) -> Quote:
    return replace(quote, doubt=answer.message) if isinstance(answer, HailuoError) else replace(quote, price=answer)


def _place(quote: Quote) -> tuple[bool, bool, bool, Decimal]:
    """Those that can, those that sell, those that tell a price, and the lower price first."""
    usd = quote.price.usd
    return (quote.cannot is not None, quote.account.provider.key_env is None, usd is None, usd or Decimal(0))
