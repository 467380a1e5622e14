"""Statements of `restore` about a backup as a whole: its instant, its pools, and the places posted to since."""

from dataclasses import dataclass

from schedbot.model import JobState, Outcome, Recurrence, ThreadSpan
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs.direct_messages import DirectMessage
from schedbot.store.operations import chain
from schedbot.store.schedules.job_days import ON_ANY_DAY
from schedbot.store.schedules.recurrences import rule_columns

BACKED_UP_AT = """
SELECT coalesce((SELECT backed_up_at FROM installation),
                (SELECT max(beat_at) FROM heartbeats WHERE kind IN ('tick', 'pool', 'command')))
"""

# Of a running job, the request may have left; its pool is gone.
END_ATTEMPTS = """
UPDATE attempts SET ended_at = :now, outcome = CASE WHEN sent_at IS NULL THEN :lost ELSE :unknown END, error = :error
 WHERE ended_at IS NULL
"""
RELEASE = """
UPDATE jobs
   SET state = CASE WHEN EXISTS (SELECT 1 FROM attempts a
                                  WHERE a.job_id = jobs.id AND a.number = jobs.attempts AND a.sent_at IS NOT NULL
                                    AND a.outcome = 'unknown')
                    THEN :unknown ELSE :queued END,
       token = NULL, lease_until = NULL
 WHERE state = 'running'
"""
DELETE_POOLS = "DELETE FROM heartbeats WHERE kind = 'pool'"
CLEAR = "UPDATE installation SET backed_up_at = NULL"

HAS_LINK = "SELECT EXISTS (SELECT 1 FROM links WHERE id = :link AND hash = :hash)"

# The last message of a schedule is the one that `--update` brings up to date.
SCHEDULES = f"""
SELECT s.id, s.workspace_id, v.channel, v.thread, s.state = 'removed' AS is_removed,
       CASE WHEN v.is_update = 1
            THEN (SELECT p.ts FROM jobs p
                   WHERE p.{ON_ANY_DAY} AND p.schedule_id = s.id AND p.ts IS NOT NULL AND p.kind <> 'test'
                     AND p.thread_ts IS NULL
                   ORDER BY p.day DESC, p.due_at DESC LIMIT 1) END AS last_ts
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
"""
THREADS = "SELECT schedule_id, channel, span, thread_ts FROM threads WHERE thread_ts IS NOT NULL"
PEOPLE = "SELECT user_id, channel_id FROM direct_messages WHERE workspace_id = :workspace_id"

RULES = f"""
SELECT v.starts_at, v.until_at, {rule_columns("rule")}
  FROM schedule_versions v JOIN recurrences r ON r.id = v.recurrence_id
 WHERE v.schedule_id = :schedule_id ORDER BY v.version DESC
"""

KEEP_THREAD = """
INSERT INTO threads (schedule_id, channel, span, opener, thread_ts, started_at)
VALUES (:schedule_id, :channel, :span, :opener, :thread_ts, :now)
ON CONFLICT (schedule_id, channel, span) DO UPDATE SET opener = excluded.opener, thread_ts = excluded.thread_ts
 WHERE threads.thread_ts IS NULL OR threads.thread_ts < excluded.thread_ts
"""


@dataclass(frozen=True, slots=True)
class SearchedSchedule:
    """A schedule with the channel of its posts, perhaps a person. `last_ts`: the message that it updates."""

    id: str
    workspace_id: str
    channel: str
    thread: ThreadSpan
    is_removed: bool
    last_ts: str | None


@dataclass(frozen=True, slots=True)
class KnownThread:
    """A thread on record."""

    schedule_id: str
    channel: str
    span: str
    thread_ts: str


@dataclass(frozen=True, slots=True)
class VersionRule:
    """Recurrence of a version of a schedule, with its first and last instant."""

    starts_at: int | None
    until_at: int | None
    rule: Recurrence


def get_backed_up_at(db: Database) -> int | None:
    """Return the instant of the backup; of a plain copy that of its last heartbeat; None without one."""
    return db.integer_or_none(BACKED_UP_AT)


def get_created_at(db: Database) -> int:
    """Return the instant at which the database was made."""
    return db.integer("SELECT created_at FROM installation")


def is_continued_by(db: Database, other: Database) -> bool:
    """Did the other database begin as this one? Then the hash chain of the other has the last link of this one."""
    head = chain.get_head(db)
    return head.link == 0 or other.is_true(HAS_LINK, {"link": head.link, "hash": head.hash})


def end_pools(db: Database, now: int) -> None:
    """Take the running jobs from the pools of the backup: what had left is of unknown outcome. In a transaction."""
    unknown, lost = Outcome.UNKNOWN, Outcome.LOST_UNSENT
    db.execute(END_ATTEMPTS, {"now": now, "lost": lost, "unknown": unknown, "error": "worker_lost"})
    states = {
        "unknown": after(JobState.RUNNING, Event.WORKER_DIED_SENT),
        "queued": after(JobState.RUNNING, Event.WORKER_DIED_UNSENT),
    }
    db.execute(RELEASE, states)
    db.execute(DELETE_POOLS)
    db.execute(CLEAR)


def get_last_id(db: Database) -> int:
    """Return the number of the newest job; 0 without one."""
    return db.integer_or_none("SELECT max(id) FROM jobs") or 0


def list_schedules(db: Database) -> list[SearchedSchedule]:
    """Return all schedules, also those that were removed."""
    return db.all(SearchedSchedule, SCHEDULES)


def list_threads(db: Database) -> list[KnownThread]:
    """Return the threads of all schedules."""
    return db.all(KnownThread, THREADS)


def list_conversations(db: Database, workspace_id: str) -> dict[str, str]:
    """Return the conversation with each person, by user."""
    rows = db.all(DirectMessage, PEOPLE, {"workspace_id": workspace_id})
    return {row.user_id: row.channel_id for row in rows}


def get_unsure_until(db: Database, schedule_id: str) -> int | None:
    """Return until when it is not known which occurrences a schedule posted; None if that is known."""
    return db.integer_or_none("SELECT unsure_until FROM schedules WHERE id = :id", {"id": schedule_id})


def list_rules(db: Database, schedule_id: str) -> list[VersionRule]:
    """Return the rules of a schedule, the newest first."""
    return db.all(VersionRule, RULES, {"schedule_id": schedule_id})


def keep_thread(db: Database, thread: KnownThread, opener: int, now: int) -> None:
    """Record a thread that was opened after the backup, unless a newer one is on record. Inside a transaction."""
    row = {"schedule_id": thread.schedule_id, "channel": thread.channel, "span": thread.span}
    db.execute(KEEP_THREAD, {**row, "thread_ts": thread.thread_ts, "opener": opener, "now": now})
