"""Installs the peers, runs every comparison, and writes the table and the plot.

python -m benchmarks            everything, some minutes; writes benchmarks/speed.svg and its section of docs/speed.md
python -m benchmarks --quick    fewer rounds, smaller files; only prints
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import report
from .measure import Launcher
from .peers import PEERS, ROOT, WITHOUT_A_COMMAND, Installed, install, install_hailuo, versions
from .rows import ROWS, SIZES, Bench
from .server import make_video

PAGE, PLOT = ROOT / "docs" / "speed.md", ROOT / "benchmarks" / "speed.svg"


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="fewer rounds and smaller files; writes nothing")
    options.add_argument("--only", choices=ROWS, action="append", help="only these comparisons; writes nothing")
    options.add_argument("--scratch", type=Path, default=ROOT / "build" / "benchmarks", help="where the peers go")
    given = options.parse_args()
    scratch = given.scratch.resolve()
    home, videos = scratch / "home", scratch / "videos"
    for folder in (home, videos):
        folder.mkdir(parents=True, exist_ok=True)

    _say("installing")
    hailuo = install_hailuo(scratch)
    peers = [install(peer, scratch, home) for peer in PEERS]
    for name, size in SIZES.items():
        make_video(videos / f"{name}.mp4", size)
    shutil.rmtree(scratch / "data", ignore_errors=True)
    began = time.monotonic()
    cert, key = _certificate(scratch)
    tls = ["--tls", str(cert), str(key)]
    with _server(videos) as origin, _server(videos, *tls) as secure, Launcher(home, scratch) as launcher:
        config = "".join(
            f'[profiles.{name}]\npoll_interval = "{pause}"\n[profiles.{name}.providers.minimax]\nbase_url = "{url}"\n'
            for name, url, pause in (("bench", origin, "10s"), ("secure", secure, "10s"), ("quick", origin, "0.5s"))
        )
        (scratch / "hailuo.toml").write_text(f'default_profile = "bench"\n{config}')
        bench = Bench(launcher, origin, hailuo, peers, scratch, given.quick, secure, cert)
        for name, measure in ROWS.items():
            if not given.only or name in given.only:
                _say(name)
                measure(bench)
    _say(f"{time.monotonic() - began:.0f} s")
    section = _section(bench, hailuo, peers)
    sys.stdout.write(section)
    if not given.quick and not given.only:
        PLOT.write_text(report.plot(bench.bars), encoding="utf-8")
        report.write_section(PAGE, section)


def _section(bench: Bench, hailuo: Installed, peers: Sequence[Installed]) -> str:
    found = versions(hailuo.python, "typer", "httpx")
    there = ", ".join(f"{tool.name} {tool.version}" for tool in peers if not tool.failure)
    missing = [f"{tool.name} could not be installed: {tool.failure}" for tool in peers if tool.failure]
    failed = [f"Did not take part: {failure}" for failure in bench.failures]
    today = datetime.datetime.now(datetime.UTC).date()
    lines = [
        report.table(bench.rows),
        "![hailuo beside other tools](../benchmarks/speed.svg)",
        "",
        f"{today}. hailuo {hailuo.version} with typer {found['typer']} and httpx {found['httpx']}; {_curl()}; {there}.",
        f"{_machine()}. {' and '.join(WITHOUT_A_COMMAND)} have no command; mmx-cli downloads over TLS only.",
        *missing,
        *failed,
    ]
    return "\n".join(lines) + "\n"


@contextmanager
def _server(videos: Path, *options: str) -> Iterator[str]:
    """The loopback server in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.server", str(videos), *options]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _certificate(scratch: Path) -> tuple[Path, Path]:
    """A certificate for this machine and its key, by openssl."""
    cert, key = scratch / "cert.pem", scratch / "key.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=127.0.0.1"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    return cert, key


def _machine() -> str:
    """The kind of machine, never its name."""
    cores = os.cpu_count()
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f", {round(pages / 2**30)} GiB"
    except (OSError, ValueError):
        model, memory = None, ""
    kind = model[1].strip() if model else platform.machine()
    return f"{platform.system()} on {cores} × {kind}{memory}, Python {platform.python_version()}"


def _curl() -> str:
    told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(told.split()[:2])


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
