"""What was due, and what became of it: jobs with their attempts, and what was missed, read back as a stream.

Attempts come in slices of SLICE jobs, so a million jobs are read without being held. Instants are UTC milliseconds.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, starmap

from schedbot.model import CancelReason, JobState, Outcome, ScheduleState
from schedbot.store.database import Database, Row
from schedbot.store.history import filters, missed_occurrences
from schedbot.store.history.filters import Filter

SLICE = 500
NEWEST_FIRST = "due_at DESC, job DESC"
OLDEST_FIRST = "due_at, job"
LARGEST = 2**63  # no job's number

JOBS = f"""
SELECT j.id AS job, j.schedule_id, s.name, s.account, w.name, {filters.CHANNEL}, j.due_at AS due_at, j.available_at,
       j.deadline_at, j.state, coalesce(j.cancel_reason, j.error), j.ts, j.lateness_ms, r.tz, s.state, s.reason, w.id,
       w.paused_reason, j.deferred_to, j.deferred_by, j.cancel_reason
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = j.workspace_id
  JOIN recurrences r ON r.id = s.recurrence_id
"""

# The ts of a message that only a look-up found stands with the look-up: an ended attempt is never updated.
ATTEMPTS = """
SELECT a.job_id, a.number, a.version, a.channel, a.worker, a.started_at, a.sent_at, a.ended_at, a.outcome, a.error,
       a.detail, a.http_status,
       coalesce(a.ts, (SELECT l.ts FROM lookups l
                        WHERE l.job_id = a.job_id AND l.number = a.number AND l.answer = 'found'
                        ORDER BY l.id DESC LIMIT 1)),
       a.lateness_ms
  FROM attempts a
 WHERE a.job_id IN (SELECT value FROM json_each(:jobs))
 ORDER BY a.job_id, a.number
"""

LOOKUPS = "SELECT number, asked_at, answer, error, ts FROM lookups WHERE job_id = :job ORDER BY asked_at, id"

THERE = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(:jobs))"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `sent_at` None: it never left. `ts` is its own, or what a look-up found for it."""

    number: int
    version: int
    channel: str
    worker: str
    started_at: int
    sent_at: int | None
    ended_at: int | None
    outcome: Outcome | None
    error: str | None
    detail: str | None  # of an error of our own, in words
    http_status: int | None
    ts: str | None
    lateness_ms: int | None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job as it stands, told with its schedule's present name, zone and state.

    `job` is its number; None: it was missed among many, and gets one when it is sent again.
    """

    job: int | None
    schedule_id: str
    schedule: str
    account: str
    workspace: str
    channel: str
    due_at: int
    available_at: int
    deadline_at: int
    state: JobState
    error: str | None
    ts: str | None
    lateness_ms: int | None
    tz: str
    schedule_state: ScheduleState
    schedule_reason: str | None
    workspace_id: str
    workspace_paused: str | None  # why; None: it is not paused
    deferred_to: int | None  # when it is to go instead of due_at; None: at its own time
    deferred_by: str | None
    cancel_reason: CancelReason | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def goes_at(self) -> int:
        """When it is to go: what was put off by a calendar is not late before then."""
        return self.due_at if self.deferred_to is None else self.deferred_to


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to the channel's history: did attempt `number` arrive?"""

    number: int
    asked_at: int
    answer: str
    error: str | None
    ts: str | None


def newest(db: Database, chosen: Filter, limit: int) -> list[JobRecord]:
    """The `limit` jobs that were due last, the newest first."""
    sql = filters.statement(JOBS, chosen, NEWEST_FIRST) + " LIMIT :limit"
    jobs = records(db, db.stream(sql, {**filters.bindings(chosen), "limit": limit}))
    with db.reading():
        spans = missed_occurrences.newest(db, JOBS, unnumbered, chosen, limit)
        every = heapq.merge(jobs, starmap(missed_at, spans), key=order, reverse=True)
        return list(islice(every, limit))


def every(db: Database, chosen: Filter) -> Iterator[JobRecord]:
    """All jobs in due order, as a stream."""
    jobs = records(db, db.stream(filters.statement(JOBS, chosen, OLDEST_FIRST), filters.bindings(chosen)))
    with db.reading():
        spans = missed_occurrences.every(db, JOBS, unnumbered, chosen)
        yield from heapq.merge(jobs, starmap(missed_at, spans), key=order)


def order(one: JobRecord) -> tuple[int, int]:
    """By when it was due; what has no number comes after what has one."""
    return one.due_at, LARGEST if one.job is None else one.job


def unnumbered(row: Row) -> JobRecord:
    """What an occurrence of a missed span is told as: a job without number and attempts."""
    return record(row, ())


def missed_at(due_at: int, one: JobRecord) -> JobRecord:
    """The span's occurrence of that instant."""
    return replace(one, due_at=due_at, available_at=due_at, deadline_at=due_at + one.deadline_at - one.due_at)


def by_number(db: Database, job: int) -> JobRecord | None:
    """The job of that number, or None."""
    return next(every(db, Filter(jobs=(job,))), None)


def lookups(db: Database, job: int | None) -> list[Lookup]:
    """What the channel's history was asked about a job, in order."""
    return [Lookup(*row) for row in db.rows(LOOKUPS, {"job": job})]


def there(db: Database, jobs: Iterable[int]) -> set[int]:
    """Which of these numbers are jobs."""
    return {row[0] for row in db.rows(THERE, {"jobs": json.dumps(list(jobs))})}


def records(db: Database, rows: Iterator[Row]) -> Iterator[JobRecord]:
    while page := list(islice(rows, SLICE)):
        tried = attempts(db, [row[0] for row in page])
        yield from (record(row, tuple(tried.get(row[0], ()))) for row in page)


def attempts(db: Database, jobs: list[int]) -> dict[int, list[Attempt]]:
    """The attempts of these jobs, by job, in order."""
    found = defaultdict(list)
    for job, *rest in db.rows(ATTEMPTS, {"jobs": json.dumps(jobs)}):
        found[job].append(attempt(tuple(rest)))
    return found


def record(row: Row, tried: tuple[Attempt, ...]) -> JobRecord:
    told = list(row)
    told[9], told[14] = JobState(told[9]), ScheduleState(told[14])
    told[20] = CancelReason(told[20]) if told[20] else None
    return JobRecord(*[*told, tried])


def attempt(row: Row) -> Attempt:
    told = list(row)
    told[7] = Outcome(told[7]) if told[7] else None
    return Attempt(*told)
