"""Down the ranking, once: who is asked next where a limit, a key or the seller itself stood in the way and nothing was bought.

Every order goes through `orders.submit`; whether the next seller may be asked is for `orders.verdict` to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..config.profiles import Account
from ..errors import AuthError, CostLimit, HailuoError, NetworkError, NoKey, Unsupported
from ..model import Job, Order
from ..orders import verdict
from ..orders.context import Context
from ..orders.delivery import Delivery
from ..orders.prepare import Prepared, prepare
from ..orders.submit import Terms, submit
from ..orders.verdict import Fallback
from .selection import Candidate, Rejected, Selection, after, described, document, nobody


@dataclass
class Walk:
    """One request on its way from seller to seller. `keep` brings an order's images where they outlast this process."""

    context: Context
    selection: Selection
    how: Delivery
    takes: int = 1
    fallback: Fallback = Fallback.NONE
    keep: Callable[[Order], Order] = lambda order: order
    address: Callable[[Account], str] | None = None
    """Gives each order a webhook of its own; Unsupported where the account has none."""
    passed: list[Rejected] = field(default_factory=list)
    """The sellers that were tried and took nothing."""
    _at: int = 0
    _said: int = -1
    _ready: Prepared | None = None
    _out: list[Rejected] = field(default_factory=list)

    def ready(self, terms: Terms, *, rehearsal: bool = False, ask_price: bool = False) -> Prepared:
        """The first seller from here on that keeps every rule; the error of `nobody` where none is left.

        An error that is not about the seller (the place, the ledger) is raised as it is.
        """
        while self._ready is None:
            candidate = self._candidate()
            try:
                found = prepare(
                    self.context,
                    candidate.account,
                    candidate.order,
                    self.how,
                    terms,
                    takes=self.takes,
                    rehearsal=rehearsal,
                    ask_price=ask_price,
                )
                choice = document(self.selection, candidate, found.price, self.passed)
                self._ready = replace(found, choice=choice)
            except (AuthError, NetworkError) as error:  # a seller that was asked for its price and did not tell it
                if self.fallback is Fallback.NONE or not after(self.selection, candidate):
                    raise
                self._pass(candidate, error)
            except (NoKey, CostLimit) as error:
                self._step_over(candidate, error)
        return self._ready

    def order(self, terms: Terms) -> Job:
        """One take, ordered at the first seller that takes it. An order in doubt, and every other end that may have been
        bought, is raised and asks nobody else.
        """
        while True:
            ready = self.ready(terms)
            candidate = self._candidate()
            order = self.keep(ready.order)
            if self.address:
                try:
                    order = replace(order, webhook=self.address(ready.account))
                except Unsupported as error:
                    self._step_over(candidate, error)
                    continue
            self._say(candidate, ready)
            chosen = replace(terms, choice=json.dumps(ready.choice))
            try:
                return submit(self.context, ready.account, order, chosen, ready.price)
            except CostLimit as error:  # of a day or a month, by the ledger: another one may fit into what is left
                self._step_over(candidate, error)
            except HailuoError as error:
                if not (verdict.falls_over(error, self.fallback) and after(self.selection, candidate)):
                    raise
                self._pass(candidate, error)
                terms = self._joined(terms, error)

    def order_after(self, job: Job, error: HailuoError, terms: Terms) -> Job | None:
        """The next attempt for a job that ended; None where this end is final. An order that fails raises its error."""
        if not verdict.falls_over(error, self.fallback):
            return None
        left = self.selection.ranked[self._at :]
        is_here = bool(left) and left[0].account.name == job.provider
        if not left[is_here:]:
            return None
        if is_here:
            self._pass(left[0], error)
        else:  # an earlier command's job, or a take whose seller was passed over since: who stands here has not failed yet
            self._ready = None
            self._tell(self.context.account_of(job), error)
        # ordered once in its place, whoever else waits for it and falls over too
        again = replace(terms.again, again=False, retry_of=job.id)
        return self.order(self._joined(replace(terms, again=again, take=job.take, dedupe_key=job.dedupe_key), error))

    def _candidate(self) -> Candidate:
        if self._at >= len(self.selection.ranked):
            raise self._nobody()
        return self.selection.ranked[self._at]

    def _nobody(self) -> HailuoError:
        """The word of the last seller that was asked, else why nobody could be."""
        error = nobody(self.selection.wish, [*self.selection.rejected, *self._out])
        if not self.passed:
            return error
        last = self.passed[-1].error
        last.facts |= error.facts
        return last

    def _step_over(self, candidate: Candidate, error: HailuoError) -> None:
        """The filter, once more: what is found out only now takes a seller out as well."""
        if not self.selection.wish.is_choice:
            raise error
        self.context.log(f"not {candidate.account.name}: {error.message}")
        self._out.append(Rejected(candidate.account, error))
        self._at, self._ready = self._at + 1, None

    def _pass(self, candidate: Candidate, error: HailuoError) -> None:
        self._out.append(Rejected(candidate.account, error))
        self._at, self._ready = self._at + 1, None
        self._tell(candidate.account, error)

    def _tell(self, account: Account, error: HailuoError) -> None:
        self.passed.append(Rejected(account, error))
        text = f"nothing was bought of {account.name}: {error.message}; the next one is asked"
        if isinstance(error, AuthError):
            self.context.warn(f"{text}. Its key has to be mended: it is passed over each time")
        else:
            self.context.say(text)

    @staticmethod
    def _joined(terms: Terms, error: HailuoError) -> Terms:
        """The same terms for the next attempt, in the group of the first one."""
        return replace(terms, group=terms.group or (error.job.group if error.job else None))

    def _say(self, candidate: Candidate, ready: Prepared) -> None:
        if not self.selection.wish.is_choice or self._said == self._at:
            return
        self._said = self._at
        chosen = candidate._replace(price=ready.price)
        behind = after(self.selection, candidate)
        runner_up = f"; next: {described(behind[0])}" if behind else ""
        self.context.say(f"{self.selection.wish.by}: {described(chosen)}{runner_up}")
