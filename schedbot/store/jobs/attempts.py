"""Attempts to post a job: the intent is on the disk before the first byte of a request leaves; the end is written once.

`BEGIN` is the write-ahead of promise 3 and the guard of promises 4 and 6 in one statement: it writes nothing unless the
token still holds the lease and the channel is free. The functions take many attempts at once, for one commit.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.history import result_counts
from schedbot.store.jobs import claims, pacing
from schedbot.store.jobs.settlement import SETTLED

QUEUED = JobState.QUEUED
CANCELLED = after(JobState.RUNNING, Event.CANCELLED)

# A start is an array: the fields of AttemptStart in their order, then the end of the hold of its channel.
BEGIN = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, clock_ms,
                      rendered_at, render_ms, report, part, thread_ts, method)
SELECT j.id, j.attempts + 1, j.workspace_id, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5, e.value ->> 6,
       e.value ->> 7, e.value ->> 8, e.value ->> 9, e.value ->> 10, e.value ->> 11, e.value ->> 12, e.value ->> 13
  FROM json_each(:starts) e
 CROSS JOIN jobs j
 WHERE j.id = e.value ->> 0 AND j.token = e.value ->> 1 AND j.state = 'running' AND j.lease_until > :now
   AND (e.value ->> 6 IS NULL
        OR j.deadline_at >= :now
           AND NOT EXISTS (SELECT 1 FROM pacing p
                            WHERE p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage'
                              AND p.channel IN ('', e.value ->> 3) AND p.free_at > :now
                              AND p.held_at <= :latest_valid_hold))
"""

# Places of the starts that are written, and not counted yet.
BEGUN = """
SELECT e.key FROM json_each(:starts) e
 CROSS JOIN jobs j ON j.id = e.value ->> 0 AND j.token = e.value ->> 1
 CROSS JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts + 1
"""

COUNT = """
UPDATE jobs
   SET attempts = attempts + 1, thread_ts = CASE WHEN parts_posted = 0 THEN e.value ->> 12 ELSE thread_ts END
  FROM json_each(:starts) e
 WHERE jobs.id = e.value ->> 0 AND token = e.value ->> 1
"""

WORKSPACES = """
SELECT j.workspace_id FROM json_each(:starts) e CROSS JOIN jobs j ON j.id = e.value ->> 0
"""

# An end is an array as `end_values` returns it. Places of the ends whose claim still holds its job.
ENDING = """
SELECT e.key FROM json_each(:ends) e
 CROSS JOIN jobs j ON j.id = e.value ->> 0
 WHERE j.token = e.value ->> 1 AND j.state = 'running' AND j.attempts = e.value ->> 2
"""

# The term with + keeps SQLite from the index of open attempts, from which it would have to go on to the row.
END = """
UPDATE attempts
   SET ended_at = e.value ->> 3, outcome = e.value ->> 4, error = e.value ->> 5, detail = e.value ->> 6,
       http_status = e.value ->> 7, ts = e.value ->> 8, lateness_ms = e.value ->> 9,
       sent_at = CASE WHEN e.value ->> 10 THEN sent_at END
  FROM json_each(:ends) e
 WHERE attempts.job_id = e.value ->> 0 AND attempts.number = e.value ->> 2 AND +attempts.ended_at IS NULL
"""

SETTLE = f"""
UPDATE jobs
   SET {SETTLED}, spent = :spent, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running' AND attempts = :number
RETURNING state
"""

# Of jobs that are not queued again: their schedules and workspaces do not matter any more.
SETTLE_FINALLY = """
UPDATE jobs
   SET state = e.value ->> 11, available_at = e.value ->> 12, error = e.value ->> 13, spent = e.value ->> 14,
       parts_posted = parts_posted + (e.value ->> 4 = 'posted'),
       ts = CASE WHEN parts_posted = 0 THEN e.value ->> 8 ELSE ts END,
       lateness_ms = CASE WHEN parts_posted = 0 THEN e.value ->> 9 ELSE lateness_ms END,
       token = NULL, lease_until = NULL
  FROM json_each(:ends) e
 WHERE jobs.id = e.value ->> 0 AND token = e.value ->> 1 AND state = 'running' AND attempts = e.value ->> 2
"""


class AttemptStart(NamedTuple):
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


class AttemptEnd(NamedTuple):
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


class Intent(NamedTuple):
    """An attempt that is about to begin, and the instant until which it holds its channel."""

    start: AttemptStart
    held_until: int


class IntentResult(NamedTuple):
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
    starts = json.dumps([(*intent.start, intent.held_until) for intent in intents])
    bindings = {"starts": starts, "now": now, "latest_valid_hold": pacing.latest_valid_hold(now)}
    places = set(range(len(intents)))
    if db.execute(BEGIN, bindings) < len(intents):
        places = set(db.integers(BEGUN, {"starts": starts}))
        intents = [intents[place] for place in sorted(places)]
        starts = json.dumps([(*intent.start, intent.held_until) for intent in intents])
    refuse_twins(db, intents, starts)
    db.execute(COUNT, {"starts": starts})
    db.execute(pacing.HOLD_FOR_STARTS, {"starts": starts, "now": now})
    return places


def refuse_twins(db: Database, intents: Sequence[Intent], starts: str) -> None:
    """Raise ValueError for two posts to one channel."""
    sent = [place for place, intent in enumerate(intents) if intent.start.sent_at is not None]
    if len({intents[place].start.channel for place in sent}) == len(sent):
        return
    workspaces = db.texts(WORKSPACES, {"starts": starts})
    if len({(workspaces[place], intents[place].start.channel) for place in sent}) < len(sent):
        raise ValueError("two posts to one channel")


def end(db: Database, end: AttemptEnd) -> JobState | None:
    """Write one end, as `end_all`. Return the state that was written."""
    return end_all(db, [end])[0]


def end_all(db: Database, ends: Sequence[AttemptEnd]) -> list[JobState | None]:
    """Write the ends of attempts, and the next states of their jobs, each under its token. Inside a transaction.

    Returns the states that were written: no job is queued for a schedule that is off by now. None, and nothing
    written, if a newer claim holds the job, or the attempt was never written.
    """
    values = [end_values(end) for end in ends]
    states: list[JobState | None] = [None] * len(ends)
    with result_counts.counting_together(db):
        places = db.integers(ENDING, {"ends": json.dumps(values)})
        for place in places:
            states[place] = ends[place].state if ends[place].state is not QUEUED else queue_again(db, ends[place])
        final = [values[place] for place in places if ends[place].state is not QUEUED]
        db.execute(SETTLE_FINALLY, {"ends": json.dumps(final)})
        db.execute(END, {"ends": json.dumps([values[place] for place in places])})
    result_counts.count(db, json.dumps([ends[place].job_id for place in places]))
    return states


def queue_again(db: Database, end: AttemptEnd) -> JobState:
    """Queue a job again, or cancel it if its schedule is off by now. Return its state."""
    return JobState(db.text(SETTLE, settlement_bindings(end)))


def settlement_bindings(end: AttemptEnd) -> dict[str, object]:
    """Return the values of an end for SETTLE."""
    return {
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


def end_values(end: AttemptEnd) -> Sequence[object]:
    """Return the values of an end for ENDING, END and SETTLE_FINALLY."""
    result = end.result
    return (
        end.job_id,
        end.token,
        end.number,
        end.ended_at,
        result.outcome,
        result.error,
        None if result.detail is None else escape_surrogates(result.detail),
        result.http_status,
        result.ts,
        end.lateness_ms,
        result.was_sent,
        end.state,
        end.available_at,
        find_job_error(end),
        end.spent,
    )


def escape_surrogates(text: str) -> str:
    """Return the text with lone surrogates escaped: a report may quote them, and SQLite refuses them."""
    return text.encode(errors="backslashreplace").decode()
