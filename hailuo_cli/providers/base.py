"""What a provider is: facts as class attributes, conversations as short generators. No I/O, clock or environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobGone,
    RateLimited,
    Redirected,
    ServerTrouble,
    UnsafeReply,
)
from ..model import Image, LocalImage, Model, Move, Order, RemoteState
from ..wire import Call, Flow, Reply
from .webhooks import Webhook

OPTIMIZER, PRETREATMENT = "prompt_optimizer", "fast_pretreatment"
WATERMARK, WEBHOOK = "watermark", "webhook"
Faults = Mapping[str, type[HailuoError]]


@dataclass(frozen=True)
class Progress:
    """One look at a job. `word` is the provider's own; `video` is an address, or a Call where it needs the key.

    A job that is done and has no video yet is possible: some links come a moment after the word.
    """

    state: RemoteState
    word: str = ""
    percent: float | None = None
    video: str | Call | None = None
    fault: HailuoError | None = None

    def with_video(self, video: str | Call | None) -> Progress:
        """The same look with the place of the video, where the job is done; no other job has one."""
        return replace(self, video=video) if self.state is RemoteState.DONE else self


@dataclass(frozen=True)
class Prices:
    """Where the amounts in `Model.prices` come from. `usd` is what one unit is worth, None where unknown."""

    source: str
    seen: str
    unit: str = "USD"
    usd: float | None = 1.0


@dataclass(frozen=True)
class Found:
    """A job as a provider lists it. `created` is in seconds since the epoch, None where it does not say."""

    ticket: str
    created: float | None = None
    model: str | None = None


Cancel = Callable[[Any, str], Flow[Progress]]
Find = Callable[[Any], Flow[list[Found]]]
Estimate = Callable[[Any, Order], Flow[float]]
Balance = Callable[[Any], Flow[str]]
WebhookSecret = Callable[[Any], Flow[str]]


class Provider:
    """Says what to ask and what the answer means; never sends, waits, retries or prints."""

    name: ClassVar[str]
    title: ClassVar[str]
    docs: ClassVar[str]
    base_url: ClassVar[str]
    key_env: ClassVar[str | None]
    models: ClassVar[tuple[Model, ...]]
    states: ClassVar[Mapping[str, RemoteState]]
    """Documented status words, in any letter case. A word that is not here is shown as it came and counts as running."""
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
    error_codes: ClassVar[Faults] = {}
    """Documented error codes, wherever they come: in an error status or inside an HTTP 200."""
    poll_seconds: ClassVar[float] = 10
    """The shortest polling interval the documents ask for."""
    prices: ClassVar[Prices | None] = None
    retention: ClassVar[str] = ""
    """For how long a finished video can be had, where the documents say so."""
    limits: ClassVar[str] = ""
    """How much may be ordered at a time, where the documents say so."""
    auth_hint: ClassVar[str] = ""
    webhook: ClassVar[Webhook | None] = None
    """How its calls are read, where it calls back; such a provider has WEBHOOK among its `options`."""

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

    cancel: ClassVar[Cancel | None] = None
    """Stop a job; the result is what the provider says of it then."""
    find: ClassVar[Find | None] = None
    """The newest jobs of this key, to find out what became of an unconfirmed submit."""
    estimate: ClassVar[Estimate | None] = None
    """What a job would cost, in USD, asked without ordering it."""
    balance: ClassVar[Balance | None] = None
    """What is left, in words."""
    webhook_secret: ClassVar[WebhookSecret | None] = None
    """The secret that its webhooks are signed with, where the key is enough to ask for it."""

    def fault_code(self, reply: Reply) -> str | None:
        """The provider's own error code in a reply, None where it reports none."""
        return None

    def reason(self, reply: Reply) -> str:
        """The provider's own words about what went wrong."""
        for path in (("error", "message"), ("message",), ("error",), ("detail",), ("msg",)):
            if text := reply.find(*path):
                return text
        return ""

    def asked_pause(self, reply: Reply) -> float | None:
        """The seconds to wait that a refusal asks for in its body, beside the Retry-After header."""
        return None

    def state(self, word: str) -> RemoteState:
        return self._states.get(word.casefold(), RemoteState.RUNNING)

    def progress(
        self,
        word: str,
        *,
        state: RemoteState | None = None,
        reason: str | None = None,
        code: str | None = None,
        percent: float | None = None,
    ) -> Progress:
        """Read a status word by the table of documented ones; `reason` and `code` say why a job failed.

        `state` is for a word that does not tell how a job ended.
        """
        state = state or self.state(word)
        fault: HailuoError | None = None
        if state is RemoteState.FAILED:
            refused = self._faults.get((code or "").casefold()) is ContentRefused
            kind = ContentRefused if refused else JobFailed
            fault = kind(reason or f"{self.title} says {word} and gives no reason")
        elif state is RemoteState.CANCELLED:
            fault = JobCancelled(reason or "the job was cancelled")
        elif state is RemoteState.GONE:
            fault = JobGone(reason or f"{self.title} no longer has this job")
        return Progress(state, word, percent, fault=fault)

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        """The error that a reply reports: by its documented code, else by its HTTP status; None for success."""
        code = self.fault_code(reply)
        kind = self._faults.get(code.casefold()) if code else None
        if kind is None and code is None and 200 <= reply.status < 300:
            return None
        if kind is None:
            # some answer HTTP 200 and put the status they mean into the body
            meant = int(code) if code and reply.status < 300 and re.fullmatch("[45][0-9]{2}", code) else reply.status
            kind = _by_status(call, meant)
        said = self.reason(reply)
        name = f"HTTP {reply.status}" if reply.status >= 300 else "error"
        label = f"{name} {code}" if code and code != said else name
        error = kind(f"{self.title} answered {label}" + (f": {said}" if said else ""))
        if isinstance(error, ServerTrouble):
            error.refused = 400 <= reply.status < 500 and reply.status != 408
        if isinstance(error, AuthError) and self.auth_hint:
            error.hint = self.auth_hint
        return error


def _by_status(call: Call, status: int) -> type[HailuoError]:
    kinds: dict[int, type[HailuoError]] = {
        400: InvalidRequest,
        401: AuthError,
        402: BalanceError,
        403: AuthError,
        404: InvalidRequest if call.method == "POST" else JobGone,
        409: UnsafeReply if call.bills else ServerTrouble,
        410: JobGone,
        413: InvalidRequest,
        422: InvalidRequest,
        429: RateLimited,
        451: ContentRefused,
    }
    if 300 <= status < 400:
        return Redirected
    if status in kinds:
        return kinds[status]
    # a code in a 2xx that no document explains is as unclear as a 5xx: it may have landed
    return ServerTrouble if status == 408 or status >= 500 or status < 300 else UnsafeReply
