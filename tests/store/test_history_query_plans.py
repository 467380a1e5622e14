"""Query plans of the audit: it reads indexes, sorts nothing and streams its rows."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.model import JobState
from schedbot.store.database import Database
from schedbot.store.history import changes, filters, jobs, known_values
from schedbot.store.history.filters import Filter
from schedbot.store.history.known_values import IndexedColumn
from schedbot.store.open_database import create_database
from tests.support.sql import read_rows

BY_KEY = "sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"  # UNIQUE (day, schedule_id, due_at)
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, ts)
SELECT 's', 'w', i * 1000, 0, 0, 'succeeded', '1.1' FROM n
"""
SCHEDULE = (
    "INSERT INTO workspaces (id, name, token_kind, created_at) VALUES ('w', 'acme', 'env', 0)",
    "INSERT INTO recurrences (id, kind, expression, tz) VALUES (1, 'cron', '0 9 * * *', 'UTC')",
    "INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)"
    " VALUES ('s', 'daily', 'w', 1, 1, 'active', 0, 0)",
    "INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,"
    " grace_ms, max_attempts, priority, on_unknown, created_at)"
    " VALUES ('s', 1, 1, 'C1', 'text', 'Hi', 'latest', 0, 5, 'normal', 'hold', 0)",
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    with database.writing():
        for statement in SCHEDULE:
            database.execute(statement)
    yield database
    database.close()


def plan(db: Database, selection: Filter, order: str) -> str:
    sql = filters.of_jobs(jobs.JOBS, selection, order)
    return "\n".join(row[3] for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", filters.bindings(selection)))


@pytest.mark.parametrize("order", [jobs.NEWEST_FIRST, jobs.OLDEST_FIRST])
@pytest.mark.parametrize(
    ("selection", "index"),
    [
        pytest.param(Filter(), "jobs_by_due", id="all jobs in due order"),
        pytest.param(Filter(since=1, until=9), "jobs_by_due (due_at>? AND due_at<?)", id="a span is a range"),
        pytest.param(Filter(schedules=("s",)), f"{BY_KEY})", id="a schedule on each day"),
        pytest.param(Filter(schedules=("s",), since=1), f"{BY_KEY} AND due_at>?)", id="and a span"),
        pytest.param(Filter(states=(JobState.FAILED,)), "jobs_failed", id="failed jobs by their partial index"),
        pytest.param(Filter(states=(JobState.HELD,)), "jobs_held", id="held jobs by their partial index"),
        pytest.param(Filter(workspaces=("w",)), "jobs_by_due", id="a workspace in due order"),
        pytest.param(Filter(accounts=("a",)), "jobs_by_due", id="an account in due order"),
    ],
)
def test_filter_reads_an_index_and_sorts_nothing(db: Database, selection: Filter, index: str, order: str) -> None:
    steps = plan(db, selection, order)
    assert index in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        pytest.param(Filter(), "missed_spans_by_due", id="all jobs in due order"),
        pytest.param(Filter(since=1, until=9), "missed_spans_by_due (first_due_at<?)", id="a time is a range"),
        pytest.param(Filter(schedules=("s",)), "missed_spans_of_schedule (schedule_id=?)", id="a schedule by its key"),
    ],
)
def test_missed_spans_are_read_from_an_index(db: Database, selection: Filter, index: str) -> None:
    sql = jobs.spans_statement(selection, "due_at DESC")
    steps = "\n".join(row[3] for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", filters.bindings(selection)))
    assert index in steps
    assert "TEMP B-TREE" not in steps


def test_two_states_are_merged_from_both_indexes(db: Database) -> None:
    steps = plan(db, Filter(states=(JobState.FAILED, JobState.HELD)), jobs.NEWEST_FIRST)
    assert "MERGE" in steps
    assert "jobs_failed" in steps
    assert "jobs_held" in steps
    assert "TEMP B-TREE" not in steps


def test_many_schedules_are_read_in_due_order(db: Database) -> None:
    many = tuple(f"s{number}" for number in range(filters.MAX_SCHEDULES_BY_KEY + 1))
    steps = plan(db, Filter(schedules=many), jobs.OLDEST_FIRST)
    assert "jobs_by_due" in steps
    assert "TEMP B-TREE" not in steps


def test_many_jobs_are_streamed(db: Database) -> None:
    with db.writing():
        db.execute(FILL, {"count": 20_000})
    tracemalloc.start()
    read = sum(1 for _ in jobs.every(db, Filter()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 20_000
    assert peak < 4_000_000  # all rows at once take about 20 MB


@pytest.mark.parametrize(
    ("column", "index"),
    [
        (known_values.ACCOUNTS, "schedules_of_account"),
        (known_values.REMOVED_ACCOUNTS, "schedules_removed_of_account"),
        (known_values.CHANNELS, "schedule_versions_by_channel"),
        (known_values.ERRORS, "jobs_by_error"),
    ],
)
def test_value_and_its_neighbours_are_read_from_an_index(db: Database, column: IndexedColumn, index: str) -> None:
    statements = [known_values.exists(column), *(known_values.one_side(column, side, "ASC") for side in "<>")]
    for sql in statements:
        steps = [row[3] for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", known_values.bind("x"))]
        assert any(f"INDEX {index} " in step for step in steps), steps
        assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("sql", [changes.LEADING_TO, changes.SKIP])
def test_change_behind_a_state_is_found_by_its_object(db: Database, sql: str) -> None:
    bindings = {"schedule_id": "s", "state": "paused", "due_at": 1}
    steps = [row[3] for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", bindings)]
    assert steps == ["SEARCH changes USING INDEX changes_of_object (kind=? AND object_id=?)"]
