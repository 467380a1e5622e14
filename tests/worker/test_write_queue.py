"""Write queue: one commit for all writes, callbacks only after it, and nothing lost when it fails."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import apsw
import pytest

from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database, DatabaseOutgrown
from schedbot.store.open_database import create_database
from schedbot.store.sqlite.open_file import open_file
from schedbot.worker.state.write_queue import WriteFailure, WriteKind, WriteQueue

SQL = "INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('pool', :name, '1', 0, 0)"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    create_database(tmp_path / "schedbot.db", "installation-1", 0).close()
    db = open_file(tmp_path / "schedbot.db", busy_ms=50)
    yield db
    db.close()


def heartbeat(name: str) -> Callable[[Database], str]:
    def write(db: Database) -> str:
        db.execute(SQL, {"name": name})
        return name

    return write


def stored_names(db: Database) -> list[str]:
    return db.texts("SELECT name FROM heartbeats ORDER BY name")


def test_callbacks_get_results_in_order_after_commit(db: Database) -> None:
    writes = WriteQueue()
    results: list[str] = []
    for name in "cab":
        writes.add(heartbeat(name), results.append)
    assert (results, bool(writes)) == ([], True)
    writes.commit(db)
    assert (results, bool(writes), stored_names(db)) == (["c", "a", "b"], False, ["a", "b", "c"])


def test_failed_commit_keeps_writes_and_runs_no_callback(db: Database) -> None:
    writes = WriteQueue()
    results: list[str] = []
    for name in "cab":
        writes.add(heartbeat(name), results.append)
    other = apsw.Connection(str(db.path))
    other.execute("BEGIN EXCLUSIVE")
    for _ in range(2):
        with pytest.raises(DatabaseUnusable, match="is locked by another program"):
            writes.commit(db)
    assert (results, stored_names(db)) == ([], [])
    other.execute("ROLLBACK")
    writes.commit(db)
    assert (results, stored_names(db)) == (["c", "a", "b"], ["a", "b", "c"])


def test_write_added_by_callback_waits_for_next_commit(db: Database) -> None:
    writes = WriteQueue()
    writes.add(heartbeat("a"), lambda _: writes.add(heartbeat("b")))
    writes.commit(db)
    assert (stored_names(db), bool(writes)) == (["a"], True)
    writes.commit(db)
    assert stored_names(db) == ["a", "b"]


def test_failing_write_is_undone_alone(db: Database) -> None:
    def write_twice(db: Database) -> str:
        heartbeat("undone")(db)
        return heartbeat("a")(db)

    writes = WriteQueue()
    results: list[str] = []
    failures: list[WriteFailure] = []
    for write in (heartbeat("a"), write_twice, heartbeat("b")):
        writes.add(write, results.append, failures.append)
    writes.commit(db)
    assert (stored_names(db), results, bool(writes)) == (["a", "b"], ["a", "b"], False)
    assert [(type(failure.error), failure.is_committed) for failure in failures] == [(apsw.ConstraintError, False)]


class Names:
    """A kind of writes that notes how many names each call got, and the results and failures of all."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.results: list[str] = []
        self.failures: list[tuple[str, bool]] = []
        self.unwelcome = ""
        self.kind = WriteKind(self.write, self.on_commit, self.on_failure)

    def on_commit(self, written: Iterable[tuple[str, str]]) -> None:
        for _, result in written:
            if result in self.unwelcome:
                raise ValueError(result)
            self.results.append(result)

    def on_failure(self, name: str, failure: WriteFailure) -> None:
        self.failures.append((name, failure.is_committed))

    def write(self, db: Database, names: Sequence[str]) -> list[str]:
        self.sizes.append(len(names))
        return [heartbeat(name)(db).upper() for name in names]


def test_neighbours_of_one_kind_are_written_together(db: Database) -> None:
    writes, names = WriteQueue(), Names()
    for name in "ab":
        writes.add_to_set(names.kind, name)
    writes.add(heartbeat("c"), names.results.append)
    writes.add_to_set(names.kind, "d")
    writes.commit(db)
    assert (names.sizes, names.results, stored_names(db)) == ([2, 1], ["A", "B", "c", "D"], ["a", "b", "c", "d"])


def test_failing_item_of_a_set_is_undone_alone(db: Database) -> None:
    writes, names = WriteQueue(), Names()
    for name in ("a", "b", "a", "c"):
        writes.add_to_set(names.kind, name)
    writes.commit(db)
    assert (stored_names(db), names.results, names.failures) == (["a", "b", "c"], ["A", "B", "C"], [("a", False)])
    assert names.sizes == [4, 1, 1, 1, 1]


def test_failing_callback_keeps_writes_and_other_callbacks(db: Database) -> None:
    writes = WriteQueue()
    results: list[str] = []
    failures: list[WriteFailure] = []
    writes.add(heartbeat("a"), lambda name: results.append(str(int(name))), failures.append)
    writes.add(heartbeat("b"), results.append, failures.append)
    writes.commit(db)
    assert (stored_names(db), results) == (["a", "b"], ["b"])
    assert [(type(failure.error), failure.is_committed) for failure in failures] == [(ValueError, True)]


def test_callback_goes_on_after_item_that_fails(db: Database) -> None:
    writes, names = WriteQueue(), Names()
    names.unwelcome = "ACD"
    for name in "abcde":
        writes.add_to_set(names.kind, name)
    writes.commit(db)
    assert (names.results, names.failures) == (["B", "E"], [("a", True), ("c", True), ("d", True)])
    assert (stored_names(db), bool(writes)) == (["a", "b", "c", "d", "e"], False)


def test_newer_tables_get_only_endings(db: Database) -> None:
    writes = WriteQueue()
    writes.add(heartbeat("begins"))
    writes.add(heartbeat("ends"), is_ending=True)
    apsw.Connection(str(db.path)).execute(f"PRAGMA user_version = {db.known_schema + 1}")
    with pytest.raises(DatabaseOutgrown):
        writes.commit(db)
    writes.keep_only_endings()
    writes.add(heartbeat("begins later"))
    writes.add(heartbeat("ends later"), is_ending=True)
    writes.commit(db)
    assert stored_names(db) == ["ends", "ends later"]
