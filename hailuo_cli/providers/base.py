"""What a provider is: facts as class attributes, conversations as short generators. No I/O, clock or environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ..errors import AuthError, ContentRefused, HailuoError, JobCancelled, JobFailed, JobGone, ServerTrouble
from ..model import Image, LocalImage, Model, Move, Order, RemoteState, Shape
from ..wire import Call, Flow, Key, Reply
from . import upstream
from .answers import SUCCESS, codes_within, kind_by_status, plain_end
from .values import OrderLimits, Progress
from .webhooks import Webhook

if TYPE_CHECKING:
    from .prices import Amount, PriceList

OPTIMIZER, PRETREATMENT = "prompt_optimizer", "fast_pretreatment"
WATERMARK, WEBHOOK = "watermark", "webhook"
Faults = Mapping[str, type[HailuoError]]
Path = tuple[Key, ...]


def placeholder(image: Image | None) -> object:
    """What stands for an image where a price is asked for: the file itself stays here, an address is no secret."""
    return "https://example.com/image.jpg" if isinstance(image, LocalImage) else image


class Provider:
    """Says what to ask and what the answer means; never sends, waits, retries or prints.

    What only some can do is a method of its own: see `values.Cancels` and those beside it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    docs: ClassVar[str]
    base_url: ClassVar[str]
    key_env: ClassVar[str | None]
    models: ClassVar[tuple[Model, ...]]
    options: ClassVar[frozenset[str]] = frozenset()
    """The switches of a request that this provider has a field for."""
    local_images: ClassVar[bool] = True
    remote_images: ClassVar[bool] = True
    data_urls: ClassVar[bool] = True
    """Whether an image may also come as a data: URL."""
    upload_url: ClassVar[str | None] = None
    """A second origin, for files, to which the key goes too."""
    image_limit: ClassVar[int] = 20 * 1024 * 1024
    """Local images are smaller than this, in bytes."""
    image_advice: ClassVar[str] = ""
    camera: ClassVar[Mapping[Move, str]] = {}
    camera_zh: ClassVar[Mapping[Move, str]] = {}
    poll_seconds: ClassVar[float] = 10
    """The shortest polling interval the documents ask for."""
    price_lists: ClassVar[tuple[PriceList, ...] | None] = None
    """What its pages ask for, where that is not in `prices.py`."""
    free_params: ClassVar[frozenset[str]] = frozenset()
    """Raw vendor fields that cannot change the price; every other one makes it unknown."""
    retention: ClassVar[str] = ""
    """For how long a finished video can be had, where the documents say so."""
    limits: ClassVar[OrderLimits | None] = None
    auth_hint: ClassVar[str] = ""
    webhook: ClassVar[Webhook | None] = None
    """How its calls are read, where it calls back; such a provider has WEBHOOK among its `options`."""

    states: ClassVar[Mapping[str, RemoteState]]
    """Documented status words, in any letter case. A word that is not here is shown as it came and counts as running."""
    unbilled_ends: ClassVar[frozenset[str]] = frozenset()
    """Status words and error codes of a job's end that the documents call not billed."""

    error_codes: ClassVar[Faults] = {}
    """Documented error codes, wherever they stand. One with a blank in it is a phrase of the provider's messages."""
    code_paths: ClassVar[tuple[Path, ...]] = (("error", "code"), ("code",))
    """Where a code can stand: in an answer that reports an error, or in what it says of a job that failed."""
    success_codes: ClassVar[frozenset[str]] = frozenset()
    """What stands there when all is well. Empty: a code comes with an error status only."""
    reason_paths: ClassVar[tuple[Path, ...]] = (
        ("error", "message"),
        ("base_resp", "status_msg"),
        ("fail_reason",),
        ("failMsg",),
        ("message",),
        ("error",),
        ("detail", 0, "msg"),
        ("detail",),
        ("msg",),
        ("reason",),
        ("title",),
    )
    """Where the provider's own words about an error can stand. More places go before these, for gateways answer too."""
    own_paths: ClassVar[tuple[Path, ...]] = (("error",), ("message",), ("code",))
    """An error of this provider has a value at one of these, and these alone; what has none comes from somebody on the way."""
    not_taken: ClassVar[frozenset[str]] = frozenset()
    """Codes and 5xx statuses that the documents explain as: the order was not taken."""
    no_model: ClassVar[frozenset[str]] = frozenset()
    """Codes that the documents explain as: this model, or this version of it, is not to be had here."""
    doubtful: ClassVar[frozenset[str]] = frozenset()
    """Codes that leave open whether an order was taken, although their status is that of a refusal."""

    _states: ClassVar[Mapping[str, RemoteState]]
    _faults: ClassVar[Faults]

    def __init_subclass__(cls) -> None:
        cls._states = {word.casefold(): state for word, state in cls.states.items()}
        cls._faults = {code.casefold(): kind for code, kind in cls.error_codes.items()}

    def auth(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key."""
        return {"Authorization": f"Bearer {key}"}

    def origin(self, call: Call, base_url: str) -> str:
        """Where a call goes. A base_url of the user's own gets the files too: the key of a relay goes nowhere else."""
        at_home = self.upload_url is None or base_url != self.base_url
        return base_url if at_home or not call.uploads else str(self.upload_url)

    def upload(self, image: LocalImage) -> Flow[str]:
        """Bring a file to the provider; the result is its address there."""
        raise NotImplementedError

    def image_reference(self, image: Image | None) -> Flow[object]:
        """What stands for an image in the body of a provider that takes addresses only."""
        return (yield from self.upload(image)) if isinstance(image, LocalImage) else image

    def submit(self, order: Order) -> Flow[str]:
        """Order a video. The result is the ticket: opaque text that is enough for `check` anywhere, any day."""
        raise NotImplementedError

    def check(self, ticket: str) -> Flow[Progress]:
        """Look at a job once."""
        raise NotImplementedError

    def price(self, model: Model, shape: Shape) -> Amount | None:
        """What the provider's pages ask for one video; None where they do not say, which is never nothing."""
        from .prices import LISTS

        lists = LISTS.get(self.name, ()) if self.price_lists is None else self.price_lists
        found = (listed.find(model.id, shape) for listed in lists if shape in model.variants)
        return next((amount for amount in found if amount), None)

    def asked_pause(self, reply: Reply) -> float | None:
        """The seconds to wait that a refusal asks for in its body, beside the Retry-After header."""
        return None

    def is_own(self, reply: Reply) -> bool:
        """Whether an error answer has the provider's own form; a proxy's page or a portal's JSON has not."""
        return any(reply.value(*path) is not None for path in self.own_paths)

    def codes(self, reply: Reply) -> list[str]:
        """The error codes in an answer: those at their places, then known ones inside its sentences."""
        placed = (reply.find(*path) for path in self.code_paths)
        found = [code for code in placed if code and code.casefold() not in self.success_codes]
        return found + [code for path in self.reason_paths for code in self._codes_in(reply.find(*path) or "")]

    def reason(self, reply: Reply) -> str:
        """The provider's own words about what went wrong."""
        said = (reply.find(*path) for path in self.reason_paths)
        return next((text for text in said if text and text.casefold() not in SUCCESS), "")

    def state(self, word: str) -> RemoteState:
        """What a word of this provider means; a word that no page lists is a job that still runs."""
        return self._states.get(word.casefold(), RemoteState.RUNNING)

    def progress(
        self, word: str, reply: Reply, *, state: RemoteState | None = None, percent: float | None = None
    ) -> Progress:
        """Read a status word by the table of documented ones; why a job failed stands elsewhere in the reply.

        `state` is for a word that does not tell how a job ended.
        """
        state = state or self._states.get(word.casefold())
        if state is not None:
            return self._seen(word, reply, state, percent)
        end = plain_end(word)
        ended = self._seen(word, reply, end, percent) if end else None
        if ended and ended.fault:
            ended.fault.message += f" ({word} is not in its documents, so this is hailuo's reading of the word)"
        return Progress(RemoteState.RUNNING, word, percent, if_repeated=ended)

    def reports_error(self, reply: Reply) -> bool:
        """Whether an answer says that the call failed: by its HTTP status, or inside an HTTP 200."""
        if reply.status >= 300 or reply.value("success") is False:
            return True
        placed = (reply.find(*path) for path in self.code_paths) if self.success_codes else ()
        return any(code and code.casefold() not in self.success_codes for code in placed)

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        """The error that a reply reports: by its documented code, else by its HTTP status; None for success."""
        if not self.reports_error(reply):
            return None
        own, codes = self.is_own(reply), self.codes(reply)
        code = self._telling(codes)
        # some answer HTTP 200 and put the status they mean into the body
        meant = next((int(c) for c in codes if reply.status < 300 and re.fullmatch("[45][0-9]{2}", c)), reply.status)
        kind = self._kind_of(code) or kind_by_status(call, meant)
        said, name = self.reason(reply), f"HTTP {reply.status}" if reply.status >= 300 else "error"
        shown = code or next(iter(codes), None)
        label = f"{name} {shown}" if shown and shown not in (said, str(reply.status)) else name
        error = kind(f"{self.title} answered {label}" + (f": {said}" if said else ""))
        error.is_foreign = not own
        error.lacks_model = own and bool(self.no_model & {*codes})
        if isinstance(error, ServerTrouble):
            error.refused = self._not_taken(codes, meant, own)
        if isinstance(error, AuthError) and self.auth_hint:
            error.hint = self.auth_hint
        return error

    def _not_taken(self, codes: list[str], status: int, own: bool) -> bool:
        said = {code.casefold() for code in codes}
        if own and {*said, str(status)} & self.not_taken:
            return True
        return 400 <= status < 500 and status != 408 and not said & self.doubtful

    def _seen(self, word: str, reply: Reply, state: RemoteState, percent: float | None) -> Progress:
        if not state.over or state is RemoteState.DONE:
            return Progress(state, word, percent)
        reason, codes = self.reason(reply), self.codes(reply)
        fault: HailuoError
        if state is RemoteState.CANCELLED:
            fault = JobCancelled(reason or "the job was cancelled")
        elif state is RemoteState.GONE:
            fault = JobGone(reason or f"{self.title} no longer has this job")
        else:
            kind = ContentRefused if self._kind_of(self._telling(codes)) is ContentRefused else JobFailed
            fault = kind(reason or f"{self.title} says {word} and gives no reason")
        ends = {word.casefold(), *(code.casefold() for code in codes)}
        return Progress(state, word, percent, fault=fault, unbilled=bool(ends & self.unbilled_ends))

    def _codes_in(self, text: str) -> list[str]:
        """The known codes and phrases in a sentence."""
        folded = text.casefold()
        found = ((code, self._kind_of(code)) for code in codes_within(text))
        # an everyday word in brackets tells of moderation, and of nothing else
        numbers = [code for code, kind in found if kind and (kind is ContentRefused or not code.isalpha())]
        # names like content_policy_violation and phrases, which no sentence has by chance
        names = [code for code in (*self._faults, *upstream.MODERATION) if not code.isalnum() and code in folded]
        return numbers + [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded)]

    def _kind_of(self, code: str | None) -> type[HailuoError] | None:
        """What a code means; None for one that no document has."""
        known = self._faults.get((code or "").casefold())
        return known or (ContentRefused if (code or "").casefold() in upstream.MODERATION else None)

    def _telling(self, codes: list[str]) -> str | None:
        """The known code that counts: moderation wherever it stands, else the first; those at their places come first."""
        known = [code for code in codes if self._kind_of(code)]
        return next((code for code in known if self._kind_of(code) is ContentRefused), next(iter(known), None))
