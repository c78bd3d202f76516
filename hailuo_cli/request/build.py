"""From what was typed or passed in to a request: texts are read, images opened and checked, defaults filled in."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UsageError
from ..model import Image, LocalImage, Request
from . import image_rules, images, texts
from .fit import Fit

PROMPT_BYTES = 1024 * 1024
PARAM_DEPTH = 50
LONGEST_OPTION = 2048
"""Characters of a text option: an address is the longest."""
LARGEST = 2.0**63
"""Of bytes: no file system holds a larger file; and of dollars."""
READ_HERE = frozenset({"prompt", "image", "last_image", "camera", "params"})
"""The fields of a request that are not taken as they are given."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE | re.ASCII)

Stdin = Callable[[], BinaryIO]


def no_stdin() -> BinaryIO:
    """For callers that have no standard input to read from."""
    raise UsageError("there is no stdin to read from", hint="name a file instead of -")


def request(
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    image_limit: int = image_rules.LIMIT,
    stdin: Stdin = no_stdin,
) -> Request:
    """What is asked for: `values` by the names of the options, then the account's defaults; None is not said.

    Image files are open afterwards; `Request.close` closes them. UsageError, InvalidImage: nothing was sent.
    """
    return Asked(values, stdin).request(defaults, image_limit)


class Asked:
    """What was typed or passed in, read once, and made a request for as many accounts as may be asked.

    The prompt is read at once and the image files when they are first needed; `close` closes them. The errors are those
    of `request`.
    """

    def __init__(self, values: Mapping[str, Any], stdin: Stdin = no_stdin) -> None:
        if values.get("image") == values.get("prompt") == "-":
            raise UsageError("stdin cannot be both the prompt and the image", hint="put one of them in a file")
        for name, value in values.items():
            if name not in READ_HERE and isinstance(value, str):
                texts.checked(value, f"--{name.replace('_', '-')}", longest=LONGEST_OPTION)
        self._values = values
        self._stdin = stdin
        self._prompt = prompt(values["prompt"], stdin)
        self._params = params(values.get("param") or ())
        self._images: dict[tuple[str, int | None, str | None], Image] = {}

    def request(self, defaults: Mapping[str, Any], image_limit: int = image_rules.LIMIT) -> Request:
        """What is asked of an account with these defaults, whose images are smaller than so many bytes."""
        values = self._values
        camera = values.get("camera") or defaults.get("camera") or ()

        def either(name: str) -> Any:
            return values[name] if values.get(name) is not None else defaults.get(name)

        return Request(
            prompt=self._prompt,
            image=self._image(values.get("image"), image_limit, either("fit")),
            last_image=self._image(values.get("last_image"), image_limit, either("fit")),
            camera=(camera,) if isinstance(camera, str) else tuple(camera),
            params=self._params,
            **{field.name: either(field.name) for field in fields(Request) if field.name not in READ_HERE},
        )

    def close(self) -> None:
        """Close the image files; what was asked for cannot be sent any more."""
        for image in self._images.values():
            if isinstance(image, LocalImage):
                image.file.close()

    def _image(self, text: str | None, limit: int, how: str | None) -> Image | None:
        if text is None:
            return None
        is_piped = text == "-"  # and can be read once, whatever the limit of whoever comes next
        known = (text, None if is_piped else limit, how)
        if known not in self._images:
            stdin = self._stdin() if is_piped else None
            self._images[known] = images.given(text, limit=limit, stdin=stdin, how=_fit(how) if how else None)
        return self._images[known]


def prompt(text: str, stdin: Stdin = no_stdin) -> str:
    """A prompt as typed, from stdin for "-", from a file for "@FILE". UsageError where it cannot be read as UTF-8."""
    name = text.removeprefix("@")
    try:
        if text == "-":
            return stdin().read(PROMPT_BYTES).decode("utf-8-sig").strip()
        if text.startswith("@"):
            # not Path.expanduser, which raises for a user that there is none of
            with Path(os.path.expanduser(name)).open("rb") as file:  # noqa: PTH111
                return file.read(PROMPT_BYTES).decode("utf-8-sig").strip()
    except OSError as error:
        raise UsageError(f"cannot read the prompt from {name}: {error.strerror}", hint="name another file") from error
    except UnicodeDecodeError:
        raise UsageError(f"the prompt in {name} is not UTF-8", hint="save it as UTF-8") from None
    except ValueError as error:
        raise UsageError(f"{name} cannot be the name of a file: {error}") from None
    return text


def params(given: Iterable[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Raw vendor fields, from KEY=JSON texts or as they are."""
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, Any] = {}
    for text in given:
        name, value = _param(text)
        if name in found:
            raise UsageError(f"--param {name} is given twice", hint="give it once")
        found[name] = value
    return found


def usd(option: str, amount: str | float | Decimal | None) -> Decimal | None:
    """An amount of USD, exact as it is written; UsageError for what is none."""
    if amount is None:
        return None
    try:
        found = Decimal(str(amount).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found < LARGEST:
        raise UsageError(f'{option} "{amount}" is not an amount of USD', hint=f"{option} 40 or {option} 13.30")
    return found


def size(text: str) -> int:
    """Bytes from 500M, 4G or 1048576."""
    found = _SIZE.fullmatch(text.strip())
    total = float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " ") if found else 0
    if not 1 <= total <= LARGEST:
        raise UsageError(f'"{text}" is not a size', hint="write 500M, 4G or a number of bytes")
    return int(total)


def _fit(way: str) -> Fit:
    try:
        return Fit(way)
    except ValueError:
        ways = ", ".join(Fit)
        raise UsageError(f'"{way}" is not a way to make an image fit', hint=f"one of {ways}") from None


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
