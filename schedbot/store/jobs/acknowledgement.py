"""Acknowledgements: a person takes a failed, held or missed job, or a row of missed occurrences, out of `health`.

A retry ends the acknowledgement, so that a new failure counts again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from schedbot.model import JobState
from schedbot.store.database import Database
from schedbot.store.history import filters, jobs
from schedbot.store.history.filters import Filter

STATES = (JobState.FAILED, JobState.HELD, JobState.MISSED)

JOBS = f"""
SELECT j.id AS job, j.due_at AS due_at, s.name AS schedule, j.state, j.workspace_id FROM jobs j {jobs.JOINS}
"""
SPANS = """
SELECT j.span_id AS id, j.due_at AS due_at, s.name AS schedule, j.workspace_id
"""

# Both read numbers from :ids, and leave acknowledged rows as they are.
ACKNOWLEDGE_JOBS = """
UPDATE jobs SET acknowledged = :acknowledged
 WHERE id IN (SELECT value FROM json_each(:ids)) AND acknowledged IS NULL AND state IN ('failed', 'held', 'missed')
RETURNING id
"""
ACKNOWLEDGE_SPANS = """
UPDATE missed_spans SET acknowledged = :acknowledged
 WHERE id IN (SELECT value FROM json_each(:ids)) AND acknowledged IS NULL
RETURNING id
"""

TAKE_BACK = {
    "job": "UPDATE jobs SET acknowledged = NULL WHERE id = :id AND acknowledged IS NOT NULL",
    "missed": "UPDATE missed_spans SET acknowledged = NULL WHERE id = :id AND acknowledged IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Instant, person and reason."""

    at: int
    by: str
    reason: str

    def to_text(self) -> str:
        """Return the acknowledgement as its column holds it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the acknowledgement of a column."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class OpenFailure:
    """A job that a person may acknowledge."""

    job: int
    due_at: int
    schedule: str
    state: JobState
    workspace_id: str


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """A row of missed occurrences that a person may acknowledge."""

    id: int
    due_at: int
    schedule: str
    workspace_id: str


def list_open_jobs(db: Database, selection: Filter) -> list[OpenFailure]:
    """Return the jobs of the filter that nobody has acknowledged, in due order. The filter names only STATES."""
    sql = filters.of_jobs(JOBS, selection, jobs.OLDEST_FIRST, "j.acknowledged IS NULL")
    return db.all(OpenFailure, sql, filters.bindings(selection))


def list_open_spans(db: Database, selection: Filter) -> list[OpenSpan]:
    """Return the rows of missed occurrences of the filter that nobody has acknowledged."""
    if not jobs.selects_spans(selection):
        return []
    sql = jobs.spans_statement(selection, "due_at", SPANS, "j.acknowledged IS NULL")
    return db.all(OpenSpan, sql, filters.bindings(selection))


def acknowledge_jobs(db: Database, numbers: Sequence[int], acknowledgement: Acknowledgement) -> set[int]:
    """Acknowledge these jobs, and return those that were still open. Inside a transaction."""
    bindings = {"ids": json.dumps(numbers), "acknowledged": acknowledgement.to_text()}
    return set(db.integers(ACKNOWLEDGE_JOBS, bindings))


def acknowledge_spans(db: Database, ids: Sequence[int], acknowledgement: Acknowledgement) -> set[int]:
    """Acknowledge these rows of missed occurrences, and return those that were still open. Inside a transaction."""
    bindings = {"ids": json.dumps(ids), "acknowledged": acknowledgement.to_text()}
    return set(db.integers(ACKNOWLEDGE_SPANS, bindings))


def take_back(db: Database, kind: str, number: int) -> bool:
    """End the acknowledgement of a job, or of a row of missed occurrences. False: there is none. In a transaction."""
    return db.execute(TAKE_BACK[kind], {"id": number}) == 1
