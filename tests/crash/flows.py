"""The commands that are killed, and what has to hold when each has been run again."""

from __future__ import annotations

import enum
import hashlib
import sqlite3
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hailuo_cli.ledger import sqlite_file
from tests.support.zygote import Exit, Run, Zygote

from .api import UNANSWERED, VIDEO, family
from .home import PROVIDER, Home, Row, mode

FILM = hashlib.sha256(VIDEO).hexdigest()
OLD_JOBS = [f"old{number:05}" for number in range(40)]
NEW_KEY = "a-new-key-of-24-letters!"


class Promise(enum.StrEnum):
    """What can be broken."""

    ONCE = "ordered twice"
    KEPT = "a job is lost"
    LEDGER = "the ledger is damaged"
    WHOLE = "a video is not whole"
    FREE = "the next run is blocked"
    CONFIG = "the config file is not whole"
    ENDING = "a command ended badly"


@dataclass(frozen=True)
class Broken:
    promise: Promise
    how: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.how}"


@dataclass(frozen=True)
class Flow:
    """A command line, what is there before it, and what has to be there in the end.

    `words` may say {ticket} and {id}, which stand for the job that `before` left. `ends` are the exit codes that a
    run without faults may have, after whatever happened to the one before.
    """

    name: str
    words: tuple[str, ...]
    check: Callable[[Home, Sequence[Exit]], Iterator[Broken]]
    stdin: str = ""
    before: tuple[tuple[str, ...], ...] = ()
    prepare: Callable[[Home], None] = lambda _: None
    ends: frozenset[int] = frozenset({0})
    again: Callable[[Home], bool] = lambda _: True
    """Whether, by what a kill left, the same command is the same intent and not another one."""

    def laid_out(self, home: Home, zygote: Zygote) -> None:
        """Make the home what the command finds."""
        self.prepare(home)
        for words in self.before:
            zygote.run(home.run(*words))

    def run(self, home: Home, *, weak: str = "", last_step: int = 0) -> Run:
        words = self.words
        if self.before:
            (row,) = home.rows()
            ticket = row.ticket or home.api.orders(family(home.customer))[0].ticket
            words = tuple(word.format(ticket=f"{PROVIDER}:{ticket}", id=row.id) for word in words)
        return home.run(*words, stdin=self.stdin, weak=weak, last_step=last_step)


def at_once(home: Home, known: Collection[str]) -> Iterator[Broken]:
    """What holds at every moment, so also before anything is run again; `known` are the jobs that were there."""
    try:
        rows = home.peeked()
    except sqlite3.DatabaseError as error:
        yield Broken(Promise.LEDGER, f"at once: {error}")
        return
    if lost := set(known) - {row.id for row in rows}:
        yield Broken(Promise.KEPT, f"no longer in the ledger: {sorted(lost)}")
    yield from whole(home, rows)
    yield from _config(home)


def judged(flow: Flow, home: Home, ran: Sequence[Exit]) -> list[Broken]:
    """Everything that does not hold at a home after these runs, the last ones without faults."""
    damaged = list(_ledger(home))
    return [*_ended(flow, ran), *damaged, *(flow.check(home, ran) if not damaged else ()), *_config(home)]


def _ended(flow: Flow, ran: Sequence[Exit]) -> Iterator[Broken]:
    for number, one in enumerate(ran):
        if one.hung:
            yield Broken(Promise.ENDING, f"run {number} hung")
        if "Traceback" in one.err:
            yield Broken(Promise.ENDING, f"run {number} wrote a traceback: {one.err[-300:]}")
        if number and one.code not in flow.ends:
            yield Broken(Promise.FREE, f"run {number} ended {one.code}: {one.err[-300:]}")


def _ledger(home: Home) -> Iterator[Broken]:
    try:
        home.rows()
    except sqlite3.DatabaseError as error:
        yield Broken(Promise.LEDGER, str(error))


def _config(home: Home) -> Iterator[Broken]:
    """A file of ours that holds a key is whole and its owner's alone, under whatever name."""
    for path in (home.config, *home.leftovers()):
        text = path.read_bytes()
        if NEW_KEY.encode() in text and mode(path) != 0o600:
            yield Broken(Promise.CONFIG, f"{path.name} holds a key and has mode {mode(path):o}")
    try:
        tomllib.loads(home.config.read_text())
    except (OSError, ValueError) as error:
        yield Broken(Promise.CONFIG, str(error))
    if home.api.url(home.customer) not in home.config.read_text():
        yield Broken(Promise.CONFIG, f"the file says {home.config.read_text()!r}")


def paid_once(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """At most one order, and it is in the ledger or in doubt there."""
    rows = home.rows()
    orders = home.api.orders(home.customer)
    if len(orders) > 1:
        yield Broken(Promise.ONCE, ", ".join(order.ticket for order in orders))
    known = {row.ticket for row in rows}
    lost = [order.ticket for order in orders if order.ticket not in known]
    if len(lost) > sum(row.state in ("submitting", "unconfirmed") for row in rows):
        yield Broken(Promise.KEPT, f"{', '.join(lost)} of {len(orders)} is in no row")
    if ran[-1].code == 7 and not any(row.state == "unconfirmed" for row in rows):
        yield Broken(Promise.KEPT, "the last run speaks of doubt, the ledger does not")


def ordered(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """Paid once, and in the end the user is told the reference or of the doubt."""
    yield from paid_once(home, ran)
    orders = home.api.orders(home.customer)
    if len(ran) > 1 and ran[-1].code == 0 and ran[-1].out.split() != [f"{PROVIDER}:{orders[-1].ticket}"]:
        yield Broken(Promise.KEPT, f"printed {ran[-1].out!r} where {orders} were ordered")


def whole(home: Home, rows: Sequence[Row]) -> Iterator[Broken]:
    """Nothing but whole videos under final names, and there where the ledger says so."""
    videos = home.videos()
    for path, digest in videos.items():
        if digest != FILM:
            yield Broken(Promise.WHOLE, f"{path.name} has {path.stat().st_size} of {len(VIDEO)} bytes")
    for row in rows:
        if row.state == "saved" and (row.path is None or videos.get(Path(row.path)) != FILM):
            yield Broken(Promise.WHOLE, f"the ledger has {row.path} saved, the folder has {sorted(videos)}")


def saved(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """In the end exactly one video, which the ledger knows, and nothing beside it."""
    videos = home.videos()
    yield from whole(home, home.rows())
    if ran[-1].code == 0:
        if len(videos) != 1 or [row.state for row in home.rows()] != ["saved"]:
            yield Broken(Promise.FREE, f"{sorted(path.name for path in videos)}, {home.rows()}")
        if len(ran) > 1 and home.parts():  # what could not be removed is removed by the next run
            yield Broken(Promise.FREE, f"left behind: {home.parts()}")


def generated(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    yield from paid_once(home, ran)
    yield from saved(home, ran)


def batched(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """Each row ordered at most once, none of the orders lost, and in the end a whole video for each."""
    rows = home.rows()
    orders = home.api.orders(home.customer)
    times = Counter(order.prompt for order in orders)
    if twice := [prompt for prompt, count in times.items() if count > 1]:
        yield Broken(Promise.ONCE, ", ".join(twice))
    lost = {order.ticket for order in orders} - {row.ticket for row in rows}
    in_doubt = sum(row.state in ("submitting", "unconfirmed") for row in rows)
    if len(lost) > in_doubt:
        yield Broken(Promise.KEPT, f"{sorted(lost)} of {len(orders)} is in no row")
    yield from whole(home, rows)
    videos = home.videos()
    if len(ran) > 1 and len(videos) != len(ROWS) - in_doubt:
        yield Broken(Promise.FREE, f"{sorted(path.name for path in videos)} of {len(ROWS)} rows, {in_doubt} in doubt")
    if ran[-1].code == 7 and not in_doubt:
        yield Broken(Promise.KEPT, "the last run speaks of doubt, the ledger does not")


def settled(home: Home, doubtful: str) -> Iterator[Broken]:
    """After `jobs resolve` an order in doubt is the job that the provider has, where it has one."""
    rows = home.rows()
    others = {row.ticket for row in rows if row.id != doubtful}
    for order in home.api.orders(home.customer):
        if order.ticket not in others and (doubtful, order.ticket) not in [(row.id, row.ticket) for row in rows]:
            yield Broken(Promise.KEPT, f"{order.ticket} was not found by resolving {doubtful}")


def resolved(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """The doubt became the job that the provider has."""
    (order,) = home.api.orders(family(home.customer))
    if [(row.state, row.ticket) for row in home.rows()] != [("submitted", order.ticket)]:
        yield Broken(Promise.KEPT, f"{order.ticket} was ordered, the ledger has {home.rows()}")


def migrated(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
    """A ledger of this version with every row, and the old one beside it, as it was."""
    backup = home.ledger.with_name(f"{home.ledger.name}.v1.backup")
    for path, version in ((home.ledger, sqlite_file.VERSION), (backup, 1)):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            found = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("integrity_check", "user_version")]
            ids = [row[0] for row in db.execute("SELECT id FROM jobs ORDER BY seq")]
        if found != ["ok", version] or ids != OLD_JOBS or mode(path) != 0o600:
            yield Broken(Promise.LEDGER, f"{path.name}: {found}, {len(ids)} jobs, mode {mode(path):o}")


def _of_version_1(home: Home) -> None:
    home.data.mkdir()
    home.ledger.touch(0o600)
    with closing(sqlite3.connect(home.ledger)) as db:
        db.executescript(sqlite_file._SCHEMA)
        insert = "INSERT INTO jobs (id, provider, state, prompt) VALUES (?, 'pixelbyte', 'failed', ?)"
        db.executemany(insert, [(name, "a bear leaps " * 20) for name in OLD_JOBS])
        db.commit()


def _says(wanted: str, linked: bool = False) -> Callable[[Home, Sequence[Exit]], Iterator[Broken]]:
    def check(home: Home, ran: Sequence[Exit]) -> Iterator[Broken]:
        if home.config.is_symlink() != linked:
            yield Broken(Promise.CONFIG, "the link became a file")
        if mode(home.config) != 0o600:
            yield Broken(Promise.CONFIG, f"mode {mode(home.config):o}")
        text = home.config.read_text()
        if home.written.splitlines()[0] not in text or wanted not in text:
            yield Broken(Promise.CONFIG, f"the file says {text!r}")

    return check


def _linked(home: Home) -> None:
    """The config as people who keep their dotfiles elsewhere have it."""
    elsewhere = home.folder / "dotfiles"
    elsewhere.mkdir()
    home.config.rename(elsewhere / "hailuo.toml")
    home.config.symlink_to("dotfiles/hailuo.toml")


def _public(home: Home) -> None:
    home.config.chmod(0o644)


def file_of_rows(home: Home) -> None:
    (home.work / "clips.csv").write_text("\n".join(["id,prompt", *ROWS]) + "\n")


def _unknown(home: Home) -> bool:
    """Nobody has been told of an order by a command that ended."""
    return not home.is_known()


ROWS = ("bear,a bear leaps", "fox,a fox sleeps")
ORDER = ("submit", "a bear leaps")
QUICK = ("--poll-interval", "0.05")
FLOWS = {
    flow.name: flow
    for flow in (
        Flow("submit", (*ORDER, "--dedupe-key", "k"), ordered, ends=frozenset({0, 7})),
        # without a key of the user's the same words are another order once somebody knows of the first, and meant to be
        Flow("submit-anew", ORDER, ordered, ends=frozenset({0, 7}), again=_unknown),
        Flow("wait", ("wait", "{ticket}", *QUICK), saved, before=(ORDER,)),
        Flow("download", ("download", "{ticket}", "-o", "film.mp4"), saved, before=(ORDER, ("status",))),
        Flow(
            "generate",
            ("generate", "a bear leaps", "--dedupe-key", "k", "-o", "film.mp4", *QUICK),
            generated,
            ends=frozenset({0, 7}),
        ),
        Flow(
            "generate-anew",
            ("generate", "a bear leaps", "-o", "film.mp4", *QUICK),
            generated,
            ends=frozenset({0, 7}),
            again=_unknown,
        ),
        Flow("config-set", ("config", "set", "timeout", "25m"), _says('timeout = "25m"', linked=True), prepare=_linked),
        Flow(
            "set-key",
            ("config", "set-key", PROVIDER),
            _says(f'api_key = "{NEW_KEY}"'),
            stdin=NEW_KEY,
            prepare=_public,
        ),
        Flow(
            "resolve",
            ("jobs", "resolve", "{id}"),
            resolved,
            before=(("submit", UNANSWERED),),
            ends=frozenset({0, 2}),
        ),
        Flow(
            "batch",
            ("batch", "run", "clips.csv", "--yes", "--record", "record.jsonl"),
            batched,
            prepare=file_of_rows,
            ends=frozenset({0, 7}),
        ),
        Flow("migrate", ("jobs", "list", "--json"), migrated, prepare=_of_version_1),
    )
}
