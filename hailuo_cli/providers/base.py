"""What a provider is: facts as class attributes, conversations as short generators. No I/O, clock or environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

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
from ..model import Job, Mode, Model, Move, Shape, State
from ..wire import Call, Flow, Reply

MINIMAX_WORDS: Mapping[Move, str] = {move: move.value.capitalize() for move in Move}

OPTIMIZER, PRETREATMENT = "prompt_optimizer", "fast_pretreatment"
WATERMARK, WEBHOOK = "watermark", "webhook"
Faults = Mapping[str, type[HailuoError]]


@dataclass(frozen=True)
class Progress:
    """One look at a job. `word` is the provider's own; `video` is an address, or a Call where it needs the key.

    A job that is done and has no video yet is possible: some links come a moment after the word.
    """

    state: State
    word: str = ""
    percent: float | None = None
    video: str | Call | None = None
    fault: HailuoError | None = None


@dataclass(frozen=True)
class Prices:
    """Where the amounts in `Model.prices` come from. `usd` is what one unit is worth, None where unknown."""

    source: str
    seen: str
    unit: str = "USD"
    usd: float | None = 1.0


class Provider:
    """Says what to ask and what the answer means; never sends, waits, retries or prints."""

    name: ClassVar[str]
    title: ClassVar[str]
    docs: ClassVar[str]
    base_url: ClassVar[str]
    key_env: ClassVar[str | None]
    models: ClassVar[tuple[Model, ...]]
    states: ClassVar[Mapping[str, State]]
    """Documented status words in lower case. A word that is not here is shown as it came and counts as running."""
    takes: ClassVar[frozenset[str]] = frozenset()
    """The switches of a request that this provider has a field for."""
    local_images: ClassVar[bool] = True
    image_limit: ClassVar[int] = 20 * 1024 * 1024
    """Local images are smaller than this, in bytes."""
    image_advice: ClassVar[str] = ""
    camera: ClassVar[Mapping[Move, str]] = {}
    camera_zh: ClassVar[Mapping[Move, str]] = {}
    faults: ClassVar[Faults] = {}
    """Documented error codes, wherever they come: in an error status or inside an HTTP 200."""
    poll_seconds: ClassVar[float] = 10
    """The shortest polling interval the documents ask for."""
    prices: ClassVar[Prices | None] = None
    auth_hint: ClassVar[str] = ""

    def auth(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key."""
        return {"Authorization": f"Bearer {key}"}

    def submit(self, job: Job) -> Flow[str]:
        """Order a video. The result is the ticket: opaque text that is enough for `check` anywhere, any day."""
        raise NotImplementedError

    def check(self, ticket: str) -> Flow[Progress]:
        """Look at a job once."""
        raise NotImplementedError

    def fault_code(self, reply: Reply) -> str | None:
        """The provider's own error code in a reply, None where it reports none."""
        return None

    def reason(self, reply: Reply) -> str:
        """The provider's own words about what went wrong."""
        for path in (("error", "message"), ("message",), ("error",), ("detail",), ("msg",)):
            if text := reply.find(*path):
                return text
        return ""

    def progress(
        self,
        word: str,
        *,
        reason: str | None = None,
        code: str | None = None,
        percent: float | None = None,
    ) -> Progress:
        """Read a status word by the table of documented ones; `reason` and `code` say why a job failed."""
        state = self.states.get(word.casefold(), State.RUNNING)
        fault: HailuoError | None = None
        if state is State.FAILED:
            refused = self.faults.get((code or "").casefold()) is ContentRefused
            kind = ContentRefused if refused else JobFailed
            fault = kind(reason or f"{self.title} says {word} and gives no reason")
        elif state is State.CANCELLED:
            fault = JobCancelled(reason or "the job was cancelled")
        elif state is State.GONE:
            fault = JobGone(reason or f"{self.title} no longer has this job")
        return Progress(state, word, percent, fault=fault)

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        """The error that a reply reports: by its documented code, else by its HTTP status; None for success."""
        code = self.fault_code(reply)
        kind = self.faults.get(code.casefold()) if code else None
        if kind is None and code is None and 200 <= reply.status < 300:
            return None
        if kind is None:
            kind = _by_status(call, reply.status)
        said = self.reason(reply)
        name = f"HTTP {reply.status}" if reply.status >= 300 else "error"
        label = f"{name} {code}" if code and code != said else name
        error = kind(f"{self.title} answered {label}" + (f": {said}" if said else ""))
        if isinstance(error, AuthError) and self.auth_hint:
            error.hint = self.auth_hint
        return error

    def model_for(self, mode: Mode, shape: Shape) -> Model | None:
        return next((m for m in self.models if m.sells(mode, *shape)), None)


def _by_status(call: Call, status: int) -> type[HailuoError]:
    kinds: dict[int, type[HailuoError]] = {
        400: InvalidRequest,
        401: AuthError,
        402: BalanceError,
        403: AuthError,
        404: InvalidRequest if call.method == "POST" else JobGone,
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
