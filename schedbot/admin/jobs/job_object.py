"""Jobs and attempts as objects of `audit --json`. Instants are RFC 3339 in UTC, durations milliseconds."""

from typing import Any

from schedbot import times
from schedbot.admin.jobs.circumstances import Circumstances
from schedbot.admin.jobs.short_reason import explain_briefly
from schedbot.model import occurrence_id
from schedbot.store.history.jobs import Attempt, JobRecord
from schedbot.store.jobs.acknowledgement import Acknowledgement

KEYS = (
    *("job", "occurrence", "schedule", "account", "workspace", "channel", "due_at", "state", "error", "ts"),
    *("lateness_ms", "attempts", "deferred_to", "deferred_by", "why", "acknowledged"),
    *("report", "rendered_at", "degraded", "parts", "thread_ts"),
)
SPAN_KEYS = ("occurrences", "last_due_at")  # of many missed occurrences


def to_json(job: JobRecord, circumstances: Circumstances) -> dict[str, Any]:
    """Return the object of a job. Instants are RFC 3339 in UTC, durations milliseconds.

    Many missed occurrences are one object: `job` is null, and `occurrences` is their number from due_at to last_due_at.
    """
    span = {} if job.occurrences is None else {"occurrences": job.occurrences, "last_due_at": stamp(job.last_due_at)}
    return {
        "job": job.job,
        "occurrence": None if job.job is None else occurrence_id(job.schedule_id, job.due_at),
        "schedule": job.schedule,
        "account": job.account,
        "workspace": job.workspace,
        "channel": job.channel,
        "due_at": times.to_rfc3339(job.due_at),
        "state": job.state.value,
        "error": job.error,
        "ts": job.ts,
        "lateness_ms": job.lateness_ms,
        "attempts": [attempt_to_json(attempt) for attempt in job.attempts],
        "deferred_to": stamp(job.deferred_to),
        "deferred_by": job.deferred_by,
        "why": explain_briefly(job, circumstances) or None,
        "acknowledged": acknowledgement_to_json(job),
        "report": job.report,
        "rendered_at": stamp(job.rendered_at),
        "degraded": job.degraded,
        "parts": job.parts,
        "thread_ts": job.thread_ts,
        **span,
    }


def acknowledgement_to_json(job: JobRecord) -> dict[str, str | None] | None:
    """Return instant, person and reason of the acknowledgement, or None."""
    if job.acknowledged is None:
        return None
    entry = Acknowledgement.parse(job.acknowledged)
    return {"at": stamp(entry.at), "by": entry.by, "reason": entry.reason}


def attempt_to_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "worker": attempt.worker,
        "started_at": stamp(attempt.started_at),
        "sent_at": stamp(attempt.sent_at),
        "ended_at": stamp(attempt.ended_at),
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "error": attempt.error,
        "http_status": attempt.http_status,
        "ts": attempt.ts,
        "detail": attempt.detail,
        "part": attempt.part,
        "render_ms": attempt.render_ms,
        "method": attempt.method,
    }


def stamp(instant: int | None) -> str | None:
    return None if instant is None else times.to_rfc3339(instant)
