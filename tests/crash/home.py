"""A user's folder at one point of one flow: config, ledger, working folder, and what is in them afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.support.zygote import Run
from tests.wire import KEY

from . import sabotage
from .api import Api

T = TypeVar("T")

PROVIDER = "pixelbyte"
CONFIG = """\
# written by hand, comments and all
[profiles.test]
provider = "{provider}"
timeout = "10m"  # long enough

[profiles.test.providers.{provider}]
base_url = "{url}"
"""


@dataclass(frozen=True)
class Row:
    """One job in the ledger, as the file has it."""

    id: str
    state: str
    ticket: str | None
    prompt: str | None
    path: str | None
    sha256: str | None


@dataclass(frozen=True)
class Home:
    """`customer` names this home at the provider."""

    folder: Path
    api: Api
    customer: str

    @classmethod
    def new(cls, folder: Path, api: Api, customer: str) -> Home:
        home = cls(folder, api, customer)
        home.work.mkdir(parents=True)
        home.config.write_text(home.written)
        home.config.chmod(0o600)
        return home

    def copied(self, folder: Path, customer: str) -> Home:
        """The same home for another customer."""
        shutil.copytree(self.folder, folder, symlinks=True)
        copy = Home(folder, self.api, customer)
        copy.config.write_text(copy.written)
        return copy

    @property
    def written(self) -> str:
        """What the config file says to begin with."""
        return CONFIG.format(provider=PROVIDER, url=self.api.url(self.customer))

    @property
    def config(self) -> Path:
        return self.folder / "hailuo.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def ledger(self) -> Path:
        return self.data / "ledger.sqlite3"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def run(self, *words: str, stdin: str = "", weak: str = "", last_step: int = 0) -> Run:
        env = {
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "HAILUO_CONFIG": str(self.config),
            "HAILUO_DATA_DIR": str(self.data),
            "PIXELBYTE_API_KEY": KEY,
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return Run(words, env, self.work, stdin, sabotage.planned(weak, last_step))

    def rows(self) -> list[Row]:
        """Every job, oldest first, of a ledger that is whole; sqlite3.DatabaseError where it is not."""
        return _rows(self.ledger) if self.ledger.exists() else []

    def peeked(self) -> list[Row]:
        """The same from a copy, so that the next command finds everything as the last one left it."""
        return self._from_a_copy(_rows) or []

    def is_known(self) -> bool:
        """Whether a command that ended has told somebody of an order."""
        return bool(self._from_a_copy(_announced))

    def _from_a_copy(self, read: Callable[[Path], T]) -> T | None:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            copy = shutil.copytree(self.data, Path(folder) / "data") if self.data.exists() else Path(folder)
            ledger = copy / self.ledger.name
            return read(ledger) if ledger.exists() else None

    def videos(self) -> dict[Path, str]:
        """Every file with a final name, with its hash."""
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(self.work.glob("*.mp4"))}

    def parts(self) -> list[str]:
        return sorted(path.name for path in self.work.iterdir() if ".part" in path.name)

    def leftovers(self) -> Iterator[Path]:
        """What a killed process left under a name of its own, which nobody reads again."""
        yield from self.data.glob("*.new*")
        yield from self.config.resolve().parent.glob(f".{self.config.resolve().name}.*")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _announced(ledger: Path) -> int:
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=rw", uri=True)) as db:
        count: int = db.execute("SELECT count(announced_at) FROM jobs").fetchone()[0]
        return count


def _rows(ledger: Path) -> list[Row]:
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=rw", uri=True)) as db:
        (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        return [
            Row(*row) for row in db.execute("SELECT id, state, ticket, prompt, path, sha256 FROM jobs ORDER BY seq")
        ]
