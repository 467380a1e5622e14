"""The ledger: one commit for all that waits, nothing moves on before it, and nothing is forgotten when it fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database, DatabaseOutgrown
from schedbot.store.opening import create_database
from schedbot.store.sqlite.connection import open_file
from schedbot.worker.state.write_queue import Entry, Ledger
from tests.support.sql import read_rows

SQL = "INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('pool', :name, '1', 0, 0)"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    create_database(tmp_path / "schedbot.db", "installation-1", 0).close()
    made = open_file(tmp_path / "schedbot.db", busy_ms=50)
    yield made
    made.close()


def beat(name: str) -> Entry:
    def entry(db: Database) -> Any:
        db.execute(SQL, {"name": name})
        return name

    return entry


def names(db: Database) -> list[str]:
    return [row[0] for row in read_rows(db, "SELECT name FROM heartbeats ORDER BY name")]


def test_what_follows_a_commit_is_told_what_was_written_in_order(db: Database) -> None:
    ledger = Ledger()
    told: list[str] = []
    for name in "cab":
        ledger.add(beat(name), told.append)
    assert (told, bool(ledger)) == ([], True)
    ledger.commit(db)
    assert (told, bool(ledger), names(db)) == (["c", "a", "b"], False, ["a", "b", "c"])


def test_a_commit_that_fails_keeps_every_entry_in_order_and_tells_nobody(db: Database) -> None:
    ledger = Ledger()
    told: list[str] = []
    for name in "cab":
        ledger.add(beat(name), told.append)
    other = apsw.Connection(str(db.path))
    other.execute("BEGIN EXCLUSIVE")
    for _ in range(2):
        with pytest.raises(DatabaseUnusable, match="is locked by another program"):
            ledger.commit(db)
    assert (told, names(db)) == ([], [])
    other.execute("ROLLBACK")
    ledger.commit(db)
    assert (told, names(db)) == (["c", "a", "b"], ["a", "b", "c"])


def test_what_is_added_by_what_follows_waits_for_the_next_commit(db: Database) -> None:
    ledger = Ledger()
    ledger.add(beat("a"), lambda _: ledger.add(beat("b")))
    ledger.commit(db)
    assert (names(db), bool(ledger)) == (["a"], True)
    ledger.commit(db)
    assert names(db) == ["a", "b"]


def test_an_entry_that_fails_takes_the_others_back_with_it(db: Database) -> None:
    ledger = Ledger()
    ledger.add(beat("a"))
    ledger.add(beat("a"))
    with pytest.raises(apsw.ConstraintError):
        ledger.commit(db)
    assert names(db) == []


def test_in_tables_that_a_newer_program_has_changed_only_ends_are_written(db: Database) -> None:
    ledger = Ledger()
    ledger.add(beat("begins"))
    ledger.add(beat("ends"), ends=True)
    apsw.Connection(str(db.path)).execute(f"PRAGMA user_version = {db.known_schema + 1}")
    with pytest.raises(DatabaseOutgrown):
        ledger.commit(db)
    ledger.outgrow()
    ledger.add(beat("begins later"))
    ledger.add(beat("ends later"), ends=True)
    ledger.commit(db)
    assert names(db) == ["ends", "ends later"]
