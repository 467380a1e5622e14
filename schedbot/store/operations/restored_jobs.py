"""Statements of `restore`: jobs that may have been posted after the backup, and their settlement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schedbot.model import JobKind, JobState, Outcome, ThreadSpan, occurrence_id
from schedbot.rules.lifecycle import NEW, REVERSIBLE, Event, after
from schedbot.store.database import Database
from schedbot.store.jobs.message_parts import BEGUN_GRACE_MS
from schedbot.store.schedules.job_days import day_of

ERROR = "restored"
WORKER = "restore"

# The job `j`, with its schedule as it is now and its last attempt.
SELECT = """
SELECT j.id, j.schedule_id, j.due_at, j.kind, j.state, coalesce(j.deferred_to, j.due_at) AS scheduled_at,
       j.workspace_id, j.attempts, j.ts, j.thread_ts, j.parts, j.parts_posted,
       EXISTS (SELECT 1 FROM message_parts p WHERE p.job_id = j.id AND p.content <> '') AS is_stored,
       a.channel AS last_channel, a.sent_at AS last_sent_at, a.thread_ts AS last_thread_ts,
       coalesce(a.outcome = 'unknown', 0) AS is_last_unknown,
       (SELECT p.ts FROM message_parts p WHERE p.job_id = j.id AND p.part = j.parts_posted) AS last_part_ts,
       s.version, v.channel, v.thread, v.is_update, r.tz
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
  LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
"""

# Every job that a pool or a person could send after the backup. An edit, a calendar or a report ends a job for good.
SENDABLE = f"""
       j.state IN ('queued', 'unknown', 'held', 'failed', 'missed')
       OR j.state IN ('cancelled', 'skipped') AND j.cancel_reason IN {tuple(map(str, REVERSIBLE))}
"""
CANDIDATES = f"{SELECT} WHERE j.due_at <= :now AND ({SENDABLE}) ORDER BY j.due_at, j.id"
OF_OCCURRENCE = f"{SELECT} WHERE j.day = {day_of(':due_at')} AND j.schedule_id = :schedule_id AND j.due_at = :due_at"
BY_ID = f"{SELECT} WHERE j.id = :id"

INSERT = """
INSERT INTO jobs (schedule_id, workspace_id, kind, due_at, available_at, deadline_at, state, is_requested)
SELECT s.id, s.workspace_id, :kind, :due_at, :due_at, :due_at, :queued, 1 FROM schedules s WHERE s.id = :schedule_id
RETURNING id
"""

# A restored job is sent by nobody until its state is settled.
QUEUE = """
UPDATE jobs
   SET state = :queued, error = NULL, cancel_reason = NULL, acknowledged = NULL,
       available_at = max(available_at, :now),
       parked = EXISTS (SELECT 1 FROM workspaces w WHERE w.id = jobs.workspace_id AND w.paused_at IS NOT NULL)
 WHERE id = :id AND state = :before
"""
HOLD = "UPDATE jobs SET state = :held, error = :error, parked = 0 WHERE id = :id AND state = :before"
SUCCEED = """
UPDATE jobs
   SET state = :succeeded, ts = :ts, thread_ts = :thread_ts, error = NULL, lateness_ms = :lateness_ms, parked = 0,
       parts = :parts, parts_posted = :parts, attempts = :attempts
 WHERE id = :id AND state = :before
"""
RECORD_FIRST_PARTS = """
UPDATE jobs
   SET parts_posted = :posted, ts = :ts, thread_ts = :thread_ts, attempts = :attempts,
       deadline_at = max(deadline_at, :deadline_at)
 WHERE id = :id AND state = :before
"""
END_PARTS = """
UPDATE message_parts SET ts = p.value FROM json_each(:ts_by_part) p
 WHERE job_id = :id AND part = CAST(p.key AS INTEGER)
"""

ADD_ATTEMPT = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, thread_ts, ended_at,
                      outcome, ts, lateness_ms)
VALUES (:id, :number, :workspace_id, :version, :channel, :worker, :at, :at, :thread_ts, :now, :posted, :ts,
        :lateness_ms)
"""
ADD_LOOKUP = """
INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer, ts)
VALUES (:id, :number, :workspace_id, :now, 'found', :ts)
"""

MARK_UNSURE = "UPDATE schedules SET unsure_until = :now WHERE id IN (SELECT value FROM json_each(:ids))"


@dataclass(frozen=True, slots=True)
class RestoredJob:
    """A job that may have been posted after the backup. `channel` is that of its schedule, perhaps a person."""

    id: int
    schedule_id: str
    due_at: int
    kind: JobKind
    state: JobState
    scheduled_at: int
    workspace_id: str
    attempts: int
    ts: str | None
    thread_ts: str | None
    parts: int
    parts_posted: int
    is_stored: bool
    last_channel: str | None
    last_sent_at: int | None
    last_thread_ts: str | None
    is_last_unknown: bool
    last_part_ts: str | None
    version: int
    channel: str
    thread: ThreadSpan
    is_update: bool
    tz: str

    @property
    def occurrence(self) -> str:
        """Name of the occurrence in the message's metadata."""
        return occurrence_id(self.schedule_id, self.due_at)


@dataclass(frozen=True, slots=True)
class RestoredPost:
    """A message that was posted after the backup: its first part, and the number of its parts. `at`: its instant."""

    ts: str
    thread_ts: str | None
    channel: str
    at: int
    parts: int
    ts_by_part: Mapping[int, str]


def list_candidates(db: Database, now: int) -> list[RestoredJob]:
    """Return the jobs due up to now that have not succeeded, and that a pool or a person could have sent."""
    return db.all(RestoredJob, CANDIDATES, {"now": now})


def find(db: Database, schedule_id: str, due_at: int) -> RestoredJob | None:
    """Return the job of an occurrence, in any state."""
    return db.first(RestoredJob, OF_OCCURRENCE, {"schedule_id": schedule_id, "due_at": due_at})


def insert(db: Database, schedule_id: str, due_at: int, kind: JobKind) -> RestoredJob | None:
    """Add the job of an occurrence of which the backup has none; None if the schedule is unknown. In a transaction."""
    queued = NEW[Event.ENQUEUED]
    bindings = {"schedule_id": schedule_id, "due_at": due_at, "kind": kind, "queued": queued}
    job_id = db.integer_or_none(INSERT, bindings)
    return None if job_id is None else db.first(RestoredJob, BY_ID, {"id": job_id})


def succeed(db: Database, job: RestoredJob, post: RestoredPost, now: int) -> None:
    """Record that a job was posted after the backup. Inside a transaction."""
    state = make_pending(db, job)
    succeeded = after(state, Event.MARKED_POSTED if state is JobState.HELD else Event.IN_HISTORY)
    lateness_ms = max(0, post.at - job.scheduled_at)
    attempts = record_post(db, job, post, lateness_ms, now)
    values: Mapping[str, object] = {"ts": post.ts, "thread_ts": post.thread_ts, "parts": post.parts}
    bindings = {"id": job.id, "before": state, "succeeded": succeeded, "attempts": attempts, "lateness_ms": lateness_ms}
    db.execute(SUCCEED, {**bindings, **values})
    end_parts(db, job, post)


def make_pending(db: Database, job: RestoredJob) -> JobState:
    """Queue a job that had ended, as a retry does, and return its state. Inside a transaction."""
    if job.state in (JobState.QUEUED, JobState.UNKNOWN, JobState.HELD):
        return job.state
    queued = after(job.state, Event.RETRIED)
    db.execute(QUEUE, {"id": job.id, "before": job.state, "queued": queued, "now": 0})
    return queued


def record_post(db: Database, job: RestoredJob, post: RestoredPost, lateness_ms: int, now: int) -> int:
    """Record the post: as a look-up of an attempt of unknown outcome, or else as an attempt. Return the last number."""
    bindings: dict[str, object] = {"id": job.id, "workspace_id": job.workspace_id, "ts": post.ts, "now": now}
    if job.is_last_unknown:
        db.execute(ADD_LOOKUP, {**bindings, "number": job.attempts})
        return job.attempts
    place = {"version": job.version, "channel": post.channel, "thread_ts": post.thread_ts, "worker": WORKER}
    end = {"at": post.at, "posted": Outcome.POSTED, "lateness_ms": lateness_ms, "number": job.attempts + 1}
    db.execute(ADD_ATTEMPT, {**bindings, **place, **end})
    return job.attempts + 1


def end_parts(db: Database, job: RestoredJob, post: RestoredPost) -> None:
    """Record which parts of a stored message are posted. Inside a transaction."""
    if job.is_stored:
        db.execute(END_PARTS, {"id": job.id, "ts_by_part": json.dumps(post.ts_by_part)})


def record_first_parts(db: Database, job: RestoredJob, post: RestoredPost, now: int) -> JobState:
    """Record the first parts of a stored message: the next one follows. Return the state. Inside a transaction."""
    posted, attempts = len(post.ts_by_part), job.attempts
    if posted > job.parts_posted:
        attempts = record_post(db, job, post, max(0, post.at - job.scheduled_at), now)
    bindings = {"id": job.id, "before": job.state, "posted": posted, "ts": post.ts, "thread_ts": post.thread_ts}
    db.execute(RECORD_FIRST_PARTS, {**bindings, "attempts": attempts, "deadline_at": now + BEGUN_GRACE_MS})
    end_parts(db, job, post)
    if job.state is JobState.UNKNOWN:
        return queue(db, job, now)
    return job.state


def hold(db: Database, job: RestoredJob) -> None:
    """Hold a job that may have been posted: no record shows it. Inside a transaction."""
    state = make_pending(db, job)
    held = after(state, Event.HISTORY_UNREADABLE_HOLD)
    db.execute(HOLD, {"id": job.id, "before": state, "held": held, "error": ERROR})


def queue(db: Database, job: RestoredJob, now: int) -> JobState:
    """Queue a job of unknown outcome that was not posted. Return its state. Inside a transaction."""
    queued = after(job.state, Event.NOT_IN_HISTORY)
    db.execute(QUEUE, {"id": job.id, "before": job.state, "queued": queued, "now": now})
    return queued


def mark_unsure(db: Database, schedule_ids: Sequence[str], now: int) -> None:
    """Record that it is not known which occurrences of schedules were posted up to now. Inside a transaction."""
    db.execute(MARK_UNSURE, {"ids": json.dumps(list(schedule_ids)), "now": now})
