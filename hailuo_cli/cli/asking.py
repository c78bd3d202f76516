"""From options to values: the request, the account, the delivery."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .. import durations
from ..errors import DiskError, UsageError

if TYPE_CHECKING:
    from ..config.profiles import Account, Config
    from ..model import Image, Request
    from ..orders.deliver import Delivery
    from .options import RequestOptions, SaveOptions, WaitOptions
    from .show import Show

PROMPT_BYTES = 1024 * 1024
PARAM_DEPTH = 50
LARGEST = 2.0**63
"""Bytes; no file system holds a larger file."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE | re.ASCII)


def request(options: RequestOptions, account: Account) -> Request:
    """What is asked for: options first, then the account's defaults. Image files are opened and checked here."""
    from ..model import Request

    defaults = account.defaults
    if options.image == options.prompt == "-":
        raise UsageError("stdin cannot be both the prompt and the image", hint="put one of them in a file")
    camera = options.camera or defaults.get("camera") or ()

    def either(name: str) -> Any:
        given = getattr(options, name)
        return given if given is not None else defaults.get(name)

    return Request(
        prompt=_prompt(options.prompt),
        image=_image(options.image, account),
        last_image=_image(options.last_image, account),
        camera=(camera,) if isinstance(camera, str) else tuple(camera),
        params=dict(_param(text) for text in options.param or ()),
        **{
            name: either(name)
            for name in (
                "model",
                "duration",
                "resolution",
                "prompt_optimizer",
                "fast_pretreatment",
                "watermark",
                "webhook",
            )
        },
    )


def delivery(
    waiting: WaitOptions | None, saving: SaveOptions, config: Config, show: Show, *, save: bool = True
) -> Delivery:
    """How to wait and where to save: options, then the profile, then the defaults."""
    from ..orders.deliver import DEFAULT_TIMEOUT, Delivery
    from ..saving.download import MAX_SIZE

    settings = config.settings
    timeout = (waiting and waiting.timeout) or settings.get("timeout")
    interval = (waiting and waiting.poll_interval) or settings.get("poll_interval")
    if saving.output == "-" and show.is_machine:
        raise UsageError("stdout cannot be both the video and JSON", hint="-o FILE")
    return Delivery(
        timeout=durations.seconds(str(timeout)) if timeout else DEFAULT_TIMEOUT,
        poll_interval=durations.seconds(str(interval)) if interval else None,
        output=saving.output or settings.get("output"),
        force=saving.force,
        max_size=size(saving.max_size) if saving.max_size else MAX_SIZE,
        save=save,
        pipe=sys.stdout.buffer if saving.output == "-" else None,
    )


def endless(how: Delivery) -> Delivery:
    """The same without an end: whoever listens waits until the process is told to stop."""
    from dataclasses import replace

    return replace(how, timeout=math.inf)


def size(text: str) -> int:
    """Bytes from 500M, 4G or 1048576."""
    found = _SIZE.fullmatch(text.strip())
    total = float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " ") if found else 0
    if not 1 <= total <= LARGEST:
        raise UsageError(f'"{text}" is no size', hint="write 500M, 4G or a number of bytes")
    return int(total)


def _prompt(text: str) -> str:
    try:
        if text == "-":
            return _stdin().read(PROMPT_BYTES).decode("utf-8-sig").strip()
        if text.startswith("@"):
            # not Path.expanduser, which raises for a user that there is none of
            with Path(os.path.expanduser(text[1:])).open("rb") as file:  # noqa: PTH111
                return file.read(PROMPT_BYTES).decode("utf-8-sig").strip()
    except OSError as error:
        raise DiskError(f"cannot read the prompt from {text[1:]}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"the prompt in {text.lstrip('@')} is not UTF-8", hint="save it as UTF-8") from None
    except ValueError as error:
        raise UsageError(f"{text[1:]} cannot be the name of a file: {error}") from None
    return text


def _image(text: str | None, account: Account) -> Image | None:
    from ..request import images

    if text is None:
        return None
    return images.given(text, limit=account.provider.image_limit, stdin=_stdin() if text == "-" else None)


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise UsageError("stdin is closed", hint="name a file instead of -")
    return sys.stdin.buffer


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--param {text} is not KEY=JSON", hint="--param seed=7, --param style='\"noir\"'")
    try:
        found = json.loads(value, parse_constant=_no_json, parse_float=_finite)
    except ValueError:
        return name, value  # a bare word is a text, so that --param style=noir works
    except RecursionError:
        raise _too_deep(name) from None
    if name.count(".") >= PARAM_DEPTH or _is_deep(found, PARAM_DEPTH):
        raise _too_deep(name)
    return name, found


def _no_json(name: str) -> float:
    raise ValueError(f"JSON has no {name}")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_json(text)


def _is_deep(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_is_deep(item, left - 1) for item in inner)


def _too_deep(name: str) -> UsageError:
    return UsageError(f"--param {name} is nested in more than {PARAM_DEPTH} levels")
