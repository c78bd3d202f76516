"""What is handed out: the wheel and the sdist are the same bytes each time, and carry what they should and no more."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.distribution import files

ROOT = Path(__file__).parents[2]
PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "__pycache__", ".*_cache", "*.egg-info", "uv.lock"
)


def build(tree: Path, umask: int, zone: str) -> Path:
    """Build both in a copy of the sources whose files are new, and give the folder."""
    shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND, copy_function=shutil.copyfile)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "out", "."],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TZ": zone},
        umask=-1 if sys.platform == "win32" else umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tree / "out"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist, built twice: elsewhere, later, with another umask and another time zone."""
    base = tmp_path_factory.mktemp("built")
    first, second = build(base / "a", 0o022, "UTC"), build(base / "another" / "b", 0o077, "Asia/Shanghai")
    for file in sorted(first.iterdir()):
        assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256((second / file.name).read_bytes()).digest()
    assert sorted(p.name for p in first.iterdir()) == sorted(p.name for p in second.iterdir())
    return next(first.glob("*.whl")), next(first.glob("*.tar.gz"))


def test_the_wheel_carries_what_can_be_printed_and_no_tests(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
        for name in (
            "config.example.toml",
            "skills/hailuo/SKILL.md",
            *(f"completions/{script}" for script in files.COMPLETIONS.values()),
        ):
            packed = wheel.read(f"hailuo_cli/distribution/data/{name}").decode("utf-8")
            assert packed == (ROOT / name).read_text(encoding="utf-8") == files.read(name)
        pages = {name.rpartition("/")[2] for name in names if "/data/share/man/man1/" in name}
        assert pages == {path.name for path in (ROOT / "man" / "man1").glob("*.1")}
        assert {name.split("/")[0] for name in names} <= {
            "hailuo_cli",
            f"hailuo-{PROJECT['version']}.dist-info",
            f"hailuo-{PROJECT['version']}.data",
        }


def test_the_wheel_is_made_from_the_sdist_alone(built: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(built[1]) as sdist:
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        sdist.extractall(tmp_path, **safely)  # noqa: S202 - it is our own
    tree = tmp_path / f"hailuo-{PROJECT['version']}"
    again = build_wheel(tree)
    assert again.read_bytes() == built[0].read_bytes()


def build_wheel(tree: Path) -> Path:
    """The wheel of an unpacked sdist."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "out", "."],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        check=True,
    )
    return next((tree / "out").glob("*.whl"))


def test_a_file_that_was_not_packed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for place in ("_IN_A_WHEEL", "_IN_A_SOURCE_TREE"):
        monkeypatch.setattr(files, place, tmp_path)
    with pytest.raises(Exception, match=r"packed without config\.example\.toml"):
        files.read("config.example.toml")


def test_the_extra_all_is_every_extra_that_a_user_may_want() -> None:
    extras = PROJECT["optional-dependencies"]
    (named,) = extras["all"]
    assert set(re.findall(r"\w+", named)) - {"hailuo"} == set(extras) - {"all", "dev"}


@pytest.fixture
def release_files() -> Any:
    """The script that makes the files of a release."""
    spec = importlib.util.spec_from_file_location("release_files", ROOT / "packaging" / "release_files.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_notes_of_a_release_are_its_part_of_the_changelog(release_files: Any) -> None:
    changelog = "# Changelog\n\n## Unreleased\n\n- next\n\n## 0.2.0 (2027-01-01)\n\n- this\n\n## 0.1.0\n\n- before\n"
    assert release_files.notes(changelog, "0.2.0") == "- this\n"
    assert release_files.notes(changelog, "0.1.0") == "- before\n"
    for version in ("0.3.0", "0.2"):
        with pytest.raises(ValueError, match="no section"):
            release_files.notes(changelog, version)


def test_the_formula_has_every_mark_filled(release_files: Any) -> None:
    template = (ROOT / "packaging" / "homebrew" / "hailuo.rb.in").read_text(encoding="utf-8")
    filled = release_files.formula(template, repository="me/hailuo", version="0.1.0", sha256="0" * 64)
    assert 'url "https://github.com/me/hailuo/releases/download/v0.1.0/hailuo-0.1.0.tar.gz"' in filled
    assert f'sha256 "{"0" * 64}"' in filled
    with pytest.raises(ValueError, match="@LATER@"):
        release_files.formula("@LATER@", repository="me/hailuo", version="0.1.0", sha256="")
    if ruby := shutil.which("ruby"):
        subprocess.run([ruby, "-c"], input=filled, text=True, check=True, capture_output=True)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_a_commit_and_says_which_version_that_is(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+(\.\d+)*", comment), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_has_no_permission_that_it_does_not_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "\npermissions: {}\n" in text
    jobs = re.split(r"^  (?=\w+:$)", text.partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]
    assert jobs
    assert [job for job in jobs if "    permissions:\n" not in job] == []


def test_only_the_jobs_that_publish_have_an_identity() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", text.partition("\njobs:\n")[2], re.MULTILINE))
    assert {name for name, job in jobs.items() if "id-token: write" in job} == {"attest", "index"}
    assert {name for name, job in jobs.items() if "contents: write" in job} == {"page"}
    assert "secrets." not in text


def test_the_container_is_unprivileged_and_its_ledger_outlives_it() -> None:
    text = (ROOT / "packaging" / "Containerfile").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    folder = re.search(r"HAILUO_DATA_DIR=(\S+)", last)
    volume = re.search(r"^VOLUME (\S+)$", last, re.MULTILINE)
    assert folder
    assert volume
    assert Path(volume[1]) in Path(folder[1]).parents
