"""Rows that `audit --balance` compares, each read as one stream in order of the schedules' ids.

The versions and the recorded states (history/recorded_states.py) tell which occurrences the rules imply; jobs and
missed spans are those on record. Nothing of `schedules` that a tick could have set wrong is read. Instants are UTC
milliseconds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import CancelReason, JobKind, JobState
from schedbot.rules.expected_occurrences import FOREVER
from schedbot.store.database import Database
from schedbot.store.history.recorded_states import select_schedules
from schedbot.store.schedules.job_days import on_days

SCHEDULES = """
SELECT s.id, s.name, r.tz, s.created_at
  FROM schedules s JOIN recurrences r ON r.id = s.recurrence_id
 WHERE {selected} ORDER BY s.id
"""

VERSIONS = """
SELECT s.id AS schedule_id, v.version, v.recurrence_id, v.starts_at, v.until_at, v.created_at
  FROM schedules s CROSS JOIN schedule_versions v ON v.schedule_id = s.id
 WHERE {selected} ORDER BY s.id, v.version
"""

JOBS = f"""
SELECT s.id AS schedule_id, j.id AS job, j.due_at, j.state, j.kind, j.is_requested, j.cancel_reason
  FROM schedules s
 CROSS JOIN jobs j ON j.{on_days(":first", ":last")} AND j.schedule_id = s.id AND j.due_at BETWEEN :first AND :last
 WHERE {{selected}} ORDER BY s.id, j.due_at
"""

SPANS = """
SELECT s.id AS schedule_id, m.recurrence_id, m.first_due_at, m.last_due_at, m.count
  FROM schedules s CROSS JOIN missed_spans m ON m.schedule_id = s.id
 WHERE m.last_due_at >= :first AND m.first_due_at <= :last AND {selected}
 ORDER BY s.id, m.first_due_at, m.id
"""

EARLIEST = "SELECT min(s.created_at) FROM schedules s WHERE {selected}"
COUNT = "SELECT count(*) FROM schedules s WHERE {selected}"


@dataclass(frozen=True, slots=True)
class BalancedSchedule:
    """A schedule, removed or not, with its present time zone."""

    id: str
    name: str
    tz: str
    created_at: int


@dataclass(slots=True)
class VersionRow:
    """The rule of a version."""

    schedule_id: str
    version: int
    recurrence_id: int
    starts_at: int | None
    until_at: int | None
    created_at: int


@dataclass(slots=True)
class JobRow:
    """A job on record."""

    schedule_id: str
    job: int
    due_at: int
    state: JobState
    kind: JobKind
    is_requested: bool
    cancel_reason: CancelReason | None


@dataclass(slots=True)
class SpanRow:
    """A row of missed occurrences."""

    schedule_id: str
    recurrence_id: int
    first_due_at: int
    last_due_at: int
    count: int


@dataclass(frozen=True, slots=True)
class BalanceScope:
    """Schedules to look at (None: all), and the first and last due_at of the rows on record."""

    ids: Sequence[str] | None = None
    first: int = 0
    last: int = FOREVER

    @property
    def bindings(self) -> dict[str, object]:
        """Values for the statements."""
        return {"ids": json.dumps(self.ids), "first": self.first, "last": self.last}

    def select(self, sql: str) -> str:
        """Return the statement for these schedules."""
        return select_schedules(sql, self.ids)


def list_schedules(db: Database, scope: BalanceScope) -> Iterator[BalancedSchedule]:
    """Yield the schedules."""
    return db.each(BalancedSchedule, scope.select(SCHEDULES), scope.bindings)


def list_versions(db: Database, scope: BalanceScope) -> Iterator[VersionRow]:
    """Yield the versions of each schedule, the oldest first."""
    return db.each(VersionRow, scope.select(VERSIONS), scope.bindings)


def list_jobs(db: Database, scope: BalanceScope) -> Iterator[JobRow]:
    """Yield the jobs of each schedule by due_at."""
    return db.each(JobRow, scope.select(JOBS), scope.bindings)


def list_spans(db: Database, scope: BalanceScope) -> Iterator[SpanRow]:
    """Yield the missed spans of each schedule by their first due_at."""
    return db.each(SpanRow, scope.select(SPANS), scope.bindings)


def get_earliest_creation(db: Database, scope: BalanceScope) -> int | None:
    """Return the instant at which the first of the schedules was added, or None."""
    return db.integer_or_none(scope.select(EARLIEST), scope.bindings)


def count_schedules(db: Database, scope: BalanceScope) -> int:
    """Return the number of schedules to look at."""
    return db.integer(scope.select(COUNT), scope.bindings)
