"""Jobs of unknown outcome: a request was sent, and it is not known whether its message arrived.

`available_at` of such a job is the instant of its next look-up: not before a late message can no longer arrive. Every
look-up is recorded, and a result settles the job only as the attempt that was looked up.
"""

from dataclasses import dataclass
from typing import NamedTuple

from schedbot.model import JobState, TokenSource, occurrence_id
from schedbot.posts import THREAD_GONE
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs import message_files, message_parts, threads
from schedbot.store.jobs.settlement import SETTLED
from schedbot.store.readable_rows import read_by_ids

NOT_POSTED = (JobState.QUEUED, JobState.FAILED)  # states of a job after an attempt that did not arrive

CANCELLED = after(JobState.UNKNOWN, Event.CANCELLED)

HAS_DUE = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown' AND available_at <= :now)"

HAS_DUE_AFTER = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown' AND available_at > :too_far)"

# Taking a job postpones its next look-up, so that no other pool takes it at the same time.
TAKE = """
UPDATE jobs SET available_at = :again_at
 WHERE id IN (SELECT id FROM jobs WHERE state = 'unknown' AND available_at <= :now ORDER BY available_at LIMIT :limit)
RETURNING id
"""

# One request reads a whole channel or thread, so the other jobs of unknown outcome in it are looked up along.
TAKE_IN_CHANNEL = """
UPDATE jobs SET available_at = :again_at
 WHERE state = 'unknown' AND workspace_id = :workspace_id
   AND EXISTS (SELECT 1 FROM attempts a
                WHERE a.job_id = jobs.id AND a.number = jobs.attempts AND a.channel = :channel
                  AND coalesce(a.thread_ts, '') = :thread_ts AND a.method = 'post'
                  AND a.sent_at BETWEEN :sent_after AND :sent_before)
RETURNING id
"""

# The attempt's channel and sent_at; the schedule's present policy.
TAKEN = """
SELECT j.id, j.schedule_id, s.name AS schedule, j.workspace_id, w.name AS workspace, w.token_kind AS "source.kind",
       w.token_place AS "source.place", j.due_at, j.deadline_at, j.attempts AS number, j.spent, j.parts, a.channel,
       a.sent_at, a.clock_ms, a.part, coalesce(a.thread_ts, '') AS thread_ts, a.method, a.error AS attempt_error,
       v.thread <> 'none' AS has_thread, v.max_attempts, v.on_unknown, w.resumes, j.error,
       coalesce(j.deferred_to, j.due_at) AS scheduled_at,
       w.removed_at IS NOT NULL AS is_removed,
       (SELECT f.file_id FROM message_parts p
          JOIN message_files f ON f.job_id = p.job_id AND f.number = CAST(p.content AS INTEGER)
         WHERE p.job_id = j.id AND p.part = a.part AND a.method = 'share' AND p.content <> '') AS file_id,
       EXISTS (SELECT 1 FROM lookups l
                WHERE l.job_id = j.id AND l.number = j.attempts AND l.answer = 'widened') AS is_widened
  FROM json_each(:ids) c
  JOIN jobs j ON j.id = c.value
  JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = j.workspace_id
 WHERE w.paused_at IS NULL
"""

# No look-up is postponed that far: the instant was written before somebody set the clock back.
BRING_FORWARD = "UPDATE jobs SET available_at = :again_at WHERE state = 'unknown' AND available_at > :too_far"

RECORD = """
INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer, error, ts)
VALUES (:job_id, :number, :workspace_id, :looked_up_at, :answer, :error, :ts)
"""

SETTLE = f"""
UPDATE jobs
   SET {SETTLED}
 WHERE id = :job_id AND state = 'unknown' AND attempts = :number
RETURNING state
"""


class HistoryKey(NamedTuple):
    """A channel of a workspace, or a thread in it, whose messages one request reads."""

    workspace_id: str
    channel: str
    thread_ts: str


@dataclass(frozen=True, slots=True)
class UnknownJob:
    """A job of unknown outcome, with the attempt (`number`) to look up. `resumes`, `error`: as in a claimed job."""

    id: int
    schedule_id: str
    schedule: str
    workspace_id: str
    workspace: str
    source: TokenSource
    due_at: int
    deadline_at: int
    number: int
    spent: int
    channel: str
    sent_at: int
    clock_ms: int | None
    max_attempts: int
    on_unknown: str
    resumes: int
    error: str | None
    scheduled_at: int  # due_at, or the instant that a calendar deferred it to
    attempt_error: str | None = None  # as Slack returned it; `error` may be of a look-up since
    part: int = 1
    parts: int = 1
    thread_ts: str = ""  # that the attempt went to
    method: str = "post"
    file_id: str | None = None  # file that the attempt shares
    has_thread: bool = False  # its schedule posts into threads
    is_removed: bool = False  # its workspace: no new token will come
    is_widened: bool = False  # a look-up in the seconds around sent_at did not find it

    @property
    def place(self) -> HistoryKey:
        """Place of its message."""
        return HistoryKey(self.workspace_id, self.channel, self.thread_ts)

    @property
    def occurrence(self) -> str:
        """Occurrence in the message's metadata."""
        return occurrence_id(self.schedule_id, self.due_at)


@dataclass(frozen=True, slots=True)
class LookUpResult:
    """Result of the look-up of one attempt. `answer` is found, absent, widened, cannot_ask or later."""

    job: UnknownJob
    looked_up_at: int
    answer: str
    error: str | None = None
    ts: str | None = None


def has_due(db: Database, now: int) -> bool:
    """Is a look-up due?"""
    return db.is_true(HAS_DUE, {"now": now})


def has_due_after(db: Database, too_far: int) -> bool:
    """Is a look-up postponed beyond `too_far`?"""
    return db.is_true(HAS_DUE_AFTER, {"too_far": too_far})


def bring_forward(db: Database, too_far: int, again_at: int) -> int:
    """Move look-ups that are postponed beyond `too_far` to `again_at`. Returns their number. Inside a transaction."""
    return db.execute(BRING_FORWARD, {"too_far": too_far, "again_at": again_at})


def take_due(db: Database, now: int, again_at: int, limit: int) -> list[UnknownJob]:
    """Take jobs whose look-up is due. No other pool takes them before `again_at`. Inside a transaction."""
    return read_jobs(db, db.integers(TAKE, {"now": now, "again_at": again_at, "limit": limit}))


def take_in_channel(
    db: Database, place: HistoryKey, sent_after: int, sent_before: int, again_at: int
) -> list[UnknownJob]:
    """Take all jobs of unknown outcome in one channel or thread that were sent between two instants.

    Inside a transaction.
    """
    sent = {"sent_after": sent_after, "sent_before": sent_before}
    bindings = {**place._asdict(), **sent, "again_at": again_at}
    return read_jobs(db, db.integers(TAKE_IN_CHANNEL, bindings))


def read_jobs(db: Database, ids: list[int]) -> list[UnknownJob]:
    return read_by_ids(db, UnknownJob, TAKEN, ids) if ids else []


def record_look_up(db: Database, result: LookUpResult) -> None:
    """Record the look-up. Inside a transaction."""
    bindings = {
        "job_id": result.job.id,
        "number": result.job.number,
        "workspace_id": result.job.workspace_id,
        "looked_up_at": result.looked_up_at,
        "answer": result.answer,
        "error": result.error,
        "ts": result.ts,
    }
    db.execute(RECORD, bindings)


def record_place(db: Database, result: LookUpResult, ts: str, next_at: int) -> None:
    """Record what a post that was found means for the parts of its message and the thread of its schedule."""
    job = result.job
    if job.parts > 1:
        message_parts.end_part(db, job.id, job.part, ts, next_at)
    if job.part == 1 and result.error == THREAD_GONE:
        threads.replace_by(db, job.schedule_id, job.thread_ts, job.id, ts)
    elif job.part == 1 and job.has_thread:
        threads.open_by(db, job.schedule_id, job.id, ts)


def settle(
    db: Database, result: LookUpResult, state: JobState, available_at: int, error: str | None
) -> JobState | None:
    """Write the job's state after a look-up. Inside a transaction.

    Returns the state, or None if the job was settled before.
    """
    job = result.job
    is_posted = result.answer == "found"
    bindings = {
        "state": state,
        "cancelled": CANCELLED,
        "available_at": available_at,
        "error": error,
        "ts": result.ts,
        "posted": int(is_posted),
        "lateness_ms": max(0, job.sent_at - job.scheduled_at) if is_posted else None,
        "job_id": job.id,
        "number": job.number,
    }
    settled = db.text_or_none(SETTLE, bindings)
    if settled and is_posted and result.ts:
        record_place(db, result, result.ts, available_at)
    if settled in NOT_POSTED and not is_posted and job.file_id:
        message_files.forget_shared(db, job.id, job.part)
    return None if settled is None else JobState(settled)
