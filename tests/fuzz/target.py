"""A target: a property of one parser, run by pytest as a test and by `python -m tests.fuzz` for as long as one likes."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SEEDS = Path(__file__).parent / "seeds"
MOST = 200
SUITE = settings(
    max_examples=MOST,
    deadline=None,  # examples are bounded by what they cost (test_bounds), not by a clock that other processes slow down
    derandomize=True,  # `python -m tests.fuzz` looks for new ones
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Property = Callable[..., None]


@dataclass(frozen=True)
class Target:
    """One property, and what it is given."""

    body: Property
    inputs: Mapping[str, st.SearchStrategy[Any]]
    examples: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def name(self) -> str:
        """The target's id: T1 to T14."""
        return self.body.__name__.split("_")[1]

    def test(self, how: settings, body: Property | None = None) -> Any:
        """The property as Hypothesis runs it; `body` may stand in for it, to count for instance."""
        test = given(**self.inputs)(body or self.body)
        for values in self.examples:
            test = example(**values)(test)
        return settings(how)(test)


TARGETS: list[Target] = []


def target(
    *, examples: Sequence[Mapping[str, Any]] = (), most: int = MOST, **inputs: st.SearchStrategy[Any]
) -> Callable[[Property], Callable[[], None]]:
    """Register a property, whose name begins with its target's id, and make a test of it, of `most` examples."""

    def registered(body: Property) -> Callable[[], None]:
        assert re.match(r"test_T([1-9]|1[0-4])_", body.__name__), body.__name__
        TARGETS.append(Target(body, inputs, examples))
        test: Callable[[], None] = TARGETS[-1].test(settings(SUITE, max_examples=most))
        return test

    return registered


def scratch() -> Path:
    """A new folder, in memory where the system has such a place: what is on disk when is not what fuzzing asks."""
    memory = Path("/dev/shm")  # noqa: S108
    return Path(tempfile.mkdtemp(prefix="hailuo-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


def seeds(name: str) -> list[Any]:
    """The inputs that are kept in a file."""
    found: list[Any] = json.loads((SEEDS / f"{name}.json").read_text("ascii"))
    return found
