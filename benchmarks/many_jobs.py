"""What waiting for many jobs at once costs: python benchmarks/many_jobs.py [JOBS ...]

Each number of jobs is waited for by a process of its own, against a loopback server in another one. Measured are the
processor time a poll, the memory a job, and how both grow; the ratios are what counts, the times are this machine's.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hailuo_cli.config.profiles import load
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Secret
from hailuo_cli.orders.context import Context
from hailuo_cli.orders.delivery import Delivery
from hailuo_cli.orders.events import Finished
from hailuo_cli.orders.lookup import find_all
from hailuo_cli.orders.wait_and_save import deliver
from hailuo_cli.transport import Fetcher, Session

LOOKS = 3
"""A job is done at its third look."""


async def served() -> None:
    """Tell the states of Pixazo's jobs, and how many looks there were, until the standard input ends."""
    looks: Counter[str] = Counter()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            ticket = line.split()[1].rpartition(b"/")[2].decode()
            said: dict[str, Any] = {"total": looks.total(), "jobs": len(looks)}
            if ticket != "total":
                looks[ticket] += 1
                said = {"request_id": ticket, "status": "PROCESSING"}
                if looks[ticket] >= LOOKS:
                    said |= {"status": "COMPLETED", "output": {"media_url": ["https://v.example/a.mp4"]}}
            body = json.dumps(said).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


def waited(url: str, count: int) -> dict[str, float]:
    """Wait for so many jobs in this process."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Context(
            config=load(None, None, {"PIXAZO_API_KEY": "benchmark", "HAILUO_CONFIG": ""}),
            open_ledger=lambda: Ledger(Path(folder) / "ledger.sqlite3"),
            connect=lambda account: Session(account.provider, url, Secret("benchmark")),
            fetcher=Fetcher,
        )
        with desk:
            entries = find_all(desk, [f"pixazo:{count}-{number}" for number in range(count)])
            before, began = time.process_time(), time.monotonic()
            events = deliver(desk, entries, Delivery(save=False))
            ready = sum(isinstance(event, Finished) and event.error is None for event in events)
            spent, took = time.process_time() - before, time.monotonic() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux
    return {"jobs": count, "ready": ready, "cpu": spent, "wall": took, "memory": memory}


def measured(url: str, count: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--wait", url, str(count)]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        return asyncio.run(served())
    if sys.argv[1:2] == ["--wait"]:
        sys.stdout.write(json.dumps(waited(sys.argv[2], int(sys.argv[3]))))
        return None
    counts = [int(word) for word in sys.argv[1:]] or [200, 2000]
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout  # noqa: S101
        url = server.stdout.readline().strip()
        runs = [measured(url, count) for count in counts]
        server.communicate("")
    for run in runs:
        polls = run["jobs"] * LOOKS
        sys.stdout.write(
            f"{run['jobs']:6.0f} jobs: {run['ready']:.0f} ready, {run['cpu'] / polls * 1000:.2f} ms CPU a poll,"
            f" {run['cpu']:.2f} s CPU, {run['wall']:.2f} s, {run['memory'] / 1024:.1f} MiB\n"
        )
    first, last = runs[0], runs[-1]
    grown = (last["memory"] - first["memory"]) / max(1, last["jobs"] - first["jobs"])
    sys.stdout.write(
        f"{last['jobs'] / first['jobs']:.1f} x the jobs cost {last['cpu'] / first['cpu']:.1f} x the processor time,"
        f" {last['wall'] / first['wall']:.1f} x the time, {grown:.1f} KiB a job\n"
    )
    return None


if __name__ == "__main__":
    main()
