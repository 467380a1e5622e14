"""The history of jobs, with their attempts, and of missed spans: what was due and what became of it, as a stream.

Attempts are read in slices of SLICE jobs, so a million jobs are never in memory at once. A missed span is one record
without a job number, at the place of its first occurrence. Instants are UTC milliseconds.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from schedbot.model import NO_TICK, CancelReason, JobState, Outcome, ScheduleState
from schedbot.store.database import Database
from schedbot.store.history import filters
from schedbot.store.history.filters import Filter
from schedbot.store.schedules import pauses_of_all

SLICE = 500
NEWEST_FIRST = "due_at DESC, job DESC"
OLDEST_FIRST = "due_at, job"
AFTER_ALL_JOBS = 2**63

COLUMNS = f"""
SELECT j.id AS job, j.schedule_id, s.name AS schedule, s.account, w.name AS workspace, {filters.CHANNEL} AS channel,
       j.due_at AS due_at, j.available_at, j.deadline_at, j.state,
       coalesce(j.cancel_reason, j.error) AS error, j.ts, j.lateness_ms, r.tz,
       s.state AS schedule_state, s.reason AS schedule_reason, w.id AS workspace_id,
       w.paused_reason AS workspace_paused, w.stops_grace, {pauses_of_all.stops("j")} AS is_all_paused,
       j.deferred_to, j.deferred_by, j.cancel_reason, j.acknowledged, j.parts, j.parts_posted, j.thread_ts, j.degraded,
       CASE WHEN j.degraded THEN (SELECT json_group_array(json_array(f.name, f.error)) FROM message_files f
                                   WHERE f.job_id = j.id AND f.error IS NOT NULL) END AS pictures,
       CASE WHEN v.report_kind <> 'text' THEN v.report_source END AS report
"""
JOINS = """
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = j.workspace_id
  JOIN recurrences r ON r.id = s.recurrence_id
"""
JOBS = f"{COLUMNS} FROM jobs j {JOINS}"
# Spans in the form of jobs, so that the same filters apply. {overlaps} bounds their time.
SPAN_COLUMNS = f"{COLUMNS}, j.occurrences, j.last_due_at"
SPANS = (
    """
  FROM (SELECT id AS span_id, schedule_id, workspace_id, NULL AS id, first_due_at AS due_at,
               first_due_at AS available_at, first_due_at AS deadline_at, 'missed' AS state, reason AS error,
               NULL AS ts, NULL AS lateness_ms, NULL AS deferred_to, NULL AS deferred_by, NULL AS cancel_reason,
               acknowledged, 1 AS parts, 0 AS parts_posted, NULL AS thread_ts, 0 AS degraded, count AS occurrences,
               last_due_at
          FROM missed_spans WHERE {overlaps}) j"""
    + JOINS
)

# A look-up keeps the ts of a message that only it found, because an ended attempt is never updated.
ATTEMPTS = """
SELECT a.job_id, a.number AS "attempt.number", a.version AS "attempt.version", a.channel AS "attempt.channel",
       a.worker AS "attempt.worker", a.started_at AS "attempt.started_at", a.sent_at AS "attempt.sent_at",
       a.ended_at AS "attempt.ended_at", a.outcome AS "attempt.outcome", a.error AS "attempt.error",
       a.detail AS "attempt.detail", a.http_status AS "attempt.http_status",
       coalesce(a.ts, (SELECT l.ts FROM lookups l
                        WHERE l.job_id = a.job_id AND l.number = a.number AND l.answer = 'found'
                        ORDER BY l.id DESC LIMIT 1)) AS "attempt.ts",
       a.lateness_ms AS "attempt.lateness_ms", a.rendered_at AS "attempt.rendered_at",
       a.render_ms AS "attempt.render_ms", a.part AS "attempt.part", a.thread_ts AS "attempt.thread_ts",
       a.method AS "attempt.method"
  FROM attempts a
 WHERE a.job_id IN (SELECT value FROM json_each(:jobs))
 ORDER BY a.job_id, a.number
"""

LOOKUPS = "SELECT number, looked_up_at, answer, error, ts FROM lookups WHERE job_id = :job ORDER BY looked_up_at, id"

EXISTING = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(:jobs))"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a job. `sent_at` None: it never left. `ts` is its own, or that of a look-up."""

    number: int
    version: int
    channel: str
    worker: str
    started_at: int
    sent_at: int | None
    ended_at: int | None
    outcome: Outcome | None
    error: str | None
    detail: str | None  # Slack's words about its refusal, or schedbot's about an error of its own
    http_status: int | None
    ts: str | None
    lateness_ms: int | None
    rendered_at: int | None = None  # instant of the data of its report
    render_ms: int | None = None
    part: int = 1
    thread_ts: str | None = None  # thread that it was sent to
    method: str = "post"  # or `update`, `share` of a file


@dataclass(frozen=True, slots=True)
class AttemptOfJob:
    """An attempt with the number of its job."""

    job_id: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job, with its schedule's present name, zone and state.

    `job` is its number. None: the record is a missed span, with its number of `occurrences` from `due_at` up to
    `last_due_at`.
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
    workspace_paused: str | None  # reason; None: it is not paused
    stops_grace: bool  # its workspace is paused by a refused token: the grace stands still
    is_all_paused: bool
    deferred_to: int | None  # instant that a calendar deferred it to; None: it goes at due_at
    deferred_by: str | None
    cancel_reason: CancelReason | None = None
    acknowledged: str | None = None  # JSON of `store.jobs.acknowledgement`
    report: str | None = None  # its schedule's named report, or the path of its template
    parts: int = 1  # messages that it is sent as
    parts_posted: int = 0
    thread_ts: str | None = None  # thread that its first part was sent to
    degraded: bool = False  # a picture of it is missing
    pictures: str | None = None  # JSON: name and error of each picture that is missing
    attempts: tuple[Attempt, ...] = ()
    occurrences: int | None = None
    last_due_at: int | None = None

    @property
    def rendered_at(self) -> int | None:
        """Instant of the data that was posted, or tried last; None: a fixed text, or no attempt."""
        return next((attempt.rendered_at for attempt in reversed(self.attempts) if attempt.rendered_at), None)

    @property
    def goes_at(self) -> int:
        """Instant at which it is to go: a job that a calendar deferred is not late before then."""
        return self.due_at if self.deferred_to is None else self.deferred_to


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up in the channel's history: did attempt `number` arrive?"""

    number: int
    looked_up_at: int
    answer: str
    error: str | None
    ts: str | None


def newest(db: Database, selection: Filter, limit: int) -> list[JobRecord]:
    """Return the `limit` jobs and missed spans that were due last, the newest first."""
    with db.reading():
        records = heapq.merge(
            newest_jobs(db, selection, limit), spans(db, selection, "due_at DESC"), key=sort_key, reverse=True
        )
        return list(islice(records, limit))


def newest_jobs(db: Database, selection: Filter, limit: int) -> Iterator[JobRecord]:
    """Yield the `limit` jobs that were due last, the newest first."""
    sql = filters.of_jobs(JOBS, selection, NEWEST_FIRST) + " LIMIT :limit"
    return with_attempts(db, db.each(JobRecord, sql, {**filters.bindings(selection), "limit": limit}))


def every(db: Database, selection: Filter) -> Iterator[JobRecord]:
    """Yield all jobs and missed spans in due order."""
    with db.reading():
        yield from heapq.merge(every_job(db, selection), spans(db, selection, "due_at"), key=sort_key)


def every_job(db: Database, selection: Filter) -> Iterator[JobRecord]:
    """Yield all jobs in due order."""
    sql = filters.of_jobs(JOBS, selection, OLDEST_FIRST)
    return with_attempts(db, db.each(JobRecord, sql, filters.bindings(selection)))


def spans(db: Database, selection: Filter, order: str) -> Iterator[JobRecord]:
    """Yield the missed spans that the filter lets through."""
    if not selects_spans(selection):
        return iter(())
    return db.each(JobRecord, spans_statement(selection, order), filters.bindings(selection))


def selects_spans(selection: Filter) -> bool:
    """May the filter let a missed span through? A span has no job number, one reason, and was missed."""
    return (
        selection.jobs is None
        and (selection.errors is None or NO_TICK in selection.errors)
        and (selection.states is None or JobState.MISSED in selection.states)
    )


def spans_statement(selection: Filter, order: str, columns: str = SPAN_COLUMNS, condition: str = "") -> str:
    """Return the statement for the filter's spans. A span that overlaps the filter's time is let through."""
    bounds = {"last_due_at >= :since": selection.since, "first_due_at <= :until": selection.until}
    overlaps = " AND ".join(bound for bound, instant in bounds.items() if instant is not None) or "true"
    timeless = replace(selection, since=None, until=None, zone_bounds=None)
    return filters.statement(columns + SPANS.format(overlaps=overlaps), timeless, order, condition)


def sort_key(record: JobRecord) -> tuple[int, int]:
    """Return the record's place in due order: a span comes after the jobs of the same instant."""
    return record.due_at, AFTER_ALL_JOBS if record.job is None else record.job


def by_number(db: Database, job: int) -> JobRecord | None:
    """Return the job of that number, or None."""
    return next(every_job(db, Filter(jobs=(job,))), None)


def lookups(db: Database, job: int | None) -> list[Lookup]:
    """Return the look-ups of a job, in order."""
    return db.all(Lookup, LOOKUPS, {"job": job})


def existing(db: Database, jobs: Iterable[int]) -> set[int]:
    """Return those of these numbers that are jobs."""
    return set(db.integers(EXISTING, {"jobs": json.dumps(list(jobs))}))


def with_attempts(db: Database, records: Iterator[JobRecord]) -> Iterator[JobRecord]:
    """Yield the jobs with their attempts."""
    while page := list(islice(records, SLICE)):
        attempts = attempts_by_job(db, [record.job for record in page])
        for record in page:
            own = attempts.get(record.job)
            yield replace(record, attempts=tuple(own)) if own else record


def attempts_by_job(db: Database, jobs: list[int | None]) -> dict[int | None, list[Attempt]]:
    """Return the attempts of these jobs, in order."""
    attempts: defaultdict[int | None, list[Attempt]] = defaultdict(list)
    for row in db.all(AttemptOfJob, ATTEMPTS, {"jobs": json.dumps(jobs)}):
        attempts[row.job_id].append(row.attempt)
    return attempts
