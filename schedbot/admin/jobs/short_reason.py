"""The reason of a job's state in a few words, for a cell of a table. Empty for a plain success."""

from schedbot import times
from schedbot.admin.jobs.circumstances import Circumstances
from schedbot.model import NO_TICK, JobState, Outcome
from schedbot.slack.remedies import describe_reason
from schedbot.store.history.jobs import JobRecord
from schedbot.store.jobs.outage import OUTAGE_FAILURES

RENDER_FAILED, NOT_READY = Outcome.RENDER_FAILED.value, Outcome.NOT_READY.value


def explain_briefly(job: JobRecord, circumstances: Circumstances) -> str:
    """Return why the job is in its state. Codes of errors stay, because `--error` takes them."""
    reason = ": ".join(filter(None, (describe_parts(job), explain_state(job, circumstances))))
    return f"{reason} (acknowledged)" if job.acknowledged else reason


def describe_parts(job: JobRecord) -> str:
    """Return `2 of 5 parts are posted` for a message that has begun and not ended; else an empty text."""
    if job.parts_posted in (0, job.parts):
        return ""
    return f"{job.parts_posted} of {job.parts} parts {'is' if job.parts_posted == 1 else 'are'} posted"


def explain_state(job: JobRecord, circumstances: Circumstances) -> str:
    match job.state:
        case JobState.SUCCEEDED:
            deferral = f"deferred: {job.deferred_by}" if job.deferred_by else ""
            return ": ".join(filter(None, ("degraded: a picture is missing" if job.degraded else "", deferral)))
        case JobState.QUEUED:
            return explain_wait(job, circumstances)
        case JobState.RUNNING:
            return "a worker is posting it"
        case JobState.UNKNOWN:
            when = times.format_relative(max(job.available_at, circumstances.now), circumstances.now)
            return f"{job.error or last_error(job) or 'delivery unknown'}: looked up {when}"
        case JobState.HELD:
            return f"{job.error or last_error(job) or 'delivery unknown'}: look in the channel"
        case JobState.MISSED:
            return explain_missed(job, circumstances)
        case JobState.FAILED | JobState.SKIPPED | JobState.CANCELLED:
            return explain_end(job)


def explain_end(job: JobRecord) -> str:
    """Return the error, of a report with its reason."""
    error = job.error or last_error(job)
    detail = first_line(job) if error in (RENDER_FAILED, NOT_READY) else ""
    return f"{error}: {detail}" if detail else error or "no reason is on record"


def first_line(job: JobRecord) -> str:
    """Return the first line of the last attempt's detail, without its full stop."""
    detail = (job.attempts[-1].detail if job.attempts else None) or ""
    return detail.partition("\n")[0].rstrip(".")


def last_error(job: JobRecord) -> str:
    return (job.attempts[-1].error if job.attempts else None) or ""


def explain_wait(job: JobRecord, circumstances: Circumstances) -> str:
    """Return why a queued job is not posted yet: the first obstacle in its way."""
    now = circumstances.now
    if job.workspace_paused is not None:
        return f"workspace '{job.workspace}' is paused: {describe_reason(job.workspace_paused)}"
    if circumstances.unanswered >= OUTAGE_FAILURES and job.goes_at <= now:
        return f"Slack has not answered the last {circumstances.unanswered} posts"
    if job.available_at <= now:
        waited = times.format_duration(now - job.available_at)
        return f"has waited for a worker for {waited}" if circumstances.has_pool else "no worker pool is running"
    when = times.format_relative(job.available_at, now)
    if token_problem := circumstances.token_problems.get(job.workspace_id):
        return f"workspace '{job.workspace}' has no token: {token_problem.rstrip('.')}; tried again {when}"
    held_until = circumstances.held_until.get(job.workspace_id, 0)
    if held_until > now and job.goes_at <= held_until:
        return f"Slack limits the rate of workspace '{job.workspace}': posted {when}"
    if job.deferred_to is not None and job.deferred_to > now:
        return f"deferred to {format_day(job.deferred_to, job, now)}: {job.deferred_by}"
    error = job.error or last_error(job)
    if error == NOT_READY:
        return f"not_ready: {first_line(job)}; asked again {when}"
    return f"{error}: tried again {when}" if error else f"posted {when}"


def explain_missed(job: JobRecord, circumstances: Circumstances) -> str:
    """Return when no tick ran, if that is on record; else the reason of the job."""
    if job.error not in (NO_TICK, None):
        return "not posted within its grace" if job.error == "deadline" else str(job.error)
    gap = circumstances.find_gap(job.due_at)
    return describe_gap(gap.started_at, gap.ended_at, job, circumstances.now) if gap else "no tick ran in time"


def describe_gap(started_at: int, ended_at: int, job: JobRecord, now: int) -> str:
    """Return `no tick ran from 28 Nov 18:02 EST to 30 Nov 14:00 EST`, in the zone of the job."""
    return f"no tick ran from {format_day(started_at, job, now)} to {format_day(ended_at, job, now)}"


def format_day(instant: int, job: JobRecord, now: int) -> str:
    """Return `30 Nov 14:00 EST`: the minute of an instant without its weekday, in the zone of the job."""
    return times.format_instant(instant // 60_000 * 60_000, times.zone(job.tz), now).partition(" ")[2]
