"""Threads that the messages of a schedule share for a day, a week, a month, or always.

The first job of a span opens its thread. While that job is on its way, or its outcome unknown, the others wait; if it
did not post, the next one opens the thread. So two jobs never open two threads for a span.
"""

from dataclasses import dataclass
from typing import NamedTuple

from schedbot.model import JobState
from schedbot.store.database import Database

WAIT_MS = 2_000
LOOK_UP_WAIT_MS = 5_000
OPENING = (JobState.RUNNING, JobState.UNKNOWN)
KEPT_MS = 100 * 86_400_000  # a job that is retried later than that opens a thread of its own

FIND = """
SELECT t.opener, t.thread_ts, j.state
  FROM threads t LEFT JOIN jobs j ON j.id = t.opener
 WHERE t.schedule_id = :schedule_id AND t.channel = :channel AND t.span = :span
"""

RESERVE = """
INSERT INTO threads (schedule_id, channel, span, opener, started_at)
VALUES (:schedule_id, :channel, :span, :job_id, :now)
ON CONFLICT (schedule_id, channel, span) DO UPDATE SET opener = excluded.opener, started_at = excluded.started_at
"""

OPEN = """
UPDATE threads SET thread_ts = :ts
 WHERE schedule_id = :schedule_id AND opener = :job_id AND thread_ts IS NULL
"""

FORGET = "DELETE FROM threads WHERE schedule_id = :schedule_id AND thread_ts = :thread_ts"

REPLACE = """
UPDATE threads SET thread_ts = :ts, opener = :job_id WHERE schedule_id = :schedule_id AND thread_ts = :thread_ts
"""

LEAVE = "UPDATE jobs SET thread_ts = NULL WHERE id = :job_id"

DELETE_PAST = """
DELETE FROM threads WHERE schedule_id = :schedule_id AND span <> 'always' AND started_at < :kept_since
"""


class ThreadKey(NamedTuple):
    """Thread of a schedule in a channel, for a span of time (`rules.thread_spans`)."""

    schedule_id: str
    channel: str
    span: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, with the state of the job that opens it. `thread_ts` None: its first message is not posted yet."""

    opener: int
    thread_ts: str | None
    state: JobState | None


class ThreadPlace(NamedTuple):
    """Thread that a job posts into; '': it opens one. `waits_until`: another job opens it until then, perhaps."""

    thread_ts: str
    waits_until: int = 0


def join(db: Database, key: ThreadKey, job_id: int, now: int) -> ThreadPlace:
    """Return the thread for a job, or let the job open it. Inside a transaction."""
    thread = db.first(Thread, FIND, key._asdict())
    if thread and thread.thread_ts:
        return ThreadPlace(thread.thread_ts)
    if thread and thread.opener != job_id and thread.state in OPENING:
        return ThreadPlace("", now + (WAIT_MS if thread.state is JobState.RUNNING else LOOK_UP_WAIT_MS))
    db.execute(RESERVE, {**key._asdict(), "job_id": job_id, "now": now})
    db.execute(DELETE_PAST, {"schedule_id": key.schedule_id, "kept_since": now - KEPT_MS})
    return ThreadPlace("")


def open_by(db: Database, schedule_id: str, job_id: int, ts: str) -> None:
    """Record that a job has opened its thread with the message `ts`. Inside a transaction."""
    db.execute(OPEN, {"schedule_id": schedule_id, "job_id": job_id, "ts": ts})


def forget(db: Database, schedule_id: str, thread_ts: str) -> None:
    """Forget a thread whose first message is gone. Inside a transaction."""
    db.execute(FORGET, {"schedule_id": schedule_id, "thread_ts": thread_ts})


def replace_by(db: Database, schedule_id: str, thread_ts: str, job_id: int, ts: str) -> None:
    """Replace a thread whose first message is gone by that of a message which went to the channel instead.

    Inside a transaction.
    """
    db.execute(REPLACE, {"schedule_id": schedule_id, "thread_ts": thread_ts, "job_id": job_id, "ts": ts})
    db.execute(LEAVE, {"job_id": job_id})
