"""The plan of a batch: where every take of every row stands, and what is to be done about it. Nothing is asked or spent."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from ..choosing import selection
from ..choosing.choosing import for_each
from ..choosing.expected import Durations
from ..choosing.wish import By, Wish, wish
from ..config.profiles import Account, Config
from ..errors import HailuoError
from ..ledger.base import Waiting
from ..model import Job, LocalImage, Order, Request
from ..orders import lookup
from ..orders.context import Context
from ..request import build, identity, pricing
from ..request.image_rules import LIMIT
from . import changes, states
from .limits import Cost
from .pictures import KnownImages
from .rows import BadRow, BatchFile, Row, rule_of
from .selection import Selection
from .states import RowState, Standing

_ROW_OPTIONS = tuple(field.name for field in fields(Request) if field.name not in build.READ_HERE)


class Action(enum.StrEnum):
    """What a run does about a take."""

    NOTHING = "nothing"
    FETCH = "fetch"
    ORDER = "order"
    ORDER_AND_FETCH = "order and fetch"
    """Order what is asked for now, and save what was ordered before as well: it is paid for."""

    @property
    def orders(self) -> bool:
        """Whether it makes an order."""
        return self in (Action.ORDER, Action.ORDER_AND_FETCH)


@dataclass(frozen=True)
class Rules:
    """How a run treats rows that are not simply new or done."""

    retry_failed: bool = False
    keep_changed: bool = False
    replaces: Callable[[Take, BatchFile, Waiting], bool] = lambda *_: False
    """Whether a row that waits for a worker is to be ordered as it is now, and not as it waits."""


@dataclass(frozen=True)
class Choosing:
    """What counts in the choice of a row's seller, beside what the row and the profile say.

    `assume_price` stands for unknown prices, in USD; `never` are sellers that are out; `durations` is the ledger's.
    `is_look`: nothing will be ordered, so a choice that cannot be made today is no trouble of the whole.
    """

    assume_price: Decimal | None = None
    never: str | None = None
    durations: Durations | None = None
    is_look: bool = False


@dataclass(frozen=True)
class Prepared:
    """A row that passed every rule of its provider: what would be ordered, and what it is known by."""

    row: Row
    account: Account
    model: str
    duration: int
    resolution: str
    price: pricing.Price
    request_hash: str
    order: Order | None = None
    """What would be ordered, with no image file open; None for a row that breaks a rule today."""
    images: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each image file, by its path."""
    choice: Mapping[str, Any] | None = None
    """How the account was chosen: `choice` of a job object."""

    @property
    def cost(self) -> Cost:
        """What one order of this row costs."""
        return Cost(self.price.usd, self.duration)


@dataclass(frozen=True)
class Take:
    """One take of a row in a plan."""

    prepared: Prepared
    number: int
    standing: Standing
    action: Action
    attempts: int = 0
    """How many orders were made for it before, whatever became of them."""
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """What a changed row asks for otherwise than it was ordered: the part, what it was, what it is."""

    @property
    def row(self) -> Row:
        """The row that this is a take of."""
        return self.prepared.row

    @property
    def state(self) -> RowState:
        """How it stands by the ledger and the files."""
        return self.standing.state

    @property
    def job(self) -> Job | None:
        """The job that stands for it, if there is one."""
        return self.standing.job

    @property
    def key(self) -> states.Key:
        """What names it in the ledger: row and take."""
        return states.key_of(self.row.id, self.number)


@dataclass(frozen=True)
class Plan:
    """What is to be done about the rows that are meant, in the order of the file."""

    batch: BatchFile
    takes: tuple[Take, ...]
    bad: tuple[BadRow, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def to_order(self) -> list[Take]:
        """The takes that a run would order."""
        return [take for take in self.takes if take.action.orders]

    @property
    def has_work(self) -> bool:
        """Whether a run would order or fetch anything."""
        return any(take.action is not Action.NOTHING for take in self.takes)


def prepare(
    batch: BatchFile, config: Config, images: KnownImages, choosing: Choosing | None = None
) -> tuple[list[Prepared], list[BadRow], list[str]]:
    """Hold every row to every rule that needs no provider: the good ones, the bad ones, and what is doubtful.

    NoKey or UsageError where no provider can be chosen for a row that names none.
    """
    how = choosing or Choosing()
    wish_for = _Wishes(config, how)
    good: list[Prepared] = []
    bad: list[BadRow] = []
    doubts: dict[str, None] = {}
    for row in batch.rows:
        provider = row.options.get("provider")
        if provider is None and not how.is_look:
            wish_for(None)  # what is wrong with the choice is wrong with all rows, and said once
        try:
            prepared, warnings = _prepared(row, wish_for(provider), config, images, how)
        except HailuoError as error:
            bad.append(BadRow(row.id, row.line, rule_of(error)))
            continue
        good.append(prepared)
        doubts |= dict.fromkeys(f"{row.id}: {warning}" for warning in warnings)
    return good, bad, list(doubts)


def remembered(rows: Sequence[Row], attempts: states.Attempts, config: Config) -> list[Prepared]:
    """Rows that break a rule today and were ordered before, as they were ordered; the others are left out."""
    found = []
    for row in rows:
        if orders := attempts.get(states.key_of(row.id, 1)):
            job = orders[-1]
            price = pricing.Price(None if job.price_usd is None else Decimal(str(job.price_usd)), job.price_source)
            account = config.seen_as(job.profile).account(job.provider)
            shape = (job.model or "", job.duration or 0, job.resolution or "")
            found.append(Prepared(row, account, *shape, price, job.request_hash or ""))
    return found


def plan(
    batch: BatchFile,
    prepared: Sequence[Prepared],
    attempts: states.Attempts,
    meant_rows: Selection | None = None,
    rules: Rules | None = None,
    is_there: Callable[[Job], bool] = states.is_file_there,
    queued: Mapping[states.Key, Waiting] | None = None,
) -> Plan:
    """Where each take of the rows that are meant stands, and what a run would do about it.

    `queued` are the takes that wait for a worker, which is what will order them. UsageError where a row is meant that
    is not there.
    """
    meant, how = meant_rows or Selection(), rules or Rules()
    meant.must_match([*(row.id for row in batch.rows), *(row.id for row in batch.bad if row.id is not None)])
    takes = [
        _left_to_worker(
            _take(one, number, attempts.get(states.key_of(one.row.id, number), ()), how, is_there),
            queued or {},
            how,
            batch,
        )
        for one in prepared
        if meant.has(one.row.id)
        for number in range(1, one.row.takes + 1)
    ]
    return Plan(batch, tuple(takes))


def quoted(context: Context, prepared: Sequence[Prepared]) -> list[Prepared]:
    """The same rows with the prices that their providers themselves say, where they can be asked; like rows once."""
    known: dict[tuple[str, str, int, str, str], pricing.Price | None] = {}
    found = []
    for one in prepared:
        if one.order is None:
            found.append(one)
            continue
        kind = (one.account.name, one.model, one.duration, one.resolution, repr(one.order.params))
        if kind not in known:
            known[kind] = lookup.estimate(context, one.account, one.order)
        found.append(replace(one, price=known[kind] or one.price))
    return found


def request_of(row: Row, defaults: Mapping[str, Any], image: Callable[[str], Any]) -> Request:
    """What a row asks for; what it does not say is said by the profile's defaults. `image` makes one of its text."""
    options = row.options

    def either(name: str) -> Any:
        return options.get(name, defaults.get(name))

    moves = options.get("camera") or defaults.get("camera") or ()
    return Request(
        prompt=row.prompt,
        image=image(options["image"]) if "image" in options else None,
        last_image=image(options["last_image"]) if "last_image" in options else None,
        camera=(moves,) if isinstance(moves, str) else tuple(moves),
        params=dict(options.get("param", {})),
        **{name: either(name) for name in _ROW_OPTIONS},
    )


class _Wishes:
    """How the seller is chosen for each thing that rows say about it, looked up once."""

    def __init__(self, config: Config, choosing: Choosing) -> None:
        self._config = config
        self._choosing = choosing
        self._known: dict[str | None, Wish] = {}

    def __call__(self, provider: str | None) -> Wish:
        if provider not in self._known:
            self._known[provider] = wish(self._config, provider, never=self._choosing.never)
        return self._known[provider]


def _prepared(
    row: Row, wish: Wish, config: Config, images: KnownImages, choosing: Choosing
) -> tuple[Prepared, tuple[str, ...]]:
    def request_to(account: Account) -> Request:
        return request_of(row, account.defaults, lambda text: images.image(text, account.provider.image_limit))

    def common() -> Request:
        return request_of(row, config.settings.request, lambda text: images.image(text, LIMIT))

    limit = row.max_cost if row.max_cost is not None else config.settings.max_cost
    # a plan needs no key: where no seller has one, all are looked at
    needs_key = wish.is_choice and any(account.has_key for account in wish.accounts)
    rules = selection.Rules(limit, choosing.assume_price, needs_key)
    durations = choosing.durations if wish.by is By.FASTEST else None
    found = selection.select(wish, for_each(wish, request_to, common), rules, durations)
    chosen = found.ranked[0]
    order = chosen.order
    files = [one for one in (order.image, order.last_image) if isinstance(one, LocalImage)]
    prepared = Prepared(
        row=row,
        account=chosen.account,
        model=order.model.id,
        duration=order.duration,
        resolution=order.resolution,
        price=chosen.price,
        request_hash=identity.request_hash(order),
        order=order,
        images={one.label: one.digest for one in files},
        choice=selection.document(found, chosen, chosen.price),
    )
    return prepared, order.warnings


def _take(
    prepared: Prepared,
    number: int,
    attempts: Sequence[Job],
    rules: Rules,
    is_there: Callable[[Job], bool],
) -> Take:
    found = states.standing(prepared.request_hash, attempts, is_there)
    what = {}
    if found.state is RowState.CHANGED and found.job and found.job.request and prepared.order:
        what = changes.differences(found.job.request, identity.document(prepared.order))
    return Take(prepared, number, found, _action(found, rules), len(attempts), what)


def _left_to_worker(take: Take, queued: Mapping[states.Key, Waiting], rules: Rules, batch: BatchFile) -> Take:
    """A take that would be ordered and waits for a worker is not ordered here as well."""
    waiting = queued.get(take.key)
    if waiting is None or take.state not in (RowState.NEW, RowState.CHANGED, RowState.FAILED):
        return take
    if rules.replaces(take, batch, waiting):
        return take
    fetches = take.action is Action.ORDER_AND_FETCH
    return replace(
        take,
        standing=Standing(RowState.QUEUED, take.job),
        action=Action.FETCH if fetches else Action.NOTHING,
    )


def _action(found: Standing, rules: Rules) -> Action:
    state = found.state
    if state is RowState.CHANGED:
        is_under_way = found.job is not None and states.state_of(found.job, states.is_file_there) in states.UNDER_WAY
        if rules.keep_changed:
            return Action.FETCH if is_under_way else Action.NOTHING
        return Action.ORDER_AND_FETCH if is_under_way else Action.ORDER
    if state is RowState.NEW or (state is RowState.FAILED and rules.retry_failed):
        return Action.ORDER
    return Action.FETCH if state in states.TO_FETCH else Action.NOTHING
