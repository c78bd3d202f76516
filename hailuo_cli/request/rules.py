"""The local rules of a request: what a provider cannot do is refused by name, never dropped, rounded or clamped."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TypeVar

from ..errors import InvalidImage, Unsupported, UsageError
from ..model import FAMILY_ALIASES, Image, LocalImage, Mode, Model, NextStep, Options, Order, Request, Shape
from ..providers import Provider
from ..urls import is_web

T = TypeVar("T")

_FLAGS = {
    "prompt_optimizer": "--prompt-optimizer",
    "fast_pretreatment": "--fast-pretreatment",
    "watermark": "--watermark",
    "webhook": "--webhook",
}


def settle(request: Request, provider: Provider) -> Order:
    """The job that a provider would be asked for; UsageError, Unsupported or InvalidImage before any money moves.

    The prompt is final here: camera commands are already written into it.
    """
    if request.last_image and not request.image:
        raise UsageError("--last-image needs a first frame too", hint="add --image FILE")
    rows = _rows(request, provider)
    model, shape = _row(rows, request)
    _check_prompt(request.prompt, model)
    _check_switches(request, provider, model)
    for image in (request.image, request.last_image):
        if image:
            _check_image(image, provider)
    return Order(
        **{option.name: getattr(request, option.name) for option in fields(Options)},
        request=request,
        model=model,
        prompt=request.prompt,
        duration=shape[0],
        resolution=shape[1],
    )


def resolution(text: str) -> str:
    """One spelling for resolutions: 768p and 768 are 768P, 2k is 2K."""
    upper = text.strip().upper()
    return f"{upper}P" if upper.isdigit() else upper


def _rows(request: Request, provider: Provider) -> list[Model]:
    """The models that are meant and can make this kind of video."""
    wanted = request.model
    meant = FAMILY_ALIASES.get((wanted or "").lower(), wanted)
    if wanted is None:
        named = [m for m in provider.models if m.family == provider.models[0].family]
    else:
        named = [m for m in provider.models if wanted == m.id or meant == m.family]
    if not named:
        names = _unique(name for m in provider.models for name in (m.id, m.family))
        near = difflib.get_close_matches(str(wanted), names, n=1)
        raise UsageError(
            f"{provider.name} sells no model {wanted}",
            hint=f"did you mean {near[0]}?" if near else None,
            next_step=NextStep("providers", subject=provider.name),
        )
    able = [m for m in named if request.mode in m.modes]
    if not able:
        raise Unsupported(_cannot(named[0], request.mode), hint=_instead(named, request, provider))
    return able


def _cannot(model: Model, mode: Mode) -> str:
    if mode is Mode.TEXT:
        return f"{model.id} makes video only from an image"
    if mode is Mode.IMAGE:
        return f"{model.id} takes no image"
    return f"{model.id} takes no last frame"


def _instead(named: Sequence[Model], request: Request, provider: Provider) -> str:
    others = _unique(m.id for m in provider.models if m.sells(request.mode, request.duration, request.resolution))
    ways = {Mode.TEXT: "add --image FILE", Mode.IMAGE: "leave --image out", Mode.FIRST_LAST: "leave --last-image out"}
    possible = request.mode is not Mode.TEXT or any(Mode.IMAGE in m.modes for m in named)
    way = [ways[request.mode]] if possible else []
    return ", or ".join([*way, *(f"--model {name}" for name in others[:1])]) or "choose another --provider"


def _row(rows: Sequence[Model], request: Request) -> tuple[Model, Shape]:
    """The first model and shape that fit what was said about duration and resolution."""
    wanted = resolution(request.resolution) if request.resolution else None
    for model in rows:
        for shape in model.variants:
            if request.duration in (None, shape[0]) and wanted in (None, shape[1]):
                return model, shape
    shapes = list(dict.fromkeys(shape for model in rows for shape in model.variants))
    ids = _unique(m.id for m in rows)
    name = ids[0] if len(ids) == 1 else rows[0].family
    at = _unique(r for d, r in shapes if d == request.duration)
    lasting = _unique(d for d, r in shapes if r == wanted)
    if at and lasting:
        raise UsageError(
            f"{name} makes {request.duration} s only at {_either(at)}",
            hint=f"use --resolution {at[0]} or --duration {lasting[0]}",
        )
    if lasting or not wanted:
        durations = _unique(d for d, _ in shapes)
        nearest = min(lasting or durations, key=lambda d: abs(d - (request.duration or d)))
        raise UsageError(
            f"{name} makes {_either(durations)} s, not {request.duration}", hint=f"use --duration {nearest}"
        )
    known = _unique(r for _, r in shapes)
    raise UsageError(f"{name} makes {_either(known)}, not {wanted}", hint=f"use --resolution {(at or known)[0]}")


def _check_prompt(prompt: str, model: Model) -> None:
    if not prompt.strip():
        raise UsageError("the prompt is empty", hint="say what is to be seen")
    if any("\ud800" <= c <= "\udfff" or c == "\0" for c in prompt):
        raise UsageError("the prompt is not valid text", hint="save it as UTF-8 without NUL characters")
    if len(prompt) > model.prompt_limit:
        raise UsageError(
            f"the prompt has {len(prompt)} characters; {model.id} takes {model.prompt_limit}",
            hint=f"shorten it by {len(prompt) - model.prompt_limit}",
        )


def _check_switches(request: Request, provider: Provider, model: Model) -> None:
    for name, flag in _FLAGS.items():
        if getattr(request, name) is None:
            continue
        if name not in provider.options:
            raise Unsupported(f"{provider.name} has no field for {flag}", hint=_leave_out(name, flag))
        if name in model.missing_fields:
            raise Unsupported(f"{model.id} at {provider.name} has no field for {flag}", hint=_leave_out(name, flag))
    webhook = request.webhook
    if webhook is not None and not (is_web(webhook) and webhook.startswith("https://") and webhook.isascii()):
        raise UsageError("--webhook must be an https address", hint="https://your-server.example/hailuo")


def _leave_out(name: str, flag: str) -> str:
    if name == "webhook":
        return "leave it out and wait for the job"
    return f"leave {flag} out (also from your profile)"


def _check_image(image: Image, provider: Provider) -> None:
    if not isinstance(image, LocalImage):
        is_data = image.url.startswith("data:")
        if is_data and not (provider.local_images and provider.data_urls):
            raise Unsupported(
                f"{provider.name} takes no data: URL", hint=provider.image_advice or "give the path of the file"
            )
        if not is_data and not provider.remote_images:
            raise Unsupported(f"{provider.name} fetches no image from the network", hint=provider.image_advice)
        return
    if not provider.local_images:
        raise Unsupported(f"{provider.name} takes images only by https address", hint=provider.image_advice)
    if image.size >= provider.image_limit:
        limit = provider.image_limit // 1024 // 1024
        raise InvalidImage(
            f"{image.label} is {image.size:,} bytes; {provider.name} takes less than {limit} MiB",
            hint="save it as JPEG, or give --image an https address",
        )


def _either(values: Sequence[object]) -> str:
    numbers = [value for value in values if isinstance(value, int)]
    if len(numbers) > 3 and sorted(numbers) == list(range(min(numbers), max(numbers) + 1)):
        return f"{min(numbers)} to {max(numbers)}"
    words = [str(value) for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
