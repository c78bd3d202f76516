"""Looking at a ledger without touching it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import LedgerError
from .sqlite_file import APPLICATION_ID, VERSION, translate_errors


def verified(path: Path) -> int:
    """How many jobs a ledger file holds. LedgerError where it is foreign, damaged or newer, DiskError where unreadable.

    An older version is fine: the next command brings it up to date.
    """
    with (
        translate_errors(path),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db,
    ):
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LedgerError(f"{path} is not a hailuo ledger, or it was emptied", hint="move it away to start anew")
        if (version := db.execute("PRAGMA user_version").fetchone()[0]) > VERSION:
            raise LedgerError(
                f"{path} was written by a newer hailuo (version {version}, this one knows {VERSION})",
                hint="upgrade hailuo",
            )
        damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise LedgerError(
                f"the ledger {path} is damaged: {damage}", hint=f"move it away to start a new one: mv {path} {path}.old"
            )
        count: int = db.execute("SELECT count(*) FROM jobs").fetchone()[0]
        return count
