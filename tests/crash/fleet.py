"""The ledger in PostgreSQL: a command or a server's process killed at every statement of an order, a COMMIT cut off.

After each fault the same command is run twice more: nothing is ordered twice, nothing is lost, and what is in doubt is
one row that one command settles. Two weaker ledgers must be caught.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support import postgres
from tests.support.cutting_proxy import CuttingProxy, Where
from tests.support.postgres import Cluster, execute
from tests.support.zygote import Exit, Run, Zygote

from . import sabotage
from .flows import FLOWS, Broken, Flow, Promise, batched, file_of_rows, judged, settled
from .home import Home, Row
from .lab import Lab, Verdict, Violation

ORDERS = ("submit", "submit-anew", "generate", "generate-anew")
MOST_STATEMENTS = 200
WORK = Flow("work", ("batch", "work", "--once"), batched, prepare=file_of_rows, ends=frozenset({0, 7}))
"""A worker that finds two rows in the queue."""


def missing() -> str | None:
    """Why this cannot be done here, None where it can."""
    return postgres.missing()


EMPTIED = "TRUNCATE hailuo_jobs, hailuo_batches, hailuo_rates, hailuo_workers, procrastinate_jobs CASCADE"


@dataclass(frozen=True)
class SharedHome(Home):
    """A user's folder whose ledger is in a database."""

    database: str = ""

    def run(self, *words: str, stdin: str = "", weak: str = "", last_step: int = 0, first: str = "") -> Run:
        run = super().run(*words, stdin=stdin, weak=weak)
        lines = [run.first, first, f"sabotage.leave_at_statement({last_step})" if last_step else ""]
        text = "\n".join(["import tests.crash.sabotage as sabotage", *filter(None, lines)])
        return replace(run, env={**run.env, "HAILUO_LEDGER": self.database}, first=text)

    def rows(self) -> list[Row]:
        found = execute(self.database, "SELECT id, state, ticket, prompt, path, sha256 FROM hailuo_jobs ORDER BY seq")
        return [Row(*row) for row in found]

    def peeked(self) -> list[Row]:
        return self.rows()

    def is_known(self) -> bool:
        return bool(execute(self.database, "SELECT 1 FROM hailuo_jobs WHERE announced_at IS NOT NULL"))


@dataclass(frozen=True)
class Site:
    """One cluster with one ledger, emptied for each point, and the lab that commands run in."""

    lab: Lab
    cluster: Cluster
    database: str

    @contextlib.contextmanager
    def home(self, zygote: Zygote, flow: Flow, number: int, database: str | None = None) -> Iterator[SharedHome]:
        """An empty ledger, and a folder that is gone afterwards."""
        execute(self.database, EMPTIED)
        made = Home.new(
            self.lab.folder / f"fleet-{number}", self.lab.api, f"fleet-{flow.name}.{number}.{time.monotonic_ns()}"
        )
        home = SharedHome(made.folder, made.api, made.customer, database or self.database)
        flow.prepare(home)
        if flow is WORK:
            put = zygote.run(replace(home, database=self.database).run("batch", "enqueue", "clips.csv", "--yes"))
            assert put.code == 0, put.err
        yield home
        shutil.rmtree(made.folder)

    def aftermath(self, zygote: Zygote, flow: Flow, home: SharedHome, first: Exit) -> list[Broken]:
        """What is broken once the same command was run twice more, and what was in doubt then settled."""
        plain = replace(home, database=self.database)
        ran = [first]
        while len(ran) < 3 and flow.again(plain):
            ran.append(zygote.run(flow.run(plain)))
        found = judged(flow, plain, ran)
        doubtful = [row.id for row in plain.rows() if row.state == "unconfirmed"]
        if len(doubtful) > 1:
            found.append(Broken(Promise.KEPT, f"one order in doubt left {len(doubtful)} rows"))
        if ran[-1].code == 7 and not found:
            for row_id in doubtful:
                zygote.run(plain.run("jobs", "resolve", row_id))
                found += settled(plain, row_id)
        return found


@contextlib.contextmanager
def site(lab: Lab) -> Iterator[Site]:
    """A cluster for as long as the block runs, whose tables are made and whose modules are imported."""
    with Cluster() as cluster:
        place = Site(lab, cluster, cluster.database())
        with lab.zygote() as zygote:
            home = SharedHome(**vars(Home.new(lab.folder / "fleet-warm", lab.api, "warm")), database=place.database)
            zygote.learn(home.run("jobs", "list"))
            zygote.learn(FLOWS["generate"].run(home))
            file_of_rows(home)
            zygote.learn(home.run("batch", "enqueue", "clips.csv", "--yes"))
            zygote.learn(WORK.run(home))
        yield place


def killed(site: Site, flow: Flow, every: int = 1) -> Verdict:
    """The command's own process ends before every statement of an order."""
    return _at_each(site, f"{flow.name}: killed", flow, every, lambda home, step: flow.run(home, last_step=step))


def orphaned(site: Site, flow: Flow, every: int = 1) -> Verdict:
    """The server's process for the connection is killed before every statement, and with it the whole server restarts."""

    def run(home: SharedHome, step: int) -> Run:
        asked = flow.run(home)
        return replace(asked, first=f"{asked.first}\nsabotage.kill_backend_at({step}, {str(_note(home))!r})")

    return _at_each(site, f"{flow.name}: backend killed", flow, every, run)


def cut(site: Site, flow: Flow, weak: str = "") -> Verdict:
    """The connection is cut before, in and after the COMMIT of the intent."""
    began = time.monotonic()
    violations: list[Violation | str] = []
    places: Sequence[Where] = ("before", "in", "after")
    for number, where in enumerate(places):
        folder = site.lab.folder / f"proxy-{number}"
        folder.mkdir(exist_ok=True)
        through = site.database.replace(str(site.cluster.folder), str(folder))
        with (
            CuttingProxy(folder, site.cluster.folder) as proxy,
            site.lab.zygote() as zygote,
            site.home(zygote, flow, number, through) as home,
        ):
            proxy.cut(where)
            first = zygote.run(flow.run(home, weak=weak))
            found = site.aftermath(zygote, flow, home, first)
            if proxy.cuts != 1:
                violations.append(f"{flow.name}: nothing was cut {where} the COMMIT")
            violations += [Violation(flow.name, f"{where} COMMIT", broken) for broken in found]
    return Verdict(f"{flow.name}: COMMIT cut", len(places), violations, time.monotonic() - began, weak)


def late(site: Site, weak: str = "") -> Verdict:
    """An order held up for longer than its lease, which somebody else has settled and made meanwhile, does not leave."""
    began = time.monotonic()
    flow = FLOWS["submit"]
    with site.lab.zygote() as zygote, site.home(zygote, flow, 0) as home:
        other = home.folder / "other"
        run = flow.run(home, weak=weak)
        environ = {**run.env, "HAILUO_DATA_DIR": str(other)}
        settle = f"sabotage.settle_meanwhile({home.database!r}, {str(other)!r}, {list(flow.words)!r}, {environ!r})"
        ran = zygote.run(replace(run, first=f"{run.first}\n{settle}"))
        orders = home.api.orders(home.customer)
        violations: list[Violation | str] = []
        if len(orders) != 1:
            broken = Broken(Promise.ONCE, f"{len(orders)} orders; {ran.err[-200:]}")
            violations.append(Violation(flow.name, "after its lease", broken))
        if not weak and ran.code != 11:
            violations.append(f"it ended {ran.code} and not 11: {ran.err[-300:]}")
    return Verdict("submit: late", 1, violations, time.monotonic() - began, weak)


def controls(site: Site) -> Verdict:
    """A ledger that takes an unanswered COMMIT for done, and one whose leases go by the worker's clock, are caught."""
    began = time.monotonic()
    found = [cut(site, FLOWS["submit"], sabotage.TRUSTING), late(site, sabotage.OWN_CLOCK)]
    missed = [f"nobody noticed: {verdict.remarks}" for verdict in found if not verdict.violations]
    seen = "; ".join(f"{verdict.remarks}: {len(verdict.violations)} violations" for verdict in found)
    return Verdict("controls", sum(verdict.tried for verdict in found), missed, time.monotonic() - began, seen)


def everything(lab: Lab, every: int = 1) -> Iterator[Verdict]:
    """Every flow that orders, and the controls."""
    with site(lab) as here:
        for name in ORDERS:
            yield killed(here, FLOWS[name], every)
        yield killed(here, WORK, every)
        for name in ("submit", "generate"):
            yield orphaned(here, FLOWS[name], every)
        yield orphaned(here, WORK, every)
        for name in ORDERS:
            yield cut(here, FLOWS[name])
        yield late(here)
        yield controls(here)


def _at_each(site: Site, name: str, flow: Flow, every: int, run: Callable[[SharedHome, int], Run]) -> Verdict:
    """A fault before every so-manieth statement, until a run has no statement more."""
    began = time.monotonic()
    violations: list[Violation | str] = []
    codes: set[int] = set()
    step = tried = 1
    with site.lab.zygote() as zygote:
        while step < MOST_STATEMENTS:
            with site.home(zygote, flow, step) as home:
                first = zygote.run(run(home, step))
                codes.add(first.code)
                found = site.aftermath(zygote, flow, home, first)
                violations += [Violation(flow.name, f"statement {step}", broken) for broken in found]
                is_reached = first.killed or _note(home).exists()
            if not is_reached:
                break
            step, tried = step + every, tried + 1
    return Verdict(name, tried, violations, time.monotonic() - began, f"ended {sorted(codes)}")


def _note(home: Home) -> Path:
    """What is there once a backend was killed."""
    return home.folder / "killed"
