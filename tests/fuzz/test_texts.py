"""T7 and T8: names of files made from anything, and text that must not drive a terminal."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from hailuo_cli.cli.show import LONGEST, clean, table
from hailuo_cli.errors import UsageError
from hailuo_cli.saving import naming
from hailuo_cli.saving.naming import FIELDS, NAME_BYTES, slug
from hailuo_cli.saving.naming import target as saved_as
from tests.saving.test_naming import VALUES, is_harmless

from .inputs import texts
from .target import seeds, target

NAMES: list[str] = seeds("names")
FOLDER = Path(tempfile.gettempdir())
values = texts | st.sampled_from(NAMES) | st.text(st.characters(), max_size=300)
typed = st.sampled_from(["con.", "com1", "{", "}", "..", "~", *NAMES]) | st.binary(max_size=40).map(os.fsdecode)


@target(
    value=values,
    limit=st.integers(16, NAME_BYTES),
    examples=[{"value": value, "limit": NAME_BYTES} for value in ("con." + "x" * 300, "trail.", *NAMES)],
)
def test_T7_a_cleaned_value_is_harmless_and_stays_as_it_is(value: str, limit: int) -> None:
    once = naming.clean(value, limit=limit)
    assert is_harmless(once)
    assert len(once.encode()) <= limit
    assert naming.clean(once, limit=limit) == once


@target(
    value=values,
    field=st.sampled_from(FIELDS),
    template=st.sampled_from(["{}.mp4", "{}-{}.mp4", "a {} b.mp4", "{}{}{}{}.mp4"]),
)
def test_T7_a_filled_name_is_one_part_inside_the_folder_with_our_extension_and_stays_as_it_is(
    value: str, field: str, template: str
) -> None:
    assume(value or field != "name")
    blanks = template.replace("{}", f"{{{field}}}")
    path = saved_as(f"{FOLDER}{os.sep}{blanks}", {**VALUES, field: value})
    assert path.parent == FOLDER
    assert path.suffix == ".mp4"
    assert len(os.fsencode(path.name)) <= NAME_BYTES
    assert is_harmless(path.name.replace(" ", "_"))
    assert saved_as(f"{FOLDER}{os.sep}{{job}}", {"job": path.stem}).name == path.stem or " " in template


@target(output=st.lists(typed | st.sampled_from([f"{{{f}}}" for f in FIELDS]), max_size=4).map("".join), value=values)
def test_T7_whatever_is_typed_as_output_is_a_path_or_a_usage_error(output: str, value: str) -> None:
    try:
        path = saved_as(output, dict.fromkeys(FIELDS, value))
    except UsageError as error:
        assert error.exit == 2
        return
    assert path.name
    assert len(os.fsencode(path.name)) <= NAME_BYTES


@target(prompt=values)
def test_T7_a_slug_is_short_and_stays_as_it_is(prompt: str) -> None:
    once = slug(prompt)
    assert len(once) <= naming.SLUG
    assert slug(once) == once


@target(text=texts, times=st.integers(1, 400))
def test_T8_cleaned_text_drives_nothing_prints_anywhere_and_stays_as_it_is(text: str, times: int) -> None:
    once = clean(text * times)
    assert clean(once) == once
    assert len(once) <= LONGEST + 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", once)
    once.encode()


@target(rows=st.lists(st.lists(texts, min_size=3, max_size=3), max_size=3), width=st.none() | st.integers(1, 120))
def test_T8_a_table_of_anything_is_one_clean_line_a_row(rows: list[list[str]], width: int | None) -> None:
    lines = table(rows, ["A", "B", "C"], width)
    assert len(lines) == len(rows) + 1
    for line in lines:
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]", line)
        assert width is None or len(line) <= width
