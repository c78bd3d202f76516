"""The ledger in PostgreSQL: leases between machines, commits in doubt, clusters that changed, and who may see what."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("psycopg")

from hailuo_cli.errors import CostLimit, LedgerError, UsageError
from hailuo_cli.ledger import leases, postgres_server
from hailuo_cli.ledger.base import Ledger, OwnerUnknown
from hailuo_cli.ledger.limits import Allowance, Cap, Span, Spending
from hailuo_cli.ledger.postgres import PostgresLedger
from hailuo_cli.ledger.postgres_server import Server
from hailuo_cli.model import Job, JobState, Secret
from tests.ledger.shelf import Shelf, intent
from tests.support import pgbouncer
from tests.support.cutting_proxy import CuttingProxy, Where
from tests.support.pgbouncer import Pooler
from tests.support.postgres import Cluster

LAPSE = "UPDATE {jobs} SET lease_until = clock_timestamp() - interval '1 s' WHERE lease_until IS NOT NULL"


@pytest.fixture
def elsewhere(shared: Shelf, home: Path) -> Iterator[Ledger]:
    """The same ledger, opened on another machine."""
    with shared.open(home / "elsewhere") as opened:
        yield opened


# leases


def test_what_another_machine_has_sent_is_its_own_until_its_lease_runs_out(shared: Shelf, elsewhere: Ledger) -> None:
    with shared.open() as ledger:
        job, _ = ledger.begin(intent())
        assert elsewhere.again(job).state is JobState.SUBMITTING
        shared.execute(LAPSE)
        assert elsewhere.again(job).state is JobState.UNCONFIRMED


def test_a_lease_is_renewed_by_compare_and_set_and_one_that_has_run_out_sends_nothing(shared: Shelf) -> None:
    with shared.open() as ledger:
        job, _ = ledger.begin(intent())
        ledger.renew(job)
        shared.execute(LAPSE)
        with pytest.raises(LedgerError, match="lease") as error:
            ledger.renew(job)
        assert error.value.exit == 11


def test_a_ticket_that_comes_after_the_lease_is_written_down_all_the_same(shared: Shelf, elsewhere: Ledger) -> None:
    with shared.open() as ledger:
        job, _ = ledger.begin(intent())
        shared.execute(LAPSE)
        assert elsewhere.again(job).state is JobState.UNCONFIRMED
        assert ledger.move(job, JobState.SUBMITTED, ticket="late").ref == "pixazo:late"


def test_a_lease_is_renewed_while_its_process_lives(
    shared: Shelf, elsewhere: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with shared.open() as ledger:
        ledger.begin(intent())
        shared.execute("UPDATE {jobs} SET lease_until = clock_timestamp() + interval '5 s'")
        for _ in range(200):
            ((left,),) = shared.execute("SELECT extract(epoch FROM lease_until - clock_timestamp()) FROM {jobs}")
            if left > 30:
                break
            threading.Event().wait(0.05)
        assert left > 30


def test_whether_another_machine_still_waits_is_seen_by_watching_its_lease(shared: Shelf, elsewhere: Ledger) -> None:
    def waited_for(earlier: Any) -> Job | None:
        return None if earlier.same[0].id in earlier.alive else earlier.same[0]

    job, _ = elsewhere.begin(intent(request_hash="h"))
    elsewhere.move(job, JobState.SUBMITTED, ticket="t")
    with shared.open() as ledger:
        with pytest.raises(OwnerUnknown) as unknown:
            ledger.begin(intent(request_hash="h"), waited_for)
        later = "UPDATE {jobs} SET lease_until = lease_until + interval '1 s'"

        def renewed(_: float) -> None:
            shared.execute(later)

        ledger.find_out(unknown.value, renewed)
        _, is_new = ledger.begin(intent(request_hash="h"), waited_for)
        assert is_new, "its owner lives: another one was asked for"
        shared.execute(LAPSE)
        with shared.open() as again:
            assert again.begin(intent(request_hash="h"), lambda e: waited_for(e))[0].state is JobState.UNCONFIRMED


def test_the_jobs_of_this_machine_are_not_those_of_another_one(shared: Shelf, elsewhere: Ledger) -> None:
    with shared.open() as ledger:
        mine, _ = ledger.begin(intent(JobState.SUBMITTED, ticket="a"))
        theirs, _ = elsewhere.begin(intent(JobState.SUBMITTED, ticket="b"))
        assert (ledger.last(), elsewhere.last()) == (mine, theirs)
        assert ledger.unfinished() == [mine]
        assert ledger.last(everyone=True) == theirs
        assert ledger.unfinished(everyone=True) == [mine, theirs]
        assert ledger.recent() == [theirs, mine]
        assert ledger.by_id(theirs.id) == theirs


def test_a_ticket_that_was_noted_here_is_taken_in_by_the_next_command(shared: Shelf, home: Path) -> None:
    places = [home / "unsaved"]
    with shared.open(spools=places) as ledger:
        job, _ = ledger.begin(intent())
        assert ledger.spool(job, "t-1") is not None
    with shared.open(spools=places) as ledger:
        assert ledger.again(job).ref == "pixazo:t-1"
    assert list(places[0].iterdir()) == []


# commits in doubt


@pytest.fixture
def proxied(shared: Shelf, home: Path) -> Iterator[tuple[CuttingProxy, Shelf]]:
    """The ledger behind a proxy that cuts."""
    shared.open().__exit__()
    place, _, rest = shared.place.partition("host=")
    folder, _, rest = rest.partition("&")
    with CuttingProxy(home, Path(folder)) as proxy:
        yield proxy, Shelf("postgres", f"{place}host={home}&{rest}", shared.machine)


@pytest.mark.parametrize("where", ["before", "in", "after"])
def test_an_intent_may_be_sent_only_where_a_new_connection_finds_it(
    where: Where, proxied: tuple[CuttingProxy, Shelf]
) -> None:
    proxy, shelf = proxied
    with shelf.open() as ledger:
        proxy.cut(where)
        if where == "before":
            with pytest.raises(LedgerError, match="nothing was sent") as error:
                ledger.begin(intent())
            assert error.value.exit == 11
            assert ledger.recent() == []
        else:
            job, is_new = ledger.begin(intent())
            assert is_new
            assert ledger.recent() == [job]
        assert proxy.cuts == 1


def test_where_nobody_answers_after_a_doubt_nothing_is_sent(
    proxied: tuple[CuttingProxy, Shelf], shared: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, shelf = proxied
    monkeypatch.setattr(postgres_server, "PAUSES", (0.0, 0.01))
    with shelf.open() as ledger:
        proxy.cut("in", then_refuse=True)
        with pytest.raises(LedgerError, match="nothing was sent"):
            ledger.begin(intent())
    shared.execute(LAPSE)
    with shared.open() as later:
        assert [job.state for job in later.unfinished()] == [JobState.UNCONFIRMED], "one row, and one way to settle it"


def test_an_intent_that_arrives_after_it_was_given_up_is_never_sent(
    proxied: tuple[CuttingProxy, Shelf], shared: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, shelf = proxied
    monkeypatch.setattr(
        postgres_server, "BEGIN", postgres_server.BEGIN.replace("lock_timeout = '20s'", "lock_timeout = '200ms'")
    )
    with shelf.open() as ledger:
        proxy.cut("held")
        with pytest.raises(LedgerError, match="nothing was sent"):
            ledger.begin(intent(request_hash="h"))
        proxy.let_go()
        for _ in range(200):
            if shared.execute("SELECT 1 FROM {jobs}"):
                break
            threading.Event().wait(0.02)
        shared.execute(LAPSE)
        found, is_new = ledger.begin(intent(request_hash="h"), lambda earlier: earlier.same[0])
        assert (found.state, is_new) == (JobState.UNCONFIRMED, False)


def test_the_commit_of_an_intent_is_on_the_disk_whatever_the_database_s_default(shared: Shelf) -> None:
    with shared.open():
        ((name,),) = shared.execute("SELECT current_database()")
        shared.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with shared.open() as other:
            seen: list[Any] = []

            def look(_: Any) -> None:
                assert isinstance(other, PostgresLedger)
                seen.append(other._database.connection.execute("SHOW synchronous_commit").fetchone())

            other.begin(intent(), look)
    shared.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert seen == [("on",)]


def test_a_connection_that_died_while_nothing_was_asked_is_made_anew(shared: Shelf) -> None:
    with shared.open() as ledger:
        job, _ = ledger.begin(intent())
        shared.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        assert ledger.move(job, JobState.SUBMITTED, ticket="t").ref == "pixazo:t"
        shared.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        assert ledger.begin(intent())[1]


@pytest.mark.skipif(pgbouncer.missing() is not None, reason=f"{pgbouncer.missing()}")
def test_orders_of_many_connections_go_through_a_pooler_that_shares_fewer(
    cluster: Cluster, empty_database: str, home: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def orders(number: int) -> int:
        with PostgresLedger(Server(address), home / str(number)) as ledger:
            for key in range(10):
                job, is_new = ledger.begin(
                    intent(request_hash=f"h{key}", dedupe_key=f"k{key}"),
                    lambda earlier: next(iter(earlier.keyed), None),
                )
                if is_new:
                    ledger.renew(job)
                    ledger.move(job, JobState.SUBMITTED, ticket=f"t{key}")
            return len(ledger.recent())

    if pgbouncer.IS_ASKED_FOR:
        pytest.skip("all of this goes through it")
    with Pooler(cluster) as pooler:
        address = pooler.through(empty_database)
        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(orders, range(16))) == {10}


# spending


def test_a_limit_is_never_passed_by_orders_at_once(shared: Shelf, home: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    cap = Cap(Span.BATCH, Decimal(10), "spring")

    def order(number: int) -> int:
        with shared.open(home / str(number)) as ledger:
            taken = 0
            for _ in range(7):
                with suppress(CostLimit):
                    ledger.begin(intent(batch="spring", reserved=300_000_000), allowance=Allowance((cap,)))
                    taken += 1
            return taken

    shared.open().__exit__()
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(order, range(6))) == 33
    with shared.open() as ledger:
        assert ledger.spending(cap) == Spending(held=Decimal("9.9"))


def test_what_counts_against_a_limit_is_what_may_be_billed(shared: Shelf) -> None:
    def ordered(state: JobState, **facts: Any) -> None:
        job, _ = ledger.begin(intent(**{"reserved": 10**9, **facts}))
        ledger.note(job, state=state.value, created_at=0.0 if facts.get("take") else job.created_at)

    with shared.open() as ledger:
        for state in (JobState.NOT_SENT, JobState.REFUSED, JobState.SAVED, JobState.FAILED, JobState.SUBMITTED):
            ordered(state)
        ordered(JobState.SAVED, take=2)  # of 1970
        ordered(JobState.UNCONFIRMED, take=2)
        ordered(JobState.FAILED, billed=0)
        ordered(JobState.SUBMITTED, reserved=None)
        for span in (Span.DAY, Span.MONTH):
            assert ledger.spending(Cap(span, Decimal(1))) == Spending(Decimal(2), Decimal(2), 1)


# what it leads to


@pytest.mark.parametrize("fact", ["system", "timeline", "database"])
def test_a_ledger_that_is_not_where_it_was_takes_no_order_until_a_person_says_so(fact: str, shared: Shelf) -> None:
    with shared.open() as ledger:
        job, _ = ledger.begin(intent(JobState.SUBMITTED, ticket="t"))
    shared.execute(f"UPDATE hailuo_facts SET value = '7' WHERE name = '{fact}'")  # noqa: S608
    with shared.open() as ledger:
        with pytest.raises(LedgerError, match="not where it was") as error:
            ledger.begin(intent())
        assert error.value.exit == 11
        assert "--accept-ledger" in (error.value.hint or "")
        assert ledger.move(job, JobState.SUCCEEDED).state is JobState.SUCCEEDED, "what is paid for goes on"
        with pytest.raises(LedgerError):
            postgres_server.verified(Server(shared.place))
        assert isinstance(ledger, PostgresLedger)
        ledger.accept()
    with shared.open() as ledger:
        assert ledger.begin(intent())[1]
    assert "2 jobs" in postgres_server.verified(Server(shared.place))


@pytest.mark.parametrize(
    ("breakage", "said"),
    [
        ("UPDATE hailuo_facts SET value = '999' WHERE name = 'version'", "newer hailuo"),
        ("DROP TABLE hailuo_jobs", "damaged"),
        ("ALTER TABLE hailuo_jobs DROP COLUMN prompt", "damaged"),
        ("DELETE FROM hailuo_facts WHERE name = 'id'", "damaged"),
        ("INSERT INTO hailuo_jobs (id, provider, state) VALUES ('abcdefgh', 'pixazo', 'dreaming')", "dreaming"),
    ],
)
def test_a_ledger_that_cannot_be_trusted_is_refused(breakage: str, said: str, shared: Shelf) -> None:
    shared.open().__exit__()
    shared.execute(breakage)
    with pytest.raises(LedgerError, match=said) as error, shared.open() as ledger:
        ledger.recent()
    assert error.value.exit == 11


def test_many_that_open_a_new_ledger_at_once_make_it_once(shared: Shelf, home: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def opened(number: int) -> str:
        with shared.open(home / str(number)) as ledger:
            return ledger.id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(opened, range(6)))) == 1


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///nowhere?host={folder}&user=hailuo",
        "postgresql:///postgres?host={folder}/no",
        "postgresql://localhost:1/x",
    ],
)
def test_a_server_that_cannot_be_reached_is_a_trouble_of_the_ledger(
    address: str, cluster: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "PAUSES", (0.0,))
    with pytest.raises(LedgerError) as error:
        PostgresLedger(Server(address.format(folder=cluster.folder)), home)
    assert error.value.exit == 11


def test_an_address_that_libpq_cannot_read_is_a_mistake_of_the_user(home: Path) -> None:
    with pytest.raises(UsageError, match="not an address"):
        PostgresLedger(Server("postgresql:///x?nonsense=1"), home)


def test_a_password_is_asked_for_once_and_shown_nowhere(cluster: Cluster, home: Path) -> None:
    learned: list[str] = []
    asked: list[int] = []

    def password() -> Secret:
        asked.append(1)
        return Secret("sesame-open-7")

    server = Server(
        cluster.url().replace("postgresql://", "postgresql://"), password, lambda s: learned.append(s.reveal())
    )
    with ExitStack() as opened:
        for _ in range(2):
            opened.enter_context(server.connect())
    assert (len(asked), set(learned)) == (1, {"sesame-open-7"})
    assert "sesame" not in repr(server)
    assert Server("postgresql://me@h/d?sslmode=require").name == "postgresql://h/d"
