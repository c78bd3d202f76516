"""`python -m benchmarks.fleet`: what an order costs a ledger in PostgreSQL, and what 1,000 workers would cost it.

Measured: latency and throughput of one process and of eight on one cluster, the server's CPU time for each kind of step,
the bytes of a row. From these a fleet is played, step by step, against a server of so many cores and one disk that syncs.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from hailuo_cli.ledger.limits import Allowance, Cap, Span
from hailuo_cli.ledger.postgres import PostgresLedger
from hailuo_cli.ledger.postgres_server import Server
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from hailuo_cli.money import dollars
from tests.support import postgres
from tests.support.postgres import Cluster, execute

PROMPT = "A lighthouse above a grey sea, slowly pushing in, the lamp turning once. " * 3
REQUEST = '{"prompt": "' + PROMPT + '", "family": "hailuo-2.3", "duration": 6, "resolution": "768P"}'
PRICE = 350_000_000
JOB_SECONDS, LOOK_SECONDS = 120.0, 12.0
"""A job of the simulated fleet takes about so long, and is looked at so often."""
AT_ONCE = 8
GB_MONTH_USD = 0.115
"""What a gigabyte of a managed database's disk costs a month, roughly; an assumption, not a measurement."""


@dataclass(frozen=True)
class Cost:
    """What one step costs: seconds as its caller sees them on an idle server, CPU seconds of the server, and syncs."""

    latency: float
    cpu: float
    syncs: int


STEPS: Mapping[str, tuple[int, Callable[[PostgresLedger, Job], object]]] = {
    "slot of the rate": (1, lambda ledger, _: ledger.store.take_slot("orders:https://a.example", 1e9)),
    "intent": (1, lambda ledger, job: ledger.begin(replace(job, id=""))),
    "lease before the POST": (1, lambda ledger, job: ledger.renew(job)),
    "ticket": (1, lambda ledger, job: ledger.move(job, JobState.SUBMITTED, ticket=job.id)),
    "news of a look": (1, lambda ledger, job: ledger.note(job, progress=random.random())),  # noqa: S311
}
"""Steps of an order, in their order, each with the syncs it waits for."""


def main(words: Sequence[str]) -> int:
    asked = _parser().parse_args(words)
    if reason := postgres.missing():
        print(reason)  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory(prefix="hailuo-fleet-", dir=asked.disk) as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder), fsync="on", shared_buffers="256MB", max_connections="64") as cluster:
            _said(measured(cluster, Path(folder), asked.rows))
            costs = costs_of(cluster, Path(folder))
            row_bytes = bytes_of_a_row(cluster, Path(folder), asked.rows)
    _said([f"{name}: {c.latency * 1e3:.1f} ms, {c.cpu * 1e3:.2f} ms of the server's CPU" for name, c in costs.items()])
    disk = row_bytes / 100  # gigabytes of ten million rows
    year = disk * GB_MONTH_USD * 12
    _said([f"a row with its indexes: {row_bytes:.0f} bytes; of 10,000,000: {disk:.1f} GB, about {year:.0f} USD a year"])
    for workers in (10, 100, 1000, 3000, 10_000):
        _said([str(play(workers, costs, asked.cores))])
    return 0


def measured(cluster: Cluster, folder: Path, rows: int) -> list[str]:
    """Latency and throughput of one process and of eight, a limit held by all of them, and the same of a file."""
    said = []
    for processes in (1, 8):
        url = _made(cluster, folder)
        took, latencies = _run(processes, rows, url, folder, is_contended=False)
        count = processes * rows
        said.append(
            f"{processes} × {rows} orders: {count / took:.0f} a second; an order (intent, lease, ticket) takes"
            f" {statistics.median(latencies) * 1e3:.1f} ms, at worst {max(latencies) * 1e3:.0f} ms"
        )
        _must(_ordered_once(url) == count)
    url = _made(cluster, folder)
    took, latencies = _run(8, rows, url, folder, is_contended=True)
    with PostgresLedger(Server(url), folder / "last") as ledger:
        held = ledger.spending(_cap(rows)).held
    _must(held <= _cap(rows).usd)
    once = _ordered_once(url)
    said.append(f"8 processes at the same {rows} rows, with money for half: {once} ordered, each once, {held} USD held")
    with Ledger(folder / "file" / "ledger.sqlite3") as ledger_file:
        began = time.perf_counter()
        for number in range(100):
            job, _ = ledger_file.begin(_intent(f"f{number}"))
            ledger_file.renew(job)
            ledger_file.move(job, JobState.SUBMITTED, ticket=f"f{number}")
        each = (time.perf_counter() - began) / 100
    return [*said, f"the same in a file (SQLite): {each * 1e3:.1f} ms an order"]


def costs_of(cluster: Cluster, folder: Path, count: int = 300) -> dict[str, Cost]:
    """What each step costs on an idle server."""
    found: dict[str, Cost] = {}
    url = _made(cluster, folder)
    jobs = [_intent(f"row-{number}") for number in range(count)]
    for name, (syncs, step) in STEPS.items():
        before, began = _cpu(cluster), time.perf_counter()
        with PostgresLedger(Server(url), folder / "one") as ledger:
            for job in jobs:
                step(ledger, job)
            if name == "intent":
                jobs = ledger.recent(count)
        latency, cpu = (time.perf_counter() - began) / count, (_cpu(cluster) - before) / count
        found[name] = Cost(latency, cpu, syncs)
    return found


def bytes_of_a_row(cluster: Cluster, folder: Path, rows: int) -> float:
    """What a row of a finished order takes, indexes included."""
    url = _made(cluster, folder)
    with PostgresLedger(Server(url), folder / "one") as ledger:
        for number in range(max(rows, 1000)):
            row = {"id": _letters(number), "provider": "pixazo", "state": "saved", "ticket": f"t-{number:036}"}
            row |= {
                "prompt": PROMPT,
                "request": REQUEST,
                "request_hash": f"{number:064}",
                "fingerprint": f"{number:064}",
            }
            row |= {"batch": "spring", "row": f"sku-{number}", "dedupe_key": f"batch/spring/sku-{number}/take-1"}
            row |= {"path": f"/srv/films/sku-{number}.mp4", "sha256": f"{number:064}", "video_url": "h" * 200}
            ledger.take_in(row)
    ((size,),) = execute(url, "SELECT pg_total_relation_size('hailuo_jobs')")
    return float(size) / max(rows, 1000)


@dataclass(frozen=True)
class Played:
    """How a fleet of so many workers fares."""

    workers: int
    orders: float
    cpu: float
    syncs: float
    wait: float

    def __str__(self) -> str:
        return (
            f"{self.workers:>6} workers: {self.orders:.0f} orders a second, {self.cpu:.0%} of the server's CPU, "
            f"{self.syncs:.0f} commits a second, a step waits {self.wait * 1e3:.1f} ms"
        )


def play(workers: int, costs: Mapping[str, Cost], cores: int, seconds: float = 20.0, sync: float = 0.002) -> Played:
    """Play workers with `AT_ONCE` jobs each against a server: steps queue for a core, and commits for the next sync.

    Syncs are shared: whatever has come to its commit when one begins is in it.
    """
    rng = random.Random(workers)  # noqa: S311 - a simulation
    free = [0.0] * cores
    heapq.heapify(free)
    busy, commits, orders, waited, steps = 0.0, 0, 0, 0.0, 0
    looks = int(JOB_SECONDS / LOOK_SECONDS)
    life = ["slot of the rate", "intent", "lease before the POST", "ticket"]
    life += ["slot of the rate", "news of a look"] * looks + ["news of a look"] * 3
    # jobs are somewhere in their lives when this begins
    due = [(rng.random() * LOOK_SECONDS, rng.randrange(len(life)), number) for number in range(workers * AT_ONCE)]
    due += [(rng.random() * 15.0, -1, -1 - number) for number in range(workers)]  # leases and heartbeats
    heapq.heapify(due)
    while due and due[0][0] < seconds:
        now, at, number = heapq.heappop(due)
        name = "lease before the POST" if at < 0 else life[at]
        cost = costs[name]
        core = heapq.heappop(free)
        begins = max(now, core)
        ends = begins + cost.cpu
        heapq.heappush(free, ends)
        busy, steps, commits = busy + cost.cpu, steps + 1, commits + cost.syncs
        done = ends + (sync - ends % sync if cost.syncs else 0.0)
        waited += done - now
        if at < 0:
            heapq.heappush(due, (now + 15.0, at, number))
            continue
        orders += name == "ticket"
        following = (at + 1) % len(life)
        rests = LOOK_SECONDS * rng.uniform(0.8, 1.2) if name == "news of a look" and following else 0.0
        heapq.heappush(due, (done + rests, following, number))
    return Played(workers, orders / seconds, busy / (seconds * cores), commits / seconds, waited / max(steps, 1))


def _run(processes: int, rows: int, url: str, folder: Path, *, is_contended: bool) -> tuple[float, list[float]]:
    began = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        asked = [(url, str(folder / f"m{number}"), number, rows, is_contended) for number in range(processes)]
        latencies = [one for found in pool.map(_order_all, asked) for one in found]
    return time.perf_counter() - began, latencies


def _order_all(asked: tuple[str, str, int, int, bool]) -> list[float]:
    """One process: every row in an order of its own, paid where it is the first; how long each of its orders took."""
    from hailuo_cli.errors import CostLimit

    url, folder, number, rows, is_contended = asked
    names = [f"row-{row}" if is_contended else f"row-{number}-{row}" for row in range(rows)]
    random.Random(number).shuffle(names)  # noqa: S311 - any order will do
    allowance = Allowance((_cap(rows),)) if is_contended else None
    took = []
    with PostgresLedger(Server(url), Path(folder)) as ledger:
        for name in names:
            began = time.perf_counter()
            try:
                job, is_new = ledger.begin(_intent(name), lambda earlier: next(iter(earlier.keyed), None), allowance)
            except CostLimit:
                continue
            if is_new:
                ledger.renew(job)
                ledger.move(job, JobState.SUBMITTED, ticket=name)
                took.append(time.perf_counter() - began)
    return took


def _intent(name: str) -> Job:
    return Job(
        id="", provider="pixazo", state=JobState.SUBMITTING, prompt=name, model="m", duration=6, resolution="768P",
        fingerprint=f"{name:>64}", request_hash=f"{name:>64}", request=REQUEST, dedupe_key=f"batch/spring/{name}/take-1",
        batch="spring", row=name, reserved=PRICE, price_usd=0.35,
    )  # fmt: skip


def _cap(rows: int) -> Cap:
    return Cap(Span.BATCH, dollars(PRICE * (rows // 2)), "spring")


def _ordered_once(url: str) -> int:
    ((rows, tickets),) = execute(url, "SELECT count(*), count(DISTINCT ticket) FROM hailuo_jobs")
    _must(rows == tickets)
    return int(rows)


def _must(holds: bool) -> None:
    if not holds:
        raise SystemExit("a row was ordered twice, or a limit was passed")


def _made(cluster: Cluster, folder: Path) -> str:
    url = cluster.database()
    PostgresLedger(Server(url), folder / "one").__exit__()
    return url


def _cpu(cluster: Cluster) -> float:
    """CPU seconds of the server and of every connection's process that has ended."""
    time.sleep(0.3)  # the last one is put away
    fields = Path(f"/proc/{cluster.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _letters(number: int) -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "".join(letters[number // len(letters) ** place % len(letters)] for place in range(8))


def _said(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--rows", type=int, default=500, help="orders of each process")
    parser.add_argument("--cores", type=int, default=8, help="of the simulated server")
    parser.add_argument("--disk", type=Path, default=Path("/var/tmp"), help="where the cluster is kept")  # noqa: S108
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
