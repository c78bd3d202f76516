"""The nouns: what is asked for, what a provider sells, and what became of a job."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

Shape = tuple[int, str]
"""A duration in seconds and a resolution: (6, "768P")."""


class Mode(enum.StrEnum):
    """What a video is made from."""

    TEXT = "text-to-video"
    IMAGE = "image-to-video"
    FIRST_LAST = "first-last-frame"


class RemoteState(enum.StrEnum):
    """What a provider's status word means."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"

    @property
    def over(self) -> bool:
        """Whether the provider is through with the job."""
        return self not in (RemoteState.QUEUED, RemoteState.RUNNING)


class Move(enum.StrEnum):
    """The 15 camera commands of Hailuo, by their film names.

    https://platform.minimax.io/docs/api-reference/video-generation-i2v
    """

    TRUCK_LEFT = "truck left"
    TRUCK_RIGHT = "truck right"
    PAN_LEFT = "pan left"
    PAN_RIGHT = "pan right"
    PUSH_IN = "push in"
    PULL_OUT = "pull out"
    PEDESTAL_UP = "pedestal up"
    PEDESTAL_DOWN = "pedestal down"
    TILT_UP = "tilt up"
    TILT_DOWN = "tilt down"
    ZOOM_IN = "zoom in"
    ZOOM_OUT = "zoom out"
    SHAKE = "shake"
    TRACKING_SHOT = "tracking shot"
    STATIC_SHOT = "static shot"


MASK = "********"
"""What stands where a secret would."""


class Secret:
    """An API key. Printing it gives a mask; only `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__


def shown_url(url: str) -> str:
    """An address without what may be secret in it: a login, a query (presigned addresses have their key there), data."""
    if url.startswith("data:"):
        return url[:32] + "…"
    place = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", place)


@dataclass(frozen=True)
class RemoteImage:
    """An image the provider fetches by itself: an https address or a data: URL. Never opened by us."""

    url: str

    @property
    def label(self) -> str:
        """The address as it may be shown and listed; the whole of it may be a secret."""
        return shown_url(self.url)

    @property
    def digest(self) -> str:
        """The SHA-256 of the address as it was written."""
        return hashlib.sha256(self.url.encode()).hexdigest()


@dataclass(frozen=True)
class LocalImage:
    """An image file that passed the local rules, still open, so that what was checked is what is sent."""

    label: str
    media_type: str
    width: int
    height: int
    size: int
    digest: str
    file: BinaryIO = field(repr=False, compare=False)
    path: str | None = None
    """Where it was read from; None for stdin."""
    notes: tuple[str, ...] = ()
    """What --fit did to it; empty: these are the very bytes of the file that was named."""
    odd: str | None = field(default=None, compare=False)
    """What is unusual about it; decoders read it whole all the same."""

    @property
    def file_name(self) -> str:
        """A name that tells the format and nothing of this machine."""
        return f"frame.{self.media_type.removeprefix('image/')}"


Image = RemoteImage | LocalImage

OUTPUT_FIELDS = (
    "job", "id", "ref", "provider", "model", "duration", "resolution", "date", "time", "prompt", "name", "take",
)  # fmt: skip
"""What may stand in braces in the name of a video's file."""

FAMILY_ALIASES: Mapping[str, str] = {"h3": "hailuo-3", "minimax-h3": "hailuo-3"}
"""Other names of model families that people type."""


@dataclass(frozen=True)
class Model:
    """One row of a provider's offer. `family` is the same name at every provider, `id` the provider's own."""

    id: str
    family: str = "hailuo-2.3"
    modes: tuple[Mode, ...] = (Mode.TEXT, Mode.IMAGE)
    variants: tuple[Shape, ...] = ((6, "768P"), (10, "768P"), (6, "1080P"))
    prompt_limit: int = 2000
    missing_fields: frozenset[str] = frozenset()
    usual_seconds: int | None = None

    def sells(self, mode: Mode, duration: int | None, resolution: str | None) -> bool:
        """Whether it makes such a video; None stands for any length or resolution."""
        return mode in self.modes and any(duration in (None, d) and resolution in (None, r) for d, r in self.variants)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What may be asked for and goes out as it was asked. A new request option is one field here."""

    image: Image | None = None
    last_image: Image | None = None
    prompt_optimizer: bool | None = None
    fast_pretreatment: bool | None = None
    watermark: bool | None = None
    webhook: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """Raw vendor fields."""

    @property
    def mode(self) -> Mode:
        """What the video is made from, by the images that are given."""
        if self.last_image:
            return Mode.FIRST_LAST
        return Mode.IMAGE if self.image else Mode.TEXT


@dataclass(frozen=True)
class Request(Options):
    """What the user asked for, in the words every provider shares. None: not said."""

    prompt: str
    model: str | None = None
    duration: int | None = None
    resolution: str | None = None
    camera: tuple[str, ...] = ()

    @property
    def fitted(self) -> list[LocalImage]:
        """The images that --fit changed."""
        return [i for i in (self.image, self.last_image) if isinstance(i, LocalImage) and i.notes]

    def close(self) -> None:
        """Close the image files; what was asked for cannot be sent any more."""
        for image in (self.image, self.last_image):
            if isinstance(image, LocalImage):
                image.file.close()


@dataclass(frozen=True)
class Order(Options):
    """A request that passed every local rule of one provider, settled to the last field.

    `prompt` has the camera commands in the provider's words; `request` is what it was made from.
    """

    request: Request
    model: Model
    prompt: str
    duration: int
    resolution: str
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """Seconds and resolution."""
        return (self.duration, self.resolution)

    @property
    def duration_field(self) -> int | None:
        """The duration, or None where the model has one length and no field for it."""
        return None if "duration" in self.model.missing_fields else self.duration

    @property
    def resolution_field(self) -> str | None:
        """The resolution, or None where the model's name stands for it."""
        return None if "resolution" in self.model.missing_fields else self.resolution

    def unless_param(self, name: str, value: str) -> str | None:
        """A value for a field that the provider insists on; None where `--param` sets it."""
        return None if name in self.params else value


class JobState(enum.StrEnum):
    """Where a job stands in the ledger."""

    SUBMITTING = "submitting"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    SAVED = "saved"

    @property
    def may_bill(self) -> bool:
        """Whether the provider may bill such a job."""
        return self not in (JobState.NOT_SENT, JobState.REFUSED)

    @property
    def unfinished(self) -> bool:
        """Whether the provider may still owe us something."""
        return self in (JobState.SUBMITTING, JobState.UNCONFIRMED, JobState.SUBMITTED, JobState.SUCCEEDED)


@dataclass(frozen=True)
class Job:
    """What became of an order: one row of the ledger. Times are seconds since the epoch, `price_usd` None: unknown."""

    id: str
    provider: str
    state: JobState
    ticket: str | None = None
    profile: str | None = None
    model: str | None = None
    prompt: str | None = None
    duration: int | None = None
    resolution: str | None = None
    image: str | None = None
    fingerprint: str | None = None
    """The same for the same bytes to the same place."""
    request_hash: str | None = None
    """The same for the same request, whoever sells it."""
    request: str | None = field(default=None, repr=False)
    """The whole request as JSON, to order it again. Never shown."""
    dedupe_key: str | None = None
    command: str | None = None
    """Who ordered it: generate, submit, batch, …"""
    output: str | None = None
    """Where the video is to be saved, as the order said."""
    label: str | None = None
    """What the user calls it (--name)."""
    group: str | None = None
    take: int | None = None
    batch: str | None = None
    row: str | None = None
    choice: str | None = None
    """How the provider was chosen, as JSON."""
    price_usd: float | None = None
    price_source: str | None = None
    reserved: int | None = None
    """What it counts against limits on spending, in billionths of a dollar: its price, else the one assumed for it."""
    billed: int | None = None
    """What the provider told that it billed, or 0 where its documents say so of such an end; in billionths of a dollar."""
    provider_state: str | None = None
    progress: float | None = None
    video_url: str | None = None
    webhook: str | None = None
    """Where the provider was asked to call."""
    path: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    error: str | None = None
    error_code: str | None = None
    created_at: float | None = None
    finished_at: float | None = None
    announced_at: float | None = None
    """When whoever ordered it was told of it; None where nobody was."""
    reused: str | None = field(default=None, compare=False)
    """Not of the ledger: "saved" or "continued" where a command did not order this job but found it."""

    @property
    def ref(self) -> str | None:
        """What names this job on any machine: PROVIDER:TICKET."""
        return f"{self.provider}:{self.ticket}" if self.ticket else None

    @property
    def called(self) -> str:
        """The reference where there is one, else the ledger's own id."""
        return self.ref or self.id


@dataclass(frozen=True)
class NextStep:
    """What goes on from here, as a fact: a front end makes a command, a call or a button of it.

    `action` is what to do ("wait", "resolve", "providers", …) with these jobs, or with `subject` (a name);
    `output` is where the video was to go.
    """

    action: str
    jobs: tuple[Job, ...] = ()
    subject: str | None = None
    output: str | None = None
