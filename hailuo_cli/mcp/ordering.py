"""What an agent may order: a job that is there already, or one that a person agreed to, or one within the limit.

An order has two halves. `find` looks for the job that stands for the key, and orders nothing whatever it finds; where
there is none it makes the offer that a person is asked about. `buy` then orders just that: that seller, up to that
price. So no race and no changed price can make an order of what nobody agreed to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client import Client, FrontEnd
from ..documents import prepared_document
from ..errors import CostLimit, DiskError, HailuoError, UsageError
from ..money import shown
from ..orders.duplicates import NOT_AGAIN, Again
from ..redaction import Redactor

if TYPE_CHECKING:
    from ..ledger.base import Earlier
    from ..model import Job
    from ..orders.delivery import Delivery
    from ..orders.prepare import Prepared
    from ..orders.submit import Terms
    from .folder import Folder

PROMPT_SHOWN = 300
"""So many characters of a prompt stand in a question."""


class NotOrdered(HailuoError):
    """When no job stands for a dedupe key; nothing was sent or written down."""


@dataclass(frozen=True)
class OnlyKnown(Again):
    """Takes the job that stands for an order, and never makes one."""

    def choose(self, earlier: Earlier, intent: Job, now: float) -> Job:
        """The job that stands for the intent; NotOrdered where that would be a new one, else as `Again`."""
        job = super().choose(earlier, intent, now)
        if job is None:
            raise NotOrdered("nothing is ordered under this dedupe key")
        return job


@dataclass(frozen=True)
class Wish:
    """What an agent asks for: the arguments of its call, and the command that it stands for."""

    command: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Offer:
    """One order as it would be made: by whom, for how much (None: unknown), and the question to a person."""

    wish: Wish
    provider: str
    seller: str
    usd: Decimal | None
    question: str
    unasked_limit: Decimal
    """What may be spent where nobody can be asked."""

    def refuse_unasked(self) -> None:
        """CostLimit where this costs more than may be spent without asking; an unknown price does."""
        if self.usd is not None and self.usd <= self.unasked_limit:
            return
        cost = "the price is not known" if self.usd is None else f"this costs {shown(self.usd)} USD"
        raise CostLimit(
            f"{cost} at {self.seller}. This client cannot ask a person, and without asking at most "
            f"{shown(self.unasked_limit)} USD may be spent; nothing was ordered",
            hint="a person can order it at the command line, use a client that asks (elicitation), "
            "or set mcp.max_cost in the profile",
        )


@dataclass(frozen=True)
class Desk:
    """Makes a client for each call, so that config and limits are those of the moment."""

    folder: Folder
    profile: str | None = None
    config: Path | None = None
    sleep: Callable[[float], None] = time.sleep
    redactor: Redactor = field(default_factory=Redactor)
    """Of every client: what one of them learned of a key, no answer holds."""

    def client(self, notes: list[str], command: str = "submit", again: Again = NOT_AGAIN) -> AgentClient:
        """A client whose words go into `notes`, and whose orders are of this command."""
        front_end = FrontEnd(say=notes.append, warn=notes.append, sleep=self.sleep)
        return AgentClient(self.profile, self.config, front_end=front_end, desk=self, command=command, again=again)

    def find(self, wish: Wish, notes: list[str]) -> Job | Offer:
        """The job that stands for a wish already, else the offer to make one; nothing is ordered."""
        known = self.client([], wish.command, OnlyKnown())
        try:
            return known.submit(**known.limited(wish.options))
        except NotOrdered:
            return self.client(notes, wish.command).offer(wish)

    def buy(self, offer: Offer, notes: list[str]) -> Job:
        """Order what was offered, at most once; CostLimit where it has become dearer meanwhile."""
        client = self.client(notes, offer.wish.command)
        options = client.limited(offer.wish.options)
        options["provider"] = offer.provider
        if offer.usd is not None:
            options["max_cost"] = _lowest(offer.usd, options["max_cost"])
        return client.submit(**options)


class AgentClient(Client):
    """The client with an agent in front: files go into one folder, and no limit of the profile can be raised."""

    def __init__(self, *args: Any, desk: Desk, command: str, again: Again, **how: Any) -> None:
        super().__init__(*args, **how)
        self.redactor = desk.redactor
        self._folder = desk.folder
        self._command = command
        self._again = again

    def terms(self, command: str, how: Delivery, options: Mapping[str, Any]) -> Terms:
        """How an order is paid: as ever, but for what the call is and what may stand for it."""
        return replace(super().terms(command, how, options), command=self._command, again=self._again)

    def delivery(self, **options: Any) -> Delivery:
        """How to wait and where to save; what would be saved elsewhere is refused."""
        how = super().delivery(**options)

        def must_be_inside(job: Job) -> None:
            if not self._folder.has(how.target(job)):
                raise DiskError(f"{how.target(job)} is outside the folder of this server; nothing was saved there")

        return replace(how, before_saving=must_be_inside)

    def limited(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of an order with its files in the folder, its prompt as text, and the lower of both limits."""
        if options["prompt"] == "-" or options["prompt"].startswith("@"):
            raise UsageError("a prompt is text here, and not the name of a file", hint="give the words themselves")
        images = {name: self._folder.image(options[name], name) for name in ("image", "last_image") if name in options}
        output = self.place(options.get("output"))
        limit = _lowest(options.get("max_cost"), self.config.settings.max_cost)
        return {**options, **images, "output": output, "max_cost": limit}

    def place(self, output: str | None) -> str:
        """Where a video goes: the name that is given, else the profile's where that is in the folder, else <job>.mp4."""
        usual = self.config.settings.output
        if output is None and usual is not None and self._folder.has(self._folder.path / usual):
            output = usual
        return self._folder.template("{job}.mp4" if output is None else output)

    def place_of(self, job: Job, output: str | None) -> str | None:
        """Where the video of a job goes that is there already: None for the place that its order named in the folder."""
        if output is None and job.output is not None and self._folder.has(Path(job.output)):
            return None
        return self.place(output)

    def checked_document(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the request of a call comes to, with every local rule kept; no key is needed and nothing is ordered."""
        options = self.limited(given)
        with self._call() as context:
            how = self.delivery(output=options["output"])
            with self.checked(context, options, self.terms(self._command, how, options), how) as ready:
                return prepared_document(ready)

    def offer(self, wish: Wish) -> Offer:
        """What an order would be, with every rule kept and a key at hand; nothing is ordered.

        A seller that tells its price is asked for it.
        """
        options = self.limited(wish.options)
        with self._call() as context:
            how = self.delivery(output=options["output"])
            terms = self.terms(wish.command, how, options)
            with self.checked(context, options, terms, how, ask_price=True) as ready:
                context.session(ready.account)
                return Offer(
                    wish=wish,
                    provider=ready.account.name,
                    seller=ready.account.provider.title,
                    usd=ready.price.usd,
                    question=question(ready),
                    unasked_limit=self.config.settings.mcp_max_cost,
                )


def question(ready: Prepared) -> str:
    """What a person is asked before an order: what it costs and who gets the money, then what is ordered."""
    price, order = ready.price, ready.order
    cost = "at a price that is not known" if price.usd is None else f"for {shown(price.usd)} USD"
    source = price.source or ""
    if price.seen and price.seen not in source:
        source = f"{source}, {price.seen}"
    seller = ready.account.provider.title
    account = "" if ready.account.name == seller.lower() else f" ({ready.account.name})"
    parts = [f"{order.duration} s", order.resolution, order.model.id]
    parts += [f"from {image.label}" for image in (order.image, order.last_image) if image]
    parts += [f"{name} = {value}" for name, value in order.params.items()]
    shortened = order.prompt if len(order.prompt) <= PROMPT_SHOWN else order.prompt[:PROMPT_SHOWN] + "…"
    return _plain(
        f"Order one video {cost} from {seller}{account}?{f' Price: {source}.' if source else ''} "
        f"{', '.join(parts)}: “{shortened}”"
    )


def _plain(text: str) -> str:
    """One line that shows everything that is in it: what is invisible becomes a blank."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _lowest(*limits: float | Decimal | None) -> Decimal | None:
    """The lowest of the limits that there are."""
    return min((Decimal(str(limit)) for limit in limits if limit is not None), default=None)
