"""Jobs of unknown outcome: a request left, and nobody knows whether its message arrived.

`available_at` of such a job is when a look-up makes sense: once a late message can no longer arrive. Every look-up is
on record, and a job is settled only as the attempt that it was looked up for.
"""

import json
from dataclasses import dataclass

from schedbot.model import JobState, TokenSource
from schedbot.store.database import Database, Row
from schedbot.store.jobs import requeue

# To take it is to move its next look-up away: another pool does not ask the same at the same time.
TAKE = """
UPDATE jobs SET available_at = :again_at
 WHERE id IN (SELECT id FROM jobs WHERE state = 'unknown' AND available_at <= :now ORDER BY available_at LIMIT :limit)
RETURNING id
"""

# One request shows a whole channel: what else is unknown there is asked for along with it.
TAKE_BESIDE = """
UPDATE jobs SET available_at = :again_at
 WHERE state = 'unknown' AND workspace_id = :workspace_id
   AND EXISTS (SELECT 1 FROM attempts a
                WHERE a.job_id = jobs.id AND a.number = jobs.attempts AND a.channel = :channel
                  AND a.sent_at BETWEEN :sent_after AND :sent_before)
RETURNING id
"""

# `sent_at` of the attempt; `version`'s policy as the schedule stands now.
TAKEN = """
SELECT j.id, j.schedule_id, s.name, j.workspace_id, w.name, w.token_kind, w.token_place, j.due_at, j.deadline_at,
       j.attempts, j.spent, a.channel, a.sent_at, a.clock_ms, v.max_attempts, v.on_unknown, w.resumes, j.error,
       coalesce(j.deferred_to, j.due_at), w.removed_at IS NOT NULL,
       EXISTS (SELECT 1 FROM lookups l WHERE l.job_id = j.id AND l.number = j.attempts AND l.answer = 'elsewhere')
  FROM json_each(:ids) c
  JOIN jobs j ON j.id = c.value
  JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = j.workspace_id
 WHERE w.paused_at IS NULL
"""

# No look-up is put off for so long: its instant was written before somebody set the clock back.
BRING_BACK = "UPDATE jobs SET available_at = :again_at WHERE state = 'unknown' AND available_at > :too_far"

NOTE = """
INSERT INTO lookups (job_id, number, workspace_id, asked_at, answer, error, ts)
VALUES (:job_id, :number, :workspace_id, :asked_at, :answer, :error, :ts)
"""

SETTLE = f"""
UPDATE jobs
   SET state = {requeue.STATE}, workspace_id = {requeue.WORKSPACE}, parked = {requeue.PARKED},
       error = {requeue.ERROR},
       available_at = :available_at, ts = :ts, lateness_ms = :lateness_ms
 WHERE id = :job_id AND state = 'unknown' AND attempts = :number
RETURNING state
"""

# A running job whose worker is gone, with an attempt that had left.
LOSE_SENT = """
UPDATE jobs
   SET state = 'unknown', available_at = :look_up_at, spent = spent + 1, error = :error,
       token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running'
"""

LOSE_UNSENT = """
UPDATE jobs
   SET state = 'queued', available_at = max(available_at, :now), token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running'
"""

END_LOST = """
UPDATE attempts SET ended_at = :now, outcome = 'unknown', error = :error
 WHERE job_id = :job_id AND number = :number AND ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class UnknownJob:
    """A job of unknown outcome, and the attempt that is to be looked up. `resumes`, `error`: as of a claim."""

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
    scheduled_at: int  # when it was to go: due_at, or what a calendar put it off to
    is_removed: bool = False  # its workspace: no new token will come
    is_elsewhere: bool = False  # some pool did not find it in its own seconds

    @property
    def occurrence(self) -> str:
        """What the message's metadata names."""
        return f"{self.schedule_id}:{self.due_at}"


@dataclass(frozen=True, slots=True)
class LookUpResult:
    """What a look-up said of one attempt: `answer` is found, absent, elsewhere, cannot_ask or later."""

    job: UnknownJob
    asked_at: int
    answer: str
    error: str | None = None
    ts: str | None = None


def has_due(db: Database, now: int) -> bool:
    """Is there an unknown job whose look-up is due?"""
    sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown' AND available_at <= :now)"
    return bool(db.value(sql, {"now": now}))


def has_due_after(db: Database, too_far: int) -> bool:
    """Does a look-up wait for an instant after `too_far`?"""
    sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown' AND available_at > :too_far)"
    return bool(db.value(sql, {"too_far": too_far}))


def bring_forward(db: Database, too_far: int, again_at: int) -> int:
    """Let look-ups that wait for an instant after `too_far` wait for `again_at`. Inside a transaction."""
    return db.execute(BRING_BACK, {"too_far": too_far, "again_at": again_at})


def take_due(db: Database, now: int, again_at: int, limit: int) -> list[UnknownJob]:
    """Jobs whose look-up is due; nobody else takes them before `again_at`. Inside a transaction."""
    return taken(db, db.rows(TAKE, {"now": now, "again_at": again_at, "limit": limit}))


def take_in_channel(db: Database, place: tuple[str, str], sent: tuple[int, int], again_at: int) -> list[UnknownJob]:
    """All unknown jobs of one workspace and channel that were sent between two instants. Inside a transaction."""
    told = {"workspace_id": place[0], "channel": place[1], "sent_after": sent[0], "sent_before": sent[1]}
    return taken(db, db.rows(TAKE_BESIDE, {**told, "again_at": again_at}))


def taken(db: Database, ids: list[Row]) -> list[UnknownJob]:
    numbers = [row[0] for row in ids]
    return [unsettled(row) for row in db.rows(TAKEN, {"ids": json.dumps(numbers)})] if ids else []


def unsettled(row: Row) -> UnknownJob:
    return UnknownJob(*(*row[:5], TokenSource(row[5], row[6]), *row[7:]))


def record_look_up(db: Database, answered: LookUpResult) -> None:
    """Put the look-up on record. Inside a transaction."""
    job = answered.job
    db.execute(
        NOTE,
        {
            "job_id": job.id,
            "number": job.number,
            "workspace_id": job.workspace_id,
            "asked_at": answered.asked_at,
            "answer": answered.answer,
            "error": answered.error,
            "ts": answered.ts,
        },
    )


def settle(db: Database, answered: LookUpResult, state: JobState, available_at: int, error: str | None) -> str | None:
    """Move the job on as the look-up said. Returns its state, None when somebody else did before. In a transaction."""
    job = answered.job
    found = state is JobState.SUCCEEDED
    told = {
        "state": state.value,
        "available_at": available_at,
        "error": error,
        "ts": answered.ts,
        "lateness_ms": max(0, job.sent_at - job.scheduled_at) if found else None,
        "job_id": job.id,
        "number": job.number,
    }
    settled: str | None = db.value(SETTLE, told)
    return settled


def rescue(db: Database, job_id: int, token: int, now: int, window_ms: int) -> str | None:
    """The worker that held the job is gone. Inside a transaction.

    Nothing had left: `queued` again, now. An attempt had: `unknown`, to be looked up `window_ms` after it was sent.
    Returns the state, or None when a newer claim holds the job.
    """
    open_one = db.row("SELECT number, sent_at FROM attempts WHERE job_id = :id AND ended_at IS NULL", {"id": job_id})
    if open_one is None or open_one[1] is None:
        lost = db.execute(LOSE_UNSENT, {"job_id": job_id, "token": token, "now": now})
        return "queued" if lost else None
    number, sent_at = open_one
    told = {"job_id": job_id, "token": token, "look_up_at": min(sent_at, now) + window_ms, "error": "worker_lost"}
    if not db.execute(LOSE_SENT, told):
        return None
    db.execute(END_LOST, {"now": now, "error": "worker_lost", "job_id": job_id, "number": number})
    return "unknown"
