"""What people type, read into values before anything is asked or paid."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hailuo_cli.errors import UsageError
from hailuo_cli.request import build


@pytest.mark.parametrize("text", ["", "0", "-5", "nan", "9" * 400, "9" * 400 + "G", "8388609T", "٣"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as error:
        build.size(text)
    assert "500M" in (error.value.hint or "")


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("1.5k", 1536), ("500 MiB", 500 << 20), ("4G", 4 << 30)])
def test_a_size_is_bytes_or_counted_in_1024s(text: str, size: int) -> None:
    assert build.size(text) == size


def test_a_prompt_file_of_a_user_that_there_is_none_of_is_not_there() -> None:
    with pytest.raises(UsageError, match="No such file"):
        build.prompt("@~nobody-of-this-name/prompt.txt")


def test_a_byte_order_mark_is_no_part_of_a_prompt(home: Path) -> None:
    content = "\ufeffa bear\n".encode()
    (home / "prompt.txt").write_bytes(content)
    assert build.prompt("-", lambda: io.BytesIO(content)) == build.prompt(f"@{home / 'prompt.txt'}") == "a bear"


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "[1e999]"])
def test_a_raw_field_that_no_json_can_hold_goes_out_as_the_text_that_was_typed(value: str) -> None:
    assert build._param(f"x={value}") == ("x", value)


@pytest.mark.parametrize("depth", [51, 300, 5000])
def test_a_raw_field_that_is_nested_too_deeply_to_be_sent_is_refused(depth: int) -> None:
    with pytest.raises(UsageError, match="50 levels"):
        build._param(f"x={'[' * depth}{']' * depth}")
    with pytest.raises(UsageError, match="50 levels"):
        build._param(f"{'x.' * depth}x=1")
