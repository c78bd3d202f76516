"""Names of saved videos: what the user types stays, what is filled in cannot do harm."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest

from hailuo_cli.errors import UsageError
from hailuo_cli.saving.naming import FIELDS, NAME_BYTES, clean, slug, target
from tests.fuzz.target import seeds

HOSTILE: list[str] = seeds("names")
VALUES = {"job": "ab12cd34", "provider": "pixazo", "model": "hailuo-2.3", "date": "2026-01-31", "prompt": "A cat"}


def is_harmless(part: str) -> bool:
    stem = part.split(".")[0].rstrip().lower()
    return (
        0 < len(os.fsencode(part)) <= NAME_BYTES
        and not re.search(r'[/\\:*?"<>|$`\s]', part)
        and not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs") for c in part)
        and part[0] not in ".-~"
        and part[-1] not in ". "
        and not re.fullmatch(r"con|prn|aux|nul|(com|lpt)[0-9¹²³]", stem)
        and unicodedata.is_normalized("NFC", part)
    )


@pytest.mark.skipif(os.name == "nt", reason="devices of POSIX")
@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/fd/1", "/dev/null", "/dev/x.mp4", "/proc/self/fd/1", "/sys/kernel/x.mp4"]
)
def test_C7_a_device_is_refused_wherever_its_name_leads(name: str) -> None:
    with pytest.raises(UsageError, match="a device or a pipe"):
        target(name, VALUES)


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_C7_a_link_to_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").symlink_to("/dev/null")
    (tmp_path / "dev").symlink_to("/dev")
    for name in ("out.mp4", "dev/stdout"):
        with pytest.raises(UsageError, match="a device or a pipe"):
            target(str(tmp_path / name), VALUES)


def test_there_are_27_hostile_names() -> None:
    assert len(HOSTILE) == 27


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"name"}))
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_F5_a_hostile_value_becomes_one_harmless_part(tmp_path: Path, name: str, field: str) -> None:
    path = target(f"{tmp_path}{os.sep}{{{field}}}.mp4", {**VALUES, field: name})
    assert path.parent == tmp_path
    assert path.suffix == ".mp4"
    assert is_harmless(path.name)


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u2066", "\u3164", "\u115f", "\ufe0f", "\u034f", "\U000e0101", "\x85", "\u2028"]
)
def test_F3_what_nobody_can_see_does_not_get_into_a_name(unseen: str) -> None:
    assert clean(f"a{unseen}b") == slug(f"a{unseen}b") == "a-b"


SLUGS = {
    "A cat, running  through\nrain": "A-cat-running-through-rain",
    "[Push in]A dog's day": "Push-in-A-dogs-day",
    "海边的日落，慢镜头": "海边的日落-慢镜头",
    "../../etc/passwd; $(id)": "etc-passwd-id",
    "word " * 30: "-".join(["word"] * 12),
    "a" * 29 + " " + "b" * 30 + " c": "a" * 29 + "-" + "b" * 30,
    "x" * 90: "x" * 60,
    "🎬 ...": "",
}


@pytest.mark.parametrize(("prompt", "expected"), SLUGS.items())
def test_F7_a_prompt_becomes_words(prompt: str, expected: str) -> None:
    assert slug(prompt) == expected
    assert target("{prompt}.mp4", {**VALUES, "prompt": prompt}).name == f"{expected or 'prompt'}.mp4"


TYPED = {
    None: "ab12cd34.mp4",
    "clip": "clip",
    "clip.mov": "clip.mov",
    "con.mp4": "_con.mp4" if os.name == "nt" else "con.mp4",
    "../out/{prompt}.mp4": "../out/A-cat.mp4",
    "~/x y.mp4": "HOME/x y.mp4",
    ".hidden-{date}.mp4": ".hidden-2026-01-31.mp4",
    "{provider}/{model}/{job}.mp4": "pixazo/hailuo-2.3/ab12cd34.mp4",
    "new-folder/": "new-folder/ab12cd34.mp4",
    "{provider}/": "pixazo/ab12cd34.mp4",
    "{{job}}.mp4": "{job}.mp4",
    "a } b { c.mp4": "a } b { c.mp4",
}


@pytest.mark.parametrize(("typed", "expected"), TYPED.items())
def test_what_the_user_types_stays_as_typed(typed: str | None, expected: str) -> None:
    assert target(typed, VALUES) == Path(expected.replace("HOME", str(Path.home())))


def test_the_default_of_a_profile_is_a_template_too() -> None:
    assert target(None, VALUES, default="films/{prompt}.mp4") == Path("films/A-cat.mp4")


def test_D25_a_folder_that_exists_gets_the_job_inside(tmp_path: Path) -> None:
    assert target(str(tmp_path), VALUES) == tmp_path / "ab12cd34.mp4"


def refused(output: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        target(output, VALUES)
    return caught.value


def test_an_unknown_field_is_refused_with_the_nearest_and_all_known() -> None:
    error = refused("{promt}.mp4")
    assert "{prompt}" in error.message
    assert all(f"{{{field}}}" in str(error.hint) for field in FIELDS)


@pytest.mark.parametrize("output", ["{}", "{job.__class__}", "{job!r}", "{job:>9999999}", "{0}"])
def test_a_template_is_no_format_string(output: str) -> None:
    assert "unknown field" in refused(output).message


@pytest.mark.parametrize(
    "output", ["", "a\0b.mp4", "x" * 237 + ".mp4", "海" * 86 + ".mp4"], ids=["", "nul", "long", "F6"]
)
def test_a_name_that_no_file_can_have_is_refused(output: str) -> None:
    refused(output)


def test_F6_values_are_cut_by_bytes_and_what_is_typed_is_kept() -> None:
    values = {**VALUES, "job": "海" * 86, "model": "m" * 300}
    name = target("take {job} by {model}.mp4", values).name
    assert re.fullmatch("take 海+ by m+[.]mp4", name)
    assert NAME_BYTES - 6 <= len(name.encode()) <= NAME_BYTES


@pytest.mark.parametrize(("job", "model"), [("CO", "N"), ("NU", "L.x")])
def test_F11_two_values_cannot_make_a_reserved_name(job: str, model: str) -> None:
    assert target("{job}{model}.mp4", {**VALUES, "job": job, "model": model}).name == f"_{job}{model}.mp4"


def test_D25_a_pipe_or_a_device_is_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for output in (str(fifo), os.devnull):
        assert "-o -" in str(refused(output).hint)


def test_D25_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ab12cd34.mp4").mkdir()
    assert "folder" in refused(str(tmp_path)).message
