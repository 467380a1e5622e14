"""Transactions: whole or not at all, one writer at a time, reads of the last commit."""

import threading

import pytest

from schedbot.store.database import Database

INSERT = "INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('pool', :name, '1', 0, 0)"
NAMES = "SELECT name FROM heartbeats ORDER BY name"


def insert(db: Database, name: str) -> None:
    db.execute(INSERT, {"name": name})


def insert_and_fail(db: Database) -> None:
    with db.writing():
        insert(db, "a")
        raise ZeroDivisionError


def test_commit_is_seen_by_another_connection(db: Database, other: Database) -> None:
    with db.writing():
        insert(db, "a")
        assert other.texts(NAMES) == []
    assert other.texts(NAMES) == ["a"]


def test_failed_transaction_leaves_nothing(db: Database, other: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(db)
    assert db.texts(NAMES) == other.texts(NAMES) == []


def test_transaction_after_a_failed_one_is_committed(db: Database, other: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(db)
    with db.writing():
        insert(db, "b")
    assert other.texts(NAMES) == ["b"]


def test_write_outside_a_transaction_is_refused(db: Database) -> None:
    with pytest.raises(RuntimeError):
        insert(db, "a")


def test_transaction_inside_another_is_refused(db: Database) -> None:
    with db.writing(), pytest.raises(RuntimeError), db.writing():
        pass


def test_second_writer_waits_for_the_first(db: Database, other: Database) -> None:
    order: list[str] = []
    started = threading.Event()

    def write() -> None:
        started.set()
        with other.writing():
            order.append("second")

    with db.writing():
        thread = threading.Thread(target=write)
        thread.start()
        assert started.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_reads_of_one_context_see_one_commit(db: Database, other: Database) -> None:
    with other.reading():
        assert other.texts(NAMES) == []
        with db.writing():
            insert(db, "a")
        assert other.texts(NAMES) == []
    assert other.texts(NAMES) == ["a"]


def test_execute_returns_the_number_of_changed_rows(db: Database) -> None:
    with db.writing():
        db.execute_many(INSERT, [{"name": "a"}, {"name": "b"}])
        assert db.execute("UPDATE heartbeats SET beat_at = 1") == 2
        assert db.execute("UPDATE heartbeats SET beat_at = 1 WHERE name = 'c'") == 0


def test_missing_value_is_none_or_an_error(db: Database) -> None:
    assert db.integer_or_none("SELECT 1 WHERE 1 = 0") is None
    with pytest.raises(LookupError):
        db.integer("SELECT 1 WHERE 1 = 0")
