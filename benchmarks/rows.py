"""What is measured: each function runs one comparison and gives its rows of the table and its bars of the plot."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import struct
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .measure import Contender, Launcher, Taken
from .peers import KEY, PROMPT, Installed, mmx_options

MIB = 1 << 20
IMAGE_BYTES = 19_000_000
SIZES = {"100K": 100 * 1024, "5M": 5 * MIB, "64M": 64 * MIB, "256M": 256 * MIB, "1G": 1024 * MIB}
"""The videos of the server, in bytes."""
EMPTY = """import typer
app = typer.Typer(add_completion=True, rich_markup_mode=None, pretty_exceptions_enable=False)
@app.command()
def empty() -> None:
    "Does nothing."
app()
"""
IMPORTS = """import sys
sys.modules["click"] = None
import typer, httpx, httpcore
"""
POST = """import httpx, sys
body = {"model": "MiniMax-Hailuo-2.3", "prompt": sys.argv[2]}
reply = httpx.post(sys.argv[1] + "/v1/video_generation", json=body, headers={"Authorization": "Bearer key"})
print(reply.json()["task_id"])
"""
POST_IMAGE = """import base64, httpx, sys
def body():
    yield b'{"model": "MiniMax-Hailuo-2.3", "prompt": "x", "first_frame_image": "data:image/jpeg;base64,'
    with open(sys.argv[2], "rb") as file:
        while block := file.read(3 * 65536):
            yield base64.b64encode(block)
    yield b'"}'
print(httpx.post(sys.argv[1] + "/v1/video_generation", content=body()).json()["task_id"])
"""
READS = """import sys
from hailuo_cli.request import images
def read():
    return int(next(line for line in open("/proc/self/io") if line.startswith("rchar")).split()[1])
nothing = -read() + read()
before = read()
images.local(sys.argv[1]).file.close()
print(read() - before - nothing)
"""


@dataclass(frozen=True)
class Row:
    """One line of the table. The target is the most the ratio may be, or the least where `at_least`."""

    what: str
    ours: str
    against: str
    ratio: float | None
    target: float
    at_least: bool = False
    others: str = ""
    limit: str = ""
    """What the target is called where it is not a ratio."""

    @property
    def met(self) -> bool:
        if self.ratio is None:
            return False
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


@dataclass(frozen=True)
class Bars:
    """One group of the plot: names with values, the shorter the better."""

    title: str
    unit: str
    values: Sequence[tuple[str, float]]


@dataclass
class Bench:
    """Everything that a comparison needs."""

    launcher: Launcher
    origin: str
    hailuo: Installed
    peers: Sequence[Installed]
    scratch: Path
    quick: bool
    secure: str = ""
    """The same server over TLS, with the certificate `cert`."""
    cert: Path = Path()
    rows: list[Row] = field(default_factory=list)
    bars: list[Bars] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _fresh: Iterator[int] = field(default_factory=itertools.count)

    def in_turn(self, contenders: Sequence[Contender], rounds: int) -> dict[str, Taken]:
        taken = self.launcher.in_turn(contenders, max(3, rounds // 4) if self.quick else rounds)
        for one in taken.values():
            if one.failure and (failure := f"{one.name}: {one.failure}") not in self.failures:
                self.failures.append(failure)
        return {name: one for name, one in taken.items() if not one.failure}

    def ours(self, name: str, *words: str, env: Mapping[str, str] | None = None) -> Contender:
        return Contender(name, [str(self.hailuo.command), *words], {**self.env, **(env or {})})

    def python(self, name: str, script: str, *words: str) -> Contender:
        return Contender(name, [str(self.hailuo.python), "-c", script, *words], self.env)

    def theirs(self, words: Callable[[Installed], Sequence[str] | None]) -> list[Contender]:
        """One contender for every peer that is there and takes part; some need seconds, so in each third round."""
        found = []
        for tool in self.peers:
            taking_part = words(tool) if tool.peer and not tool.failure else None
            if taking_part is not None and tool.peer:
                argv = [str(tool.command), *taking_part]
                found.append(Contender(tool.name, argv, tool.peer.env(self.origin), every=3))
        return found

    @property
    def env(self) -> Mapping[str, str]:
        return {
            "MINIMAX_API_KEY": KEY,
            "HAILUO_CONFIG": str(self.scratch / "hailuo.toml"),
            "HAILUO_DATA_DIR": str(self.scratch / "data"),
        }

    def counted(self) -> Mapping[str, int]:
        """How often the server was asked for what since the last time."""
        with urllib.request.urlopen(f"{self.origin}/counts") as reply:  # noqa: S310 - our own server
            return json.loads(reply.read())  # type: ignore[no-any-return]

    def ticket(self, video: str) -> str:
        return f"minimax:{video}-{next(self._fresh)}"


def starting(bench: Bench) -> None:
    """How long it takes to say a version, a help text, a completion."""
    script = bench.scratch / "empty.py"
    script.write_text(EMPTY)
    empty = Contender("empty", [str(bench.hailuo.python), str(script)])
    completion = {"_HAILUO_COMPLETE": "complete_bash", "COMP_WORDS": "hailuo su", "COMP_CWORD": "1"}
    taken = bench.in_turn(
        [
            empty,
            bench.python("bare", "pass"),
            bench.ours("--version", "--version"),
            bench.ours("--help", "--help"),
            bench.ours("completion", env=completion),
            *bench.theirs(lambda _: ["--version"]),
        ],
        21,
    )
    against = f"an empty Typer command, {_ms(taken['empty'])}"
    others = _listed(taken, bench.peers)
    for what in ("--version", "--help", "completion"):
        shown = f"`hailuo {what}`" if what != "completion" else "a completion call"
        ratio = taken[what].wall / taken["empty"].wall
        others_here = f"`--version`: {others}" if what == "--version" and others else ""
        bench.rows.append(Row(shown, _ms(taken[what]), against, ratio, 1.25, others=others_here))
    bench.bars.append(
        Bars("--version", "ms", [("bare Python", taken["bare"].wall * 1000), *_bars(taken, "--version", bench.peers)])
    )


def ordering(bench: Bench) -> None:
    """How long an order takes from the command line to its ticket, from text and with a large image."""
    image, body = bench.scratch / "frame.jpg", bench.scratch / "body.json"
    make_jpeg(image, IMAGE_BYTES)
    data = base64.b64encode(image.read_bytes()).decode()
    body.write_text(json.dumps({"prompt": PROMPT, "first_frame_image": f"data:image/jpeg;base64,{data}"}))
    post = f"{bench.origin}/v1/video_generation"
    curl = ["curl", "-sS", "-o", "/dev/null", "-X", "POST", "-H", "Content-Type: application/json", "-H", "Expect:"]
    with_image = {"mmx-cli": ["--image", str(image)]}
    taken = bench.in_turn(
        [
            bench.python("imports", IMPORTS),
            bench.python("httpx", POST, bench.origin, PROMPT),
            bench.ours("text", "submit", PROMPT),
            *bench.theirs(lambda tool: tool.peer.submit(bench.origin) if tool.peer else None),
        ],
        15,
    )
    python = f'`python -c "import httpx; …"`, {_ms(taken["httpx"])}'
    ratio = taken["text"].wall / taken["httpx"].wall
    others = _listed(taken, bench.peers, peak=True)
    ours = f"{_ms(taken['text'])}, {taken['text'].peak:.0f} MiB"
    bench.rows.append(Row("`hailuo submit`, text", ours, python, ratio, 1.4, others=others))
    alone = taken["text"].wall / taken["imports"].wall
    bench.rows.append(
        Row("the same", ours, f"importing typer, httpx and httpcore alone, {_ms(taken['imports'])}", alone, 1.1)
    )
    bench.bars.append(
        Bars("submit", "ms", [("python + httpx", taken["httpx"].wall * 1000), *_bars(taken, "text", bench.peers)])
    )

    large = bench.in_turn(
        [
            Contender("curl", [*curl, "-T", str(body), post]),
            bench.python("plain", POST_IMAGE, bench.origin, str(image)),
            bench.ours("image", "submit", PROMPT, "--image", str(image)),
            bench.ours("text", "submit", PROMPT),
            *bench.theirs(
                lambda tool: (
                    [*tool.peer.submit(bench.origin), *with_image[tool.name]]
                    if tool.peer and tool.name in with_image
                    else None
                )
            ),
        ],
        11,
    )
    plain = f"a few lines of Python with httpx {_ms(large['plain'])} ({large['plain'].peak:.0f} MiB)"
    others = ", ".join(filter(None, [plain, _listed(large, bench.peers, peak=True)]))
    added = large["image"].wall - large["text"].wall
    bench.rows += [
        Row(
            "submit with a 19 MB image, the whole command",
            f"{_ms(large['image'])}, {large['image'].peak:.0f} MiB",
            f"curl with the same body from a file, {_ms(large['curl'])}",
            large["image"].wall / large["curl"].wall,
            8,
            others=others,
        ),
        Row(
            "what the image adds to an order from text",
            f"{added * 1000:.0f} ms",
            f"curl with the same body from a file, {_ms(large['curl'])}",
            added / large["curl"].wall,
            2,
        ),
        Row(
            "peak memory above an order from text",
            f"{large['image'].peak:.1f} MiB",
            f"{large['text'].peak:.1f} MiB",
            large["image"].peak - large["text"].peak,
            25,
            limit="MiB",
        ),
    ]
    bench.bars.append(
        Bars(
            "submit with a 19 MB image, peak memory",
            "MiB",
            [("hailuo", large["image"].peak), *((name, large[name].peak) for name in _there(large, bench.peers))],
        )
    )


def checking(bench: Bench) -> None:
    """What the local rules read of a large image, and what that costs."""
    image = bench.scratch / "frame.jpg"
    bench.launcher.run(bench.python("reads", READS, str(image)))
    read = int(bench.launcher.said)
    taken = bench.in_turn(
        [
            bench.ours("image", "check", PROMPT, "--image", str(image)),
            bench.ours("text", "check", PROMPT),
        ],
        11,
    )
    cost = (taken["image"].wall - taken["text"].wall) * 1000
    rules = read - IMAGE_BYTES
    bench.rows.append(
        Row(
            "check of a 19 MB JPEG: read for its sides and its end",
            f"{rules / 1000:.0f} kB; and the file once for its SHA-256, {cost:.0f} ms in all",
            "",
            rules / 1e6,
            1,
            limit="MB",
        )
    )


def fetching(bench: Bench) -> None:
    """Saving a large video, synced, whole and hashed; a small one tells what starting up takes of that, and memory."""
    folder = bench.scratch / "saved"
    folder.mkdir(exist_ok=True)
    small, large = "64M", "256M" if bench.quick else "1G"

    def clear() -> None:
        for file in folder.iterdir():
            file.unlink()

    def saved_by_curl(video: str) -> Contender:
        words = f'curl -sS -o "$0" {bench.origin}/video/{video}.mp4 && sync "$0"'
        return Contender(f"curl {video}", ["sh", "-c", words, str(folder / "curl.mp4")], {}, clear)

    def saved_by_us(video: str) -> Contender:
        words = f'exec "$0" download minimax:{video}-$$ -o "$1"'  # every process has a job of its own
        argv = ["sh", "-c", words, str(bench.hailuo.command), str(folder / "hailuo.mp4")]
        return Contender(f"hailuo {video}", argv, bench.env, clear)

    taken = bench.in_turn([saved_by(v) for v in (small, large) for saved_by in (saved_by_curl, saved_by_us)], 5)
    size = SIZES[large] // MIB
    more = size - SIZES[small] // MIB
    whole: dict[str, float] = {}
    rate: dict[str, float] = {}
    peak: dict[str, float] = {}
    for name in ("curl", "hailuo"):
        one, other = taken[f"{name} {large}"], taken[f"{name} {small}"]
        whole[name], rate[name], peak[name] = size / one.wall, more / (one.wall - other.wall), one.peak
    small_peak = taken[f"hailuo {small}"].peak
    bench.rows += [
        Row(
            f"`hailuo download` of {size} MiB, hashed, walked, synced: the whole command",
            f"{whole['hailuo']:.0f} MiB/s",
            f"curl to a synced file, {whole['curl']:.0f} MiB/s",
            whole["hailuo"] / whole["curl"],
            0.9,
            at_least=True,
        ),
        Row(
            "the same without what a video of 64 MiB takes",
            f"{rate['hailuo']:.0f} MiB/s",
            f"curl, {rate['curl']:.0f} MiB/s",
            rate["hailuo"] / rate["curl"],
            0.9,
            at_least=True,
        ),
        Row("its peak memory", f"{peak['hailuo']:.1f} MiB", "", peak["hailuo"], 60, limit="MiB"),
        Row(
            "its peak memory over that for 64 MiB",
            f"{peak['hailuo']:.1f} MiB",
            f"{small_peak:.1f} MiB",
            peak["hailuo"] / small_peak,
            1.05,
        ),
    ]
    bars = [("curl + sync", taken[f"curl {large}"].wall), ("hailuo", taken[f"hailuo {large}"].wall)]
    bench.bars.append(Bars(f"download of {size} MiB, to disk", "s", bars))
    _fetching_by_tls(bench, folder, large)
    _fetching_many(bench, folder)


def _fetching_by_tls(bench: Bench, folder: Path, video: str) -> None:
    """The same over TLS, as every real link is."""
    size = SIZES[video] // MIB

    def clear() -> None:
        for file in folder.iterdir():
            file.unlink()

    words = f'curl -sS --cacert "$1" -o "$0" {bench.secure}/video/{video}.mp4 && sync "$0"'
    theirs = ["sh", "-c", words, str(folder / "curl.mp4"), str(bench.cert)]
    words = f'exec "$0" download minimax:{video}-$$ -o "$1"'
    ours = ["sh", "-c", words, str(bench.hailuo.command), str(folder / "hailuo.mp4")]
    trusting = {**bench.env, "SSL_CERT_FILE": str(bench.cert), "HAILUO_PROFILE": "secure"}
    taken = bench.in_turn([Contender("curl", theirs, {}, clear), Contender("hailuo", ours, trusting, clear)], 5)
    ratio = taken["curl"].wall / taken["hailuo"].wall
    bench.rows.append(
        Row(
            f"`hailuo download` of {size} MiB over TLS: the whole command",
            f"{size / taken['hailuo'].wall:.0f} MiB/s",
            f"curl to a synced file, {size / taken['curl'].wall:.0f} MiB/s",
            ratio,
            0.5,
            at_least=True,
            others=f"this processor hashes {_hashing():.0f} MiB/s (SHA-256, one thread)",
        )
    )


def _fetching_many(bench: Bench, folder: Path, count: int = 100) -> None:
    """Many small videos in one command."""

    def clear() -> None:
        for file in folder.iterdir():
            file.unlink()

    curl = ["curl", "-sS", "--parallel", "--parallel-max", "8"]
    for number in range(count):
        curl += ["-o", str(folder / f"{number}.mp4"), f"{bench.origin}/video/5M.mp4"]
    script = f'for n in $(seq {count}); do set -- "$@" minimax:5M-$$-$n; done; exec "$@"'
    ours = ["sh", "-c", script, "sh", str(bench.hailuo.command), "download", "-o", f"{folder}/"]
    taken = bench.in_turn([Contender("curl", curl, {}, clear), Contender("hailuo", ours, bench.env, clear)], 5)
    bench.rows.append(
        Row(
            f"`hailuo download` of {count} videos of 5 MiB in one command, each synced and in the ledger",
            f"{taken['hailuo'].wall:.2f} s",
            f"curl, 8 at a time and nothing synced, {taken['curl'].wall:.2f} s",
            taken["hailuo"].wall / taken["curl"].wall,
            3,
        )
    )


def _hashing() -> float:
    """MiB a second of SHA-256 in one thread."""
    data, began = bytes(64 * MIB), time.perf_counter()
    hashlib.sha256(data).hexdigest()
    return 64 / (time.perf_counter() - began)


def waiting(bench: Bench) -> None:
    """Many jobs waited for at once in one process: the CPU of a look, the memory of a job, none lost."""
    few, many = (20, 200) if bench.quick else (200, 2000)
    used, polls = {}, {}
    lost = 0
    bench.counted()
    for count in (few, many):
        tickets = [f"minimax:w{next(bench._fresh)}" for _ in range(count)]
        run = bench.launcher.run(bench.ours("wait", "wait", "--no-download", "--json", "-q", *tickets))
        if run.code:
            last = bench.launcher.complained.strip().splitlines()[-1:]
            bench.failures.append(f"waiting for {count} jobs: exit {run.code} {' '.join(last)[:200]}")
            return
        jobs = json.loads(bench.launcher.said)["data"]["jobs"]
        lost += len(set(tickets) - {job["ref"] for job in jobs if job["state"] == "succeeded"})
        polls[count] = sum(number for what, number in bench.counted().items() if what.startswith("GET"))
        used[count] = run
    per_poll = used[many].cpu / polls[many] * 1000
    per_job = (used[many].peak - used[few].peak) * 1024 / (many - few)
    others = _by_xargs(bench, few)
    bench.rows += [
        Row(
            f"{many:,} jobs at once, CPU of a look", f"{per_poll:.2f} ms", "", per_poll, 2.5, limit="ms", others=others
        ),
        Row(f"{many:,} jobs at once, memory of a job", f"{per_job:.1f} KiB", "", per_job, 30, limit="KiB"),
        Row(f"{many:,} jobs at once, jobs lost", f"{lost}", "", lost, 0, limit="jobs"),
        Row(
            f"{many:,} jobs over {few:,} jobs, CPU",
            f"{used[many].cpu:.1f} s",
            f"{used[few].cpu:.1f} s",
            used[many].cpu / used[few].cpu,
            11,
        ),
    ]


def batching(bench: Bench) -> None:
    """A batch of jobs of 2 s, from its file to the last video, beside waiting for as many jobs that are ordered."""
    few, many = (20, 200) if bench.quick else (200, 2000)
    quick = {**bench.env, "HAILUO_PROFILE": "quick"}
    tickets = [f"minimax:t{next(bench._fresh)}" for _ in range(few)]
    waited = bench.launcher.run(bench.ours("wait", "wait", "--no-download", "-q", *tickets, env=quick))
    if waited.code:
        bench.failures.append(f"waiting for {few} jobs: exit {waited.code} {bench.launcher.complained[-200:]}")
        return
    bench.rows += [
        Row(f"{few} jobs of 2 s in one process", f"{waited.wall:.1f} s", "", waited.wall, 5, limit="s"),
        Row(f"{few} jobs of 2 s in one process, CPU", f"{waited.cpu:.1f} s", "", waited.cpu, 3, limit="s"),
    ]
    ran = {}
    for count in (few, many):
        folder = bench.scratch / "batch" / f"{count}-{next(bench._fresh)}-{time.time_ns()}"
        folder.mkdir(parents=True)
        file = folder / f"{folder.name}.csv"
        file.write_text(
            "id,prompt,provider\n" + "".join(f"r{n},A boat {folder.name} {n},minimax\n" for n in range(count))
        )
        allowed = ["--yes", "--at-once", str(count), "--assume-price", "0.1", "-q"]
        ran[count] = run = bench.launcher.run(bench.ours("batch", "batch", "run", str(file), *allowed, env=quick))
        if run.code or len([*folder.rglob("*.mp4")]) != count:
            bench.failures.append(f"a batch of {count} rows: exit {run.code} {bench.launcher.complained[-200:]}")
            return
    one, ten = ran[few], ran[many]
    bench.rows += [
        Row(
            f"`hailuo batch run` of {few} rows of 2 s, ordered, waited for and saved",
            f"{one.wall:.1f} s",
            f"waiting for {few} ordered jobs, {waited.wall:.1f} s",
            one.wall / waited.wall,
            1.5,
            others=_orders_by_xargs(bench, few),
        ),
        Row("its CPU", f"{one.cpu:.1f} s", "", one.cpu, 5, limit="s"),
        Row("its peak memory", f"{one.peak:.0f} MiB", "", one.peak, 100, limit="MiB"),
        Row(f"{many:,} rows over {few} rows", f"{ten.wall:.1f} s", f"{one.wall:.1f} s", ten.wall / one.wall, 11),
    ]
    long = few * 50
    file = bench.scratch / "long.csv"
    file.write_text("id,prompt,provider\n" + "".join(f"r{n},A boat {n},minimax\n" for n in range(long)))
    plan = bench.launcher.run(bench.ours("plan", "batch", "plan", str(file), "--json"))
    if plan.code:
        bench.failures.append(f"a plan of {long} rows: exit {plan.code} {bench.launcher.complained[-200:]}")
        return
    what = f"`hailuo batch plan` of {long:,} new rows, CPU"
    bench.rows.append(Row(what, f"{plan.cpu:.1f} s", "", plan.cpu, 3, limit="s"))


def _orders_by_xargs(bench: Bench, count: int) -> str:
    """What a shell loop over the peer takes for the orders alone."""
    tool = next((tool for tool in bench.peers if tool.name == "mmx-cli" and not tool.failure), None)
    if tool is None or tool.peer is None:
        return ""
    order = " ".join(f"'{word}'" for word in tool.peer.submit(bench.origin))
    words = f"seq {count} | xargs -P 8 -I{{}} {tool.command} {order}"
    run = bench.launcher.run(Contender(tool.name, ["sh", "-c", words], tool.peer.env(bench.origin)))
    return f"{tool.name} by xargs -P 8, the {count} orders alone: {run.wall:.0f} s" if not run.code else ""


def _by_xargs(bench: Bench, count: int) -> str:
    """The peer that can be asked for a job, once a job by xargs: it has no command that waits for several."""
    tool = next((tool for tool in bench.peers if tool.name == "mmx-cli" and not tool.failure), None)
    if tool is None or tool.peer is None:
        return ""
    options = " ".join(mmx_options(bench.origin))
    words = f"seq {count} | xargs -P 4 -I{{}} {tool.command} video task get --task-id x{{}} {options}"
    run = bench.launcher.run(Contender(tool.name, ["sh", "-c", words], tool.peer.env(bench.origin)))
    if run.code:
        return f"{tool.name} by xargs: exit {run.code}"
    return f"{tool.name} by xargs, {count} looks: {run.cpu / count * 1000:.0f} ms of CPU each, {run.wall:.0f} s in all"


ROWS: Mapping[str, Callable[[Bench], None]] = {
    "starting": starting,
    "ordering": ordering,
    "checking": checking,
    "fetching": fetching,
    "waiting": waiting,
    "batching": batching,
}


def make_jpeg(path: Path, size: int) -> None:
    """The headers of a baseline JPEG of 3600 × 2000 around a scan of noise; nobody here decodes it."""
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    head += b"\xff\xdb\x00\x43\x00" + bytes([1] * 64)
    head += b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 2000, 3600, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    head += b"\xff\xda" + struct.pack(">HB", 12, 3) + b"\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    noise = random.Random(1).randbytes(size)  # noqa: S311
    scan = noise.replace(b"\xff", b"\xff\x00")[: size - len(head) - 3]
    path.write_bytes(head + scan + b"\x00\xff\xd9")


def _ms(taken: Taken) -> str:
    return f"{taken.wall * 1000:.0f} ms"


def _there(taken: Mapping[str, Taken], peers: Sequence[Installed]) -> list[str]:
    """The peers that took part."""
    return [tool.name for tool in peers if tool.name in taken]


def _listed(taken: Mapping[str, Taken], peers: Sequence[Installed], *, peak: bool = False) -> str:
    shown = []
    for name in _there(taken, peers):
        memory = f" ({taken[name].peak:.0f} MiB)" if peak else ""
        shown.append(f"{name} {_ms(taken[name])}{memory}")
    return ", ".join(shown)


def _bars(taken: Mapping[str, Taken], ours: str, peers: Sequence[Installed]) -> list[tuple[str, float]]:
    return [("hailuo", taken[ours].wall * 1000), *((name, taken[name].wall * 1000) for name in _there(taken, peers))]
