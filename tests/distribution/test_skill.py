"""The skill keeps the rules of its form, names only what there is, and is written where it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hailuo_cli import errors
from hailuo_cli.distribution import skill
from hailuo_cli.errors import HailuoError, UsageError
from tests.support.command import hailuo

FILE = Path(__file__).parents[2] / "skills" / "hailuo" / "SKILL.md"
TEXT = FILE.read_text(encoding="utf-8")
FRONT: Any = yaml.safe_load(TEXT.split("---\n")[1])
BODY = TEXT.split("---\n", 2)[2]


def test_the_front_matter_keeps_the_rules_of_the_open_form() -> None:
    """https://agentskills.io/specification, Frontmatter."""
    assert TEXT.startswith("---\n")
    assert set(FRONT) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", FRONT["name"])
    assert FRONT["name"] == FILE.parent.name == skill.NAME
    assert len(FRONT["name"]) <= 64
    assert 1 <= len(FRONT["description"]) <= 1024
    assert 1 <= len(FRONT["compatibility"]) <= 500
    assert all(isinstance(text, str) for pair in FRONT["metadata"].items() for text in pair)
    assert len(BODY.splitlines()) < 500


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\bhailuo ((?:jobs |config |batch )?[a-z][a-z-]+)", BODY))))
def test_every_command_that_it_names_exists(command: str) -> None:
    ran = hailuo(*command.split(), "--help")
    assert ran.code == 0, ran.err


def test_every_option_that_it_names_exists() -> None:
    names = ("generate", "submit", "wait", "check", "providers", "jobs resolve", "download", "status")
    texts = "".join(hailuo(*name.split(), "--help").out for name in names)
    assert [option for option in set(re.findall(r"(?<!-)(--[a-z][a-z-]+)", BODY)) if option not in texts] == []


def test_its_exit_codes_are_those_of_the_error_tree() -> None:
    told = {int(n) for row in re.findall(r"^\| ([\d, ]+) \|", BODY, re.MULTILINE) for n in row.split(", ")}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HailuoError)]
    assert told <= {kind.exit for kind in kinds} | {0, 130, 143}
    assert {2, 3, 4, 5, 6, 7, 8, 10} <= told


def test_it_is_written_where_the_command_says(home: Path) -> None:
    for agent, place in skill.PLACES.items():
        ran = hailuo("skill", "install", "--for", agent)
        path = home / place / "hailuo" / "SKILL.md"
        assert (ran.code, ran.out) == (0, f"{path}\n"), ran.err
        assert path.read_text(encoding="utf-8") == TEXT == hailuo("skill", "show").out


def test_it_is_written_for_a_project_or_into_a_folder(home: Path) -> None:
    ran = hailuo("skill", "install", "--for", "claude", "--project")
    assert ran.out == f"{home / 'work' / '.claude' / 'skills' / 'hailuo' / 'SKILL.md'}\n"
    assert hailuo("skill", "install", "--into", "~/mine").out == f"{home / 'mine' / 'hailuo' / 'SKILL.md'}\n"


def test_nothing_is_written_for_nobody_and_nothing_of_somebody_else_is_replaced(home: Path) -> None:
    assert hailuo("skill", "install").code == 2
    assert hailuo("skill", "install", "--for", "agents", "--into", "x").code == 2
    assert hailuo("skill", "install", "--for", "nobody").code == 2
    assert not list(home.rglob("SKILL.md"))
    mine = home / ".agents" / "skills" / "hailuo" / "SKILL.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused = hailuo("skill", "install", "--for", "agents")
    assert (refused.code, refused.out) == (2, "")
    assert "--force" in refused.err
    assert mine.read_text() == "mine"
    assert hailuo("skill", "install", "--for", "agents", "--force").code == 0
    assert mine.read_text(encoding="utf-8") == TEXT
    assert hailuo("skill", "install", "--for", "agents", "--json").json["data"] == {"path": str(mine), "written": False}
    assert [path.name for path in mine.parent.iterdir()] == ["SKILL.md"]


def test_a_folder_that_cannot_be_written_is_exit_9(home: Path) -> None:
    (home / "file").write_text("")
    assert hailuo("skill", "install", "--into", str(home / "file")).code == 9
    with pytest.raises(UsageError, match="not a known agent"):
        skill.place_for("nobody", home)
