"""Which rows of a batch a command is about."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from .words import some

_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a batch, `number` from 1; every row is in exactly one, whatever else is in the file."""

    number: int
    count: int

    @classmethod
    def parsed(cls, text: str) -> Shard:
        """From "2/5"; UsageError for anything else."""
        found = _SHARD.fullmatch(text.strip())
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count:
            raise UsageError(f'--shard "{text}" is not a part such as 2/5', hint="--shard 1/5 to --shard 5/5")
        return cls(number, count)

    def has(self, row_id: str) -> bool:
        """Whether a row is in this part, by the SHA-256 of its id."""
        number = int.from_bytes(hashlib.sha256(row_id.encode()).digest(), "big")
        return number % self.count == self.number - 1


@dataclass(frozen=True)
class Selection:
    """The rows whose ids match one of `only` (all where it is empty) and that are in the shard."""

    only: Sequence[str] = ()
    shard: Shard | None = None

    def has(self, row_id: str) -> bool:
        """Whether a row is meant."""
        if self.shard and not self.shard.has(row_id):
            return False
        return not self.only or any(_matches(row_id, glob) for glob in self.only)

    def must_match(self, row_ids: Iterable[str]) -> None:
        """UsageError, with ids that are near, where a pattern of `only` matches none of the ids of a whole file."""
        ids = list(row_ids)
        if unknown := [glob for glob in self.only if not any(_matches(row_id, glob) for row_id in ids)]:
            raise UsageError(f"no row matches {', '.join(unknown)}", hint=_near(unknown, ids))


def _matches(row_id: str, glob: str) -> bool:
    return fnmatch.fnmatchcase(row_id.casefold(), glob.casefold())


def _near(globs: Iterable[str], ids: Sequence[str]) -> str | None:
    """The ids that come next to patterns, else a few of those that there are."""
    by_folded = {row_id.casefold(): row_id for row_id in ids}
    near: dict[str, None] = {}
    for glob in globs:
        plain = re.sub(r"[*?\[\]!]", "", glob).casefold()
        near |= dict.fromkeys(by_folded[found] for found in difflib.get_close_matches(plain, by_folded, 3))
    if near:
        return f"near: {some(list(near))}"
    return f"rows: {some(ids)}" if ids else None
