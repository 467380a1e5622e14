"""Attempts to post a job: the intent is on the disk before the first byte of a request leaves; the end is written once.

`begin` is the write-ahead of promise 3 and the guard of promises 4 and 6 in one statement: it writes nothing unless the
token still holds the lease and the channel is free.
"""

from dataclasses import dataclass

from schedbot.model import AttemptResult, JobState
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs import claims, pacing
from schedbot.store.jobs.settlement import SETTLED

CANCELLED = after(JobState.RUNNING, Event.CANCELLED)

BEGIN = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, clock_ms,
                      rendered_at, render_ms, report)
SELECT j.id, j.attempts + 1, j.workspace_id, :version, :channel, :worker, :started_at, :sent_at, :clock_ms,
       :rendered_at, :render_ms, :report
  FROM jobs j
 WHERE j.id = :job_id AND j.token = :token AND j.state = 'running' AND j.lease_until > :now
   AND (:sent_at IS NULL OR j.deadline_at >= :now)
   AND (:sent_at IS NULL
        OR NOT EXISTS (SELECT 1 FROM pacing p
                        WHERE p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage'
                          AND p.channel IN ('', :channel) AND p.free_at > :now AND p.held_at <= :latest_valid_hold))
"""

COUNT = "UPDATE jobs SET attempts = attempts + 1 WHERE id = :job_id AND token = :token"

END = """
UPDATE attempts
   SET ended_at = :ended_at, outcome = :outcome, error = :error, detail = :detail, http_status = :http_status, ts = :ts,
       lateness_ms = :lateness_ms, sent_at = CASE WHEN :was_sent THEN sent_at END
 WHERE job_id = :job_id AND number = :number AND ended_at IS NULL
"""

SETTLE = f"""
UPDATE jobs
   SET {SETTLED}, spent = :spent, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running' AND attempts = :number
RETURNING state
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
class IntentResult:
    """Result of `write_intent`. If it was not written: end of the claim (None: lost) and of the channel's hold."""

    is_written: bool
    lease_until: int | None = None
    channel_free_at: int = 0


def write_intent(db: Database, start: AttemptStart, now: int, free_at: int) -> IntentResult:
    """Begin an attempt, or return why that is impossible now. Inside a transaction."""
    if begin(db, start, now, free_at):
        return IntentResult(True)
    lease_until = claims.get_lease_end(db, start.job_id, start.token)
    if lease_until is None:
        return IntentResult(False)
    workspace_id = db.text("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
    return IntentResult(False, lease_until, pacing.get_free_at(db, workspace_id, pacing.POST, start.channel, now))


def begin(db: Database, start: AttemptStart, now: int, free_at: int) -> bool:
    """Write the attempt, and reserve its channel until `free_at`. Inside a transaction.

    False, and nothing written, if the claim is lost, its lease has passed, or the channel is busy.
    """
    bindings = {
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
        "now": now,
        "latest_valid_hold": pacing.latest_valid_hold(now),
    }
    if db.execute(BEGIN, bindings) != 1:
        return False
    db.execute(COUNT, {"job_id": start.job_id, "token": start.token})
    if start.sent_at is not None:
        workspace_id = db.text("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
        pacing.hold(db, workspace_id, pacing.POST, start.channel, now, free_at)
    return True


def end(db: Database, end: AttemptEnd) -> JobState | None:
    """Write the end of the attempt, and the next state of its job, under the token. Inside a transaction.

    Returns the state that was written: no job is queued for a schedule that is off by now. None, and nothing written,
    if a newer claim holds the job, or the attempt was never written.
    """
    settled = {
        "job_id": end.job_id,
        "token": end.token,
        "number": end.number,
        "state": end.state,
        "cancelled": CANCELLED,
        "available_at": end.available_at,
        "spent": end.spent,
        "error": end.result.error,
        "ts": end.result.ts,
        "lateness_ms": end.lateness_ms,
    }
    state = db.text_or_none(SETTLE, settled)
    if state is None:
        return None
    ended = {
        "job_id": end.job_id,
        "number": end.number,
        "ended_at": end.ended_at,
        "outcome": end.result.outcome,
        "error": end.result.error,
        "detail": None if end.result.detail is None else escape_surrogates(end.result.detail),
        "was_sent": end.result.was_sent,
        "http_status": end.result.http_status,
        "ts": end.result.ts,
        "lateness_ms": end.lateness_ms,
    }
    db.execute(END, ended)
    return JobState(state)


def escape_surrogates(text: str) -> str:
    """Return the text with lone surrogates escaped: a report may quote them, and SQLite refuses them."""
    return text.encode(errors="backslashreplace").decode()
