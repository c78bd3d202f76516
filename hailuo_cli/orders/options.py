"""The options of the command line as keyword arguments: the same names, with underscores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from decimal import Decimal


class RequestOptions(TypedDict, total=False):
    """What to make, and at which provider: the options of the command line, with underscores."""

    image: str | None
    last_image: str | None
    fit: str | None
    provider: str | None
    only: str | None
    never: str | None
    model: str | None
    duration: int | None
    resolution: str | None
    camera: str | Sequence[str] | None
    prompt_optimizer: bool | None
    fast_pretreatment: bool | None
    watermark: bool | None
    webhook: str | None
    param: Mapping[str, Any] | Sequence[str] | None


class OrderOptions(RequestOptions, total=False):
    """How to pay, besides what to make. `max_cost` and `assume_price` are in USD; a Decimal or a text is exact."""

    dedupe_key: str | None
    max_cost: float | Decimal | None
    assume_price: float | Decimal | str | None
    fallback: str | None
    again: bool
    despite_unconfirmed: bool
    name: str | None


class WaitOptions(TypedDict, total=False):
    """How long to wait ("10m", "90" or seconds), and where to save."""

    timeout: str | float | None
    poll_interval: str | float | None
    output: str | None
    force: bool
    max_size: str | None


class GenerateOptions(OrderOptions, WaitOptions, total=False):
    """Everything that ordering, waiting and saving take."""


class BatchOptions(TypedDict, total=False):
    """How to run a batch file: the options of `batch run`. `rows` are ids or patterns of them; amounts are in USD."""

    rows: Sequence[str]
    retry_failed: bool
    keep_changed: bool
    budget: float | Decimal | None
    max_clips: int | None
    max_seconds: int | None
    assume_price: float | Decimal | None
    at_once: int
    max_failures: int
    timeout: str | float | None
    wait: bool
    record: str | None
