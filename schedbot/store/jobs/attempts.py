"""Attempts to post a job: the intent is on the disk before the first byte of a request leaves; the end is written once.

`BEGIN` is the write-ahead of promise 3 and the guard of promises 4 and 6 in one statement: it writes nothing unless the
token still holds the lease and the channel is free. The functions take many attempts at once, for one commit.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.history import result_counts
from schedbot.store.jobs import claims, pacing
from schedbot.store.jobs.settlement import RESULT, SETTLED

CANCELLED = after(JobState.RUNNING, Event.CANCELLED)

BEGIN = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, clock_ms,
                      rendered_at, render_ms, report, part, thread_ts, method)
SELECT j.id, j.attempts + 1, j.workspace_id, :version, :channel, :worker, :started_at, :sent_at, :clock_ms,
       :rendered_at, :render_ms, :report, :part, :thread_ts, :method
  FROM jobs j
 WHERE j.id = :job_id AND j.token = :token AND j.state = 'running' AND j.lease_until > :now
   AND (:sent_at IS NULL OR j.deadline_at >= :now)
   AND (:sent_at IS NULL
        OR NOT EXISTS (SELECT 1 FROM pacing p
                        WHERE p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage'
                          AND p.channel IN ('', :channel) AND p.free_at > :now AND p.held_at <= :latest_valid_hold))
RETURNING :place AS place, workspace_id
"""

COUNT = """
UPDATE jobs
   SET attempts = attempts + 1, thread_ts = CASE WHEN parts_posted = 0 THEN e.value ->> 2 ELSE thread_ts END
  FROM json_each(:starts) e
 WHERE jobs.id = e.value ->> 0 AND token = e.value ->> 1
"""

# One statement for all: each has to open a table of its own for the rows that its trigger may refuse.
END = """
UPDATE attempts
   SET ended_at = e.value ->> 'ended_at', outcome = e.value ->> 'outcome', error = e.value ->> 'error',
       detail = e.value ->> 'detail', http_status = e.value ->> 'http_status', ts = e.value ->> 'ts',
       lateness_ms = e.value ->> 'lateness_ms', sent_at = CASE WHEN e.value ->> 'was_sent' THEN sent_at END
  FROM json_each(:ends) e
 WHERE attempts.job_id = e.value ->> 'job_id' AND attempts.number = e.value ->> 'number' AND attempts.ended_at IS NULL
"""

SETTLE = f"""
UPDATE jobs
   SET {SETTLED}, spent = :spent, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running' AND attempts = :number
RETURNING :place AS place, state
"""

# Of a job that is not queued again: its schedule and workspace do not matter any more.
SETTLE_FINALLY = f"""
UPDATE jobs
   SET state = :state, {RESULT}, spent = :spent, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running' AND attempts = :number
RETURNING :place AS place, state
"""


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """An attempt that is about to begin. `sent_at` None: no request is sent (its report could not be rendered)."""

    job_id: int
    token: int
    version: int
    channel: str
    worker: str
    started_at: int
    sent_at: int | None
    clock_ms: int | None = None  # Slack's clock minus ours, if known
    rendered_at: int | None = None  # instant of the report's data
    render_ms: int | None = None
    report: str | None = None  # name of its named report
    part: int = 1
    thread_ts: str | None = None  # thread that it goes to
    method: str = "post"


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """Result of an attempt, and the next state of its job."""

    job_id: int
    token: int
    number: int
    ended_at: int
    result: AttemptResult
    state: JobState
    available_at: int
    spent: int
    lateness_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt that is about to begin, and the instant until which it holds its channel."""

    start: AttemptStart
    held_until: int


@dataclass(frozen=True, slots=True)
class IntentResult:
    """Result of `write_intents`. If it was not written: end of the claim (None: lost) and of the channel's hold."""

    is_written: bool
    lease_until: int | None = None
    channel_free_at: int = 0


WRITTEN = IntentResult(True)


def write_intents(db: Database, intents: Sequence[Intent], now: int) -> list[IntentResult]:
    """Begin attempts, or return why that is impossible now. Inside a transaction.

    Raises ValueError for two posts to one channel: in one statement for all, the first would not refuse the second.
    """
    begun = begin_all(db, intents, now)
    return [
        WRITTEN if place in begun else explain_refusal(db, intent.start, now) for place, intent in enumerate(intents)
    ]


def explain_refusal(db: Database, start: AttemptStart, now: int) -> IntentResult:
    """Return why an attempt was not begun."""
    lease_until = claims.get_lease_end(db, start.job_id, start.token)
    if lease_until is None:
        return IntentResult(False)
    workspace_id = db.text("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
    return IntentResult(False, lease_until, pacing.get_free_at(db, workspace_id, pacing.POST, start.channel, now))


def begin(db: Database, start: AttemptStart, now: int, free_at: int) -> bool:
    """Write one attempt, as `begin_all`. Return whether it is written."""
    return bool(begin_all(db, [Intent(start, free_at)], now))


def begin_all(db: Database, intents: Sequence[Intent], now: int) -> set[int]:
    """Write attempts, and hold their channels. Return the places of those that are written. Inside a transaction.

    Nothing is written of an attempt whose claim is lost or its lease passed, or whose channel is busy.
    """
    shared = {"now": now, "latest_valid_hold": pacing.latest_valid_hold(now)}
    rows = [start_bindings(intent.start, place) | shared for place, intent in enumerate(intents)]
    begun = {int(str(place)): str(workspace_id) for place, workspace_id in db.select_many(BEGIN, rows)}
    written = [(intents[place], workspace_id) for place, workspace_id in begun.items()]
    starts = [(intent.start.job_id, intent.start.token, intent.start.thread_ts) for intent, _ in written]
    db.execute(COUNT, {"starts": json.dumps(starts)})
    holds = [
        pacing.ChannelHold(workspace_id, intent.start.channel, intent.held_until)
        for intent, workspace_id in written
        if intent.start.sent_at is not None
    ]
    if len({(hold.workspace_id, hold.channel) for hold in holds}) < len(holds):
        raise ValueError("two posts to one channel")
    pacing.hold_channels(db, holds, now)
    return set(begun)


def start_bindings(start: AttemptStart, place: int) -> dict[str, object]:
    """Return the values of an attempt for BEGIN."""
    return {
        "place": place,
        "job_id": start.job_id,
        "token": start.token,
        "version": start.version,
        "channel": start.channel,
        "worker": start.worker,
        "started_at": start.started_at,
        "sent_at": start.sent_at,
        "clock_ms": start.clock_ms,
        "rendered_at": start.rendered_at,
        "render_ms": start.render_ms,
        "report": start.report,
        "part": start.part,
        "thread_ts": start.thread_ts,
        "method": start.method,
    }


def end(db: Database, end: AttemptEnd) -> JobState | None:
    """Write one end, as `end_all`. Return the state that was written."""
    return end_all(db, [end])[0]


def end_all(db: Database, ends: Sequence[AttemptEnd]) -> list[JobState | None]:
    """Write the ends of attempts, and the next states of their jobs, each under its token. Inside a transaction.

    Returns the states that were written: no job is queued for a schedule that is off by now. None, and nothing
    written, if a newer claim holds the job, or the attempt was never written.
    """
    rows = [settlement_bindings(end, place) for place, end in enumerate(ends)]
    with result_counts.counting_together(db):
        states = settle_all(db, rows)
        if states:
            db.execute(END, {"ends": json.dumps([end_fields(ends[place]) for place in states])})
    result_counts.count(db, json.dumps([ends[place].job_id for place in states]))
    return [states.get(place) for place in range(len(ends))]


def settle_all(db: Database, rows: Sequence[dict[str, object]]) -> dict[int, JobState]:
    """Write the next states of jobs. Return those that were written, by place."""
    again = [row for row in rows if row["state"] is JobState.QUEUED]
    final = [row for row in rows if row["state"] is not JobState.QUEUED]
    written = [*db.select_many(SETTLE_FINALLY, final), *db.select_many(SETTLE, again)]
    return {int(str(place)): JobState(str(state)) for place, state in written}


def settlement_bindings(end: AttemptEnd, place: int) -> dict[str, object]:
    """Return the values of an end for SETTLE."""
    return {
        "place": place,
        "job_id": end.job_id,
        "token": end.token,
        "number": end.number,
        "state": end.state,
        "cancelled": CANCELLED,
        "available_at": end.available_at,
        "spent": end.spent,
        "error": find_job_error(end),
        "ts": end.result.ts,
        "posted": int(end.result.outcome is Outcome.POSTED),
        "lateness_ms": end.lateness_ms,
    }


def find_job_error(end: AttemptEnd) -> str | None:
    """Return the error that the job has after an attempt: none after a post, unless it ends the job."""
    is_over = end.result.outcome is Outcome.POSTED and end.state is not JobState.FAILED
    return None if end.result.error is None or is_over else escape_surrogates(end.result.error)


def end_fields(end: AttemptEnd) -> dict[str, object]:
    """Return the fields of an end for END."""
    result = end.result
    return {
        "job_id": end.job_id,
        "number": end.number,
        "ended_at": end.ended_at,
        "outcome": result.outcome,
        "error": result.error,
        "detail": None if result.detail is None else escape_surrogates(result.detail),
        "was_sent": result.was_sent,
        "http_status": result.http_status,
        "ts": result.ts,
        "lateness_ms": end.lateness_ms,
    }


def escape_surrogates(text: str) -> str:
    """Return the text with lone surrogates escaped: a report may quote them, and SQLite refuses them."""
    return text.encode(errors="backslashreplace").decode()
