"""T13 and T14: amounts, sizes, lengths of time, prompts and raw fields as people type them."""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from hailuo_cli import durations
from hailuo_cli.errors import CostLimit, DiskError, UsageError
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.request import build as asking
from hailuo_cli.request.pricing import Price, refuse_above
from hailuo_cli.transport.bodies import encoded
from hailuo_cli.wire import post

from .inputs import jsons, texts
from .target import seeds, target

amounts = st.floats() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0.0, -0.0, 1e308, -1.0, math.nan, math.inf])
digits = st.text("0123456789hmsKMGTiB. ", max_size=12) | texts | st.sampled_from(seeds("amounts"))


@target(
    limit=st.none() | amounts,
    price=st.none() | st.floats(0, allow_infinity=False),
    provider=st.sampled_from(list(PROVIDERS.values())),
)
def test_T13_only_a_known_price_within_the_limit_passes(
    limit: float | None, price: float | None, provider: Any
) -> None:
    try:
        refuse_above(limit, Price(None if price is None else Decimal(str(price))), provider)
    except CostLimit as error:
        assert error.message.isprintable()
        assert limit is not None
        assert price is None or not price <= limit
        return
    assert limit is None or (price is not None and price <= limit)


@target(text=digits, examples=[{"text": text} for text in seeds("amounts")])
def test_T13_a_size_is_a_number_of_bytes_that_a_file_can_have_or_a_usage_error(text: str) -> None:
    try:
        found = asking.size(text)
    except UsageError:
        return
    assert 1 <= found <= asking.LARGEST


@target(text=digits, examples=[{"text": text} for text in seeds("amounts")])
def test_T13_a_length_of_time_is_positive_and_at_most_a_month_or_a_usage_error(text: str) -> None:
    try:
        found = durations.seconds(text)
    except UsageError:
        return
    assert 0 < found <= durations.LONGEST
    assert durations.spoken(found)


@target(hours=st.integers(0, 100), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_T13_units_of_time_add_up(hours: int, minutes: int, seconds: int) -> None:
    total = hours * 3600 + minutes * 60 + seconds
    if total:
        assert durations.seconds(f"{hours}h{minutes}m{seconds}s") == durations.seconds(str(total)) == total


@target(content=st.binary() | texts.map(lambda text: text.encode("utf-8", "surrogatepass")), marked=st.booleans())
def test_T14_a_prompt_is_the_text_of_its_file_or_a_usage_error(content: bytes, marked: bool) -> None:
    content = b"\xef\xbb\xbf" * marked + content
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            found = asking.prompt(f"@{file.name}")
        except UsageError:
            assert "�" in content.decode("utf-8", "replace")
            return
        assert found == asking.prompt("-", lambda: io.BytesIO(content))
    assert found == content.decode("utf-8-sig").strip()


@target(
    name=st.binary(max_size=40).map(os.fsdecode)
    | texts
    | st.sampled_from(["~nobody-of-this-name/x", "~", "", "/", ".", "a\0"])
)
def test_T14_a_prompt_file_of_any_name_is_read_or_refused(name: str) -> None:
    try:
        found = asking.prompt(f"@{name}")
    except (UsageError, DiskError):
        return
    assert Path(name).exists() or name.startswith("~")
    assert isinstance(found, str)


@target(
    name=st.text("ab.", min_size=1, max_size=6) | texts,
    value=jsons.map(json.dumps) | texts | st.sampled_from(seeds("fields")),
    examples=[{"name": "a", "value": value} for value in seeds("fields")],
)
def test_T14_a_raw_field_goes_out_as_the_json_that_was_typed_or_as_a_text(name: str, value: str) -> None:
    try:
        (given, found) = asking._param(f"{name}={value}")
        call = post("/order", {"prompt": "p"}).extended({given: found})
    except UsageError as error:
        assert error.exit == 2
        return
    assert call.body is not None
    size, stream = encoded(call.body)
    body = b"".join(stream)
    assert len(body) == size
    read = json.loads(body, parse_constant=refused)
    for key in given.split("."):
        read = read[key.encode("utf-8", "replace").decode()]
    assert isinstance(found, str) or read == found or "\\ud" in value.lower()
    json.dumps(dict(call.body), indent=2)


def refused(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
