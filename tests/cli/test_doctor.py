"""`hailuo doctor`: every trouble in one run, each with what to do, and nothing changed by looking."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import says
from tests.support.command import Ran, configure, hailuo
from tests.support.fault_server import FaultServer

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    """What was found, by name; the worst of one name."""
    order = ("ok", "warning", "error")
    found = ran.json["data"]["checks"]
    assert all(set(check) == {"name", "state", "message", "hint"} for check in found)
    return {check["name"]: check for check in sorted(found, key=lambda check: order.index(check["state"]))}


def print_of(home: Path) -> dict[str, str]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_new_machine_is_well_and_nothing_is_made_on_it(home: Path) -> None:
    before = sorted(home.rglob("*"))
    ran = hailuo("doctor", "--json")
    assert ran.code == 0, ran
    found = checks(ran)
    assert {"version", "extras", "config", "data", "ledger", "proxy", "certificates", "clock"} <= set(found)
    assert found["keys"]["state"] == "warning"
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize(
    ("status", "body", "code", "state"),
    [
        (200, {"request_id": "x", "status": "PROCESSING"}, 0, "ok"),
        (404, {"message": "no such job"}, 0, "ok"),
        (401, {"message": "bad key"}, 3, "error"),
        (429, {"message": "slowly"}, 0, "warning"),
        (503, {"message": "later"}, 6, "error"),
    ],
)
def test_a_seller_with_a_key_is_asked_with_a_get(
    status: int, body: object, code: int, state: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(says(status, body)) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("doctor", "--json")
        assert [asked.method for asked in server.asked] == ["GET"]
    assert ran.code == code, ran
    assert checks(ran)["pixazo"]["state"] == state
    assert checks(ran)["key: pixazo"]["message"] == "PIXAZO_API_KEY in the environment"


def test_every_trouble_is_told_in_one_run_and_the_highest_exit_wins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "data").mkdir()
    (home / "data" / "ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    monkeypatch.setenv("HTTPS_PROXY", "http://[half")
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "nothing.pem"))
    with FaultServer(says(401, {"message": "bad key"})) as server:
        configure(home, server.url, monkeypatch)
        before = print_of(home)
        ran = hailuo("doctor", "--json")
    found = checks(ran)
    bad = {name for name, check in found.items() if check["state"] == "error"}
    assert bad >= {"ledger", "certificates", "pixazo"}
    assert all(found[name]["hint"] for name in bad)
    assert ran.code == 11, ran
    assert ran.json["error"]["exit"] == 11
    assert print_of(home) == before


def test_what_cannot_be_read_in_the_config_does_not_hide_the_rest(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "hailuo.toml"
    path.write_text("[profiles.a]\ntimeot = 1\n")
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    ran = hailuo("doctor", "--json")
    assert ran.code == 2
    found = checks(ran)
    assert "timeot" in found["config"]["message"]
    assert found["ledger"]["state"] == "ok"


@POSIX
def test_doubtful_modes_and_missing_keys_are_warnings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "hailuo.toml"
    path.write_text(
        '[profiles.a.providers.minimax]\napi_key = " "\n[profiles.a.providers.pixazo]\napi_key = "k-0123456789"\n'
        'base_url = "http://127.0.0.1:9"\n'
    )
    path.chmod(0o644)
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    ran = hailuo("doctor", "--json")
    found = checks(ran)
    assert (found["config"]["state"], found["config"]["hint"]) == ("warning", f"chmod 600 {path}")
    assert found["key: minimax"]["state"] == "warning"
    assert found["pixazo"]["state"] == "error"
    assert ran.code == 6


def test_a_ledger_of_a_newer_version_is_named(home: Path) -> None:
    hailuo("jobs", "list")
    ledger = home / "data" / "ledger.sqlite3"
    assert "0 jobs" in checks(hailuo("doctor", "--json"))["ledger"]["message"]
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 999")
    ran = hailuo("doctor", "--json")
    assert ran.code == 11
    assert "newer" in checks(ran)["ledger"]["message"]


def test_a_person_reads_a_table_and_what_to_do(home: Path) -> None:
    ran = hailuo("doctor")
    assert "what to do:" in ran.out
    assert "hailuo setup" in ran.out
