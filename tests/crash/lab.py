"""Where runs happen: the provider, a few zygotes, and a fresh home for every point."""

from __future__ import annotations

import contextlib
import itertools
import queue
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hailuo_cli.errors import Unconfirmed
from tests.support.zygote import Exit, Zygote

from . import sabotage
from .api import Api
from .flows import FLOWS, Broken, Flow, at_once, judged, settled
from .home import Home

T = TypeVar("T")
R = TypeVar("R")
MEMORY = Path("/dev/shm")  # noqa: S108
"""Where homes are kept if it is there: a kill leaves a file as a disk would, and a sync costs nothing."""


@dataclass(frozen=True)
class Violation:
    flow: str
    where: str
    broken: Broken

    def __str__(self) -> str:
        return f"{self.flow} at {self.where}: {self.broken}"


@dataclass(frozen=True)
class Verdict:
    """One row of the table: how many points were tried, and everything that was broken."""

    name: str
    tried: int
    violations: Sequence[Violation | str]
    seconds: float
    remarks: str = ""


@dataclass
class Lab:
    folder: Path
    api: Api
    zygotes: Sequence[Zygote]
    _idle: queue.SimpleQueue[Zygote] = field(default_factory=queue.SimpleQueue)
    _templates: dict[str, Home] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        for zygote in self.zygotes:
            self._idle.put(zygote)

    @contextlib.contextmanager
    def zygote(self) -> Iterator[Zygote]:
        """One that is idle, for this thread alone."""
        found = self._idle.get()
        try:
            yield found
        finally:
            self._idle.put(found)

    def each(self, function: Callable[[T], Sequence[R]], items: Iterable[T]) -> list[R]:
        """Everything found, tried side by side on every zygote."""
        with ThreadPoolExecutor(len(self.zygotes)) as pool:
            return [one for found in pool.map(function, items) for one in found]

    def prepared(self, flow: Flow) -> None:
        """Lay a flow's home out once, to be copied for every point; to be called before threads are at work."""
        if flow.name not in self._templates:
            home = Home.new(self.folder / flow.name, self.api, flow.name)
            with self.zygote() as zygote:
                flow.laid_out(home, zygote)
            self._templates[flow.name] = home
            self._known[flow.name] = {row.id for row in home.rows()}

    def aftermath(self, zygote: Zygote, flow: Flow, home: Home, first: Exit) -> list[Broken]:
        """What is broken after a run with a fault: at once, when the same command was run twice more, and when what
        is in doubt then was resolved. It is not run again where by now it would be another intent.
        """
        found = list(at_once(home, self._known[flow.name]))
        ran = [first]
        while len(ran) < 3 and flow.again(home):
            ran.append(zygote.run(flow.run(home)))
        found += judged(flow, home, ran)
        if ran[-1].code == Unconfirmed.exit and not found:
            for row in home.rows():
                if row.state == "unconfirmed":
                    zygote.run(home.run("jobs", "resolve", row.id))
                    found += settled(home, row.id)
        return found

    @contextlib.contextmanager
    def home(self, flow: Flow) -> Iterator[Home]:
        """What a flow finds, for one point, and gone afterwards."""
        customer = f"{flow.name}.{next(self._numbers)}"
        home = self._templates[flow.name].copied(self.folder / customer, customer)
        yield home
        shutil.rmtree(home.folder)


@contextlib.contextmanager
def lab(workers: int = 2) -> Iterator[Lab]:
    """A provider and so many zygotes, which know by one run of every flow what to import."""
    with contextlib.ExitStack() as stack:
        where = MEMORY if MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hailuo-crash-", dir=where)))
        api = stack.enter_context(Api())
        zygotes = [
            stack.enter_context(Zygote(folder / f"zygote{number}", (sabotage.__name__,))) for number in range(workers)
        ]
        for number, zygote in enumerate(zygotes):
            for flow in FLOWS.values():
                name = f"warm{number}-{flow.name}"
                home = Home.new(folder / name, api, name)
                flow.laid_out(home, zygote)
                zygote.learn(flow.run(home))
        yield Lab(folder, api, zygotes)
