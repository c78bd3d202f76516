"""Runs targets for longer than the suite does: python -m tests.fuzz [T9 ... | orders] [--seconds 60]

Hypothesis first, in rounds of more and more examples; then, where Atheris is installed, as long again guided by coverage.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import importlib.util
import itertools
import pkgutil
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from . import __path__ as here
from .target import SUITE, TARGETS, Target

MODEL = "orders"
FIRST_ROUND = 100


def main(words: Sequence[str]) -> int:
    """Run what was asked for, print a line a property, and give 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="T9", help="T1 to T14, names of tests, or orders; all by default")
    parser.add_argument("--seconds", type=float, default=60, help="for each property and engine (60)")
    parser.add_argument("--atheris", action="store_true", help=argparse.SUPPRESS)  # the child of this very command
    asked = parser.parse_args(words)
    if asked.atheris:
        guided(asked.targets[0], asked.seconds)
    load()
    failures = 0
    if MODEL in asked.targets or not asked.targets:
        failures += report(MODEL, "hypothesis", lambda: life_stories(asked.seconds))
    for target in chosen(asked.targets):
        name = target.body.__name__
        failures += report(name, "hypothesis", functools.partial(random_inputs, target, asked.seconds))
        if importlib.util.find_spec("atheris"):
            failures += report(name, "atheris", functools.partial(in_a_child, name, asked.seconds))
    return min(failures, 1)


def load() -> None:
    """Import every module of this folder, which registers its targets."""
    for found in pkgutil.iter_modules(here):
        if found.name.startswith("test_"):
            importlib.import_module(f"{__package__}.{found.name}")


def chosen(names: Sequence[str]) -> list[Target]:
    """The targets that are meant by ids or names, in the order of their numbers."""
    found = [t for t in TARGETS if not names or any(n in (t.name, t.body.__name__) for n in names)]
    if not found and list(names) != [MODEL]:
        raise SystemExit(f"no such target; there are {MODEL} and T1 to T14")
    return sorted(found, key=lambda target: number(target.name))


def number(name: str) -> int:
    return int(name.removeprefix("T"))


def report(name: str, engine: str, run: Callable[[], tuple[int, str | None]]) -> bool:
    """Run one property and print how often it ran; whether it failed."""
    began = time.monotonic()
    executions, failure = run()
    took = time.monotonic() - began
    state = "FAILED" if failure else "ok"
    sys.stdout.write(f"{state:6} {engine:10} {executions:9} in {took:4.0f} s  {name}\n")
    if failure:
        sys.stdout.write(f"{failure}\n")
    sys.stdout.flush()
    return failure is not None


def random_inputs(target: Target, seconds: float) -> tuple[int, str | None]:
    """Values as Hypothesis likes them."""
    count = itertools.count()

    def counted(**values: Any) -> None:
        next(count)
        target.body(**values)

    failure = rounds(lambda examples: target.test(settings(SUITE, max_examples=examples), counted)(), seconds)
    return next(count), failure


def life_stories(seconds: float) -> tuple[int, str | None]:
    """The state machine of an order's life."""
    from .test_orders import Orders

    def run(examples: int) -> None:
        run_state_machine_as_test(Orders, settings=settings(SUITE, max_examples=examples, stateful_step_count=50))

    before = Orders.runs
    failure = rounds(run, seconds)
    return Orders.runs - before, failure


def rounds(run: Callable[[int], None], seconds: float) -> str | None:
    """Run more and more examples until the time is up; what failed."""
    began = time.monotonic()
    examples, done = FIRST_ROUND, 0
    while (left := seconds - (time.monotonic() - began)) > 0:
        try:
            run(examples)
        except Exception as error:  # noqa: BLE001 - what failed is the result
            notes = "\n".join(getattr(error, "__notes__", ()))
            return f"{type(error).__name__}: {error}\n{notes}"
        done += examples
        examples = min(2 * examples, max(FIRST_ROUND, int(done / (time.monotonic() - began) * left)))
    return None


def in_a_child(name: str, seconds: float) -> tuple[int, str | None]:
    """Atheris ends its process, so that it gets one of its own."""
    words = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds), "--atheris"]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    told = re.findall(r"^Done (\d+) runs|^#(\d+)\s", done.stderr, re.MULTILINE)
    executions = max((int(a or b) for a, b in told), default=0)
    return executions, done.stderr[-3000:] if done.returncode else None


def guided(name: str, seconds: float) -> None:
    """Let Atheris choose the bytes from which Hypothesis makes its values. Does not return."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["hailuo_cli"]):
        load()
    (target,) = chosen([name])
    kept = f"-artifact_prefix={tempfile.mkdtemp()}/"
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds:.0f}", kept], target.test(SUITE).hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
