"""State of a job in one sentence, and the commands that help: one rule for each state."""

import json
import shlex
from dataclasses import dataclass

from schedbot import times
from schedbot.admin.jobs import short_reason
from schedbot.admin.jobs.circumstances import Circumstances
from schedbot.model import CancelReason, JobState, ScheduleState
from schedbot.rules.lifecycle import is_retriable
from schedbot.slack import error_codes, remedy_texts
from schedbot.slack.remedies import describe_reason, fill_names
from schedbot.store.history.jobs import Attempt, JobRecord
from schedbot.store.jobs.acknowledgement import Acknowledgement
from schedbot.store.jobs.outage import OUTAGE_FAILURES

SLOW_MS = 60_000
STATES = {
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.MISSED: "was missed",
    JobState.SKIPPED: "was skipped",
    JobState.CANCELLED: "was cancelled",
}
# Errors that schedbot itself sets on jobs; Slack's codes are in `slack.error_codes`.
REASONS = {
    CancelReason.SCHEDULE_PAUSED: "its schedule was paused",
    CancelReason.SCHEDULE_EDITED: "its schedule was changed",
    CancelReason.SCHEDULE_REMOVED: "its schedule was removed",
    CancelReason.SCHEDULE_SUSPENDED: "its schedule was suspended",
    CancelReason.SKIPPED_BY_HAND: "a person skipped it",
    CancelReason.ALL_PAUSED: "all posts were paused",
    "workspace_removed": "its workspace was removed",
    "no_tick": "no tick ran in time",
    "deadline": "it was not posted within its grace",
}


@dataclass(frozen=True, slots=True)
class JobSummary:
    """State of a job as a sentence; `steps` are the next commands or actions, in order."""

    sentence: str
    steps: tuple[str, ...] = ()


def summarize(job: JobRecord, circumstances: Circumstances, skipped_by: str = "") -> JobSummary:
    """Return the job's state and next steps. `skipped_by` replaces the reason of a skipped job."""
    detail, steps = explain_state(job, circumstances)
    parts = f" {posted}." if (posted := short_reason.describe_parts(job)) else ""
    sentence = f"Job {job.job} {describe_state(job.state)}: {skipped_by or detail}{parts}"
    return JobSummary(f"{sentence}{describe_acknowledgement(job, circumstances.now)}", steps)


def describe_acknowledgement(job: JobRecord, now: int) -> str:
    """Return ` tester@host acknowledged it on Tue 1 Dec 09:00 EST: customer informed.`; empty without one."""
    if job.acknowledged is None:
        return ""
    entry = Acknowledgement.parse(job.acknowledged)
    reason = f": {entry.reason}" if entry.reason else ""
    return f" {entry.by} acknowledged it on {times.format_instant(entry.at, times.zone(job.tz), now)}{reason}."


def describe_state(state: JobState) -> str:
    """Return the state as the verb of a sentence: `failed`, `was missed`, `is queued`."""
    return STATES.get(state, f"is {state.value}")


def explain_state(job: JobRecord, circumstances: Circumstances) -> tuple[str, tuple[str, ...]]:
    now = circumstances.now
    match job.state:
        case JobState.SUCCEEDED:
            late = times.format_duration(job.lateness_ms or 0)
            planned = "it was due" if job.deferred_to is None else "its deferred time"
            parts = f" in {job.parts} parts" if job.parts > 1 else ""
            return f"posted as {job.ts}{parts}, {late} after {planned}.{deferral(job, now)}{missing_picture(job)}", ()
        case JobState.QUEUED:
            return explain_queued(job, circumstances)
        case JobState.RUNNING:
            return "a worker is posting it.", ()
        case JobState.FAILED:
            return f"{reason(job)}.{removal(job)}", fix_and_retry(job, now)
        case JobState.UNKNOWN:
            at = times.format_relative(max(job.available_at, now), now)
            detail = f"it was sent, but delivery is not confirmed. The channel's history is checked {at}."
            return detail, (mark_step(job),)
        case JobState.HELD:
            detail = explain_held(job)
            then = f"{removal(job)} Nothing waits for this job." if removal(job) else " Look in the channel."
            return detail + then, (mark_step(job), *(f"if it is not there: {step}" for step in retry_steps(job, now)))
        case JobState.MISSED:
            detail = short_reason.explain_missed(job, circumstances)
            return f"{detail}.{removal(job)}", retry_steps(job, now)
        case JobState.SKIPPED | JobState.CANCELLED:
            return f"{reason(job)}.{removal(job)}", steps_to_send(job, now)


def explain_held(job: JobRecord) -> str:
    if job.error == "restored":
        return "the database was restored from a backup, and no record shows if the message was posted."
    code = job.attempts[-1].error if job.attempts else None
    if code and not error_codes.is_known(code):
        return f"Slack returned '{code}', a code that schedbot does not know. The message may have been posted."
    return "it was sent, but nobody can tell whether it arrived."


def explain_queued(job: JobRecord, circumstances: Circumstances) -> tuple[str, tuple[str, ...]]:
    now, detail = circumstances.now, f"{short_reason.explain_wait(job, circumstances)}."
    if job.workspace_paused is not None:
        resume = f"schedbot workspace resume {shlex.quote(job.workspace)}"
        return f"{detail} {explain_grace(job, now)}", (*remedy_steps(job), resume)
    if circumstances.unanswered >= OUTAGE_FAILURES and job.goes_at <= now:
        detail = f"{detail} It is tried again automatically.{deferral(job, now)}"
        return detail, ("schedbot doctor --online", "schedbot health")
    if job.available_at > now:
        if detail.startswith("deferred"):
            return f"it is {detail}", ()
        return f"it will be {detail}" if detail.startswith(("posted", "tried")) else detail, ()
    is_slow = now - job.available_at > SLOW_MS
    return (f"it {detail}" if detail.startswith("has") else detail), ("schedbot health",) if is_slow else ()


def explain_grace(job: JobRecord, now: int) -> str:
    """Return what becomes of a job of a paused workspace if the workspace is resumed."""
    if job.deadline_at > now:
        end = times.format_instant(job.deadline_at, times.zone(job.tz), now)
        return (
            "Its grace counts from the resume." if job.stops_grace else f"Its grace ends {end}; it is not posted later."
        )
    if job.stops_grace:
        return "Its grace is over: --misfire decides whether the resume posts it."
    return f"Its grace is over: after the resume, '{retry_command(job, now)}' posts it."


def deferral(job: JobRecord, now: int) -> str:
    """Return ` Deferred to Mon 08:00: outside window: ...`; empty for a job that was not deferred."""
    if job.deferred_to is None:
        return ""
    return f" Deferred to {times.format_instant(job.deferred_to, times.zone(job.tz), now)}: {job.deferred_by}."


def missing_picture(job: JobRecord) -> str:
    """Return ` A note stands in the place of the picture 'a.png': ...`; empty if no picture is missing."""
    if not job.degraded:
        return ""
    missing = dict(json.loads(job.pictures or "[]"))
    names = ", ".join(f"'{name}'" for name in missing) or "it shows"
    reasons = " ".join(dict.fromkeys(describe_error(error) + "." for error in missing.values()))
    return f" A note stands in the place of the picture {names}: {reasons}".rstrip(": ")


def reason(job: JobRecord) -> str:
    """Return why the job ended in its state."""
    return describe_error(job.error)


def describe_error(error: str | None) -> str:
    """Return an error or cancel reason of a job in words."""
    return REASONS.get(error or "") or describe_reason(error) or "no reason is on record"


def removal(job: JobRecord) -> str:
    return " Its schedule was removed." if job.schedule_state is ScheduleState.REMOVED else ""


def remedy_steps(job: JobRecord) -> tuple[str, ...]:
    """Return the remedy for the job's last Slack error, with the names of the job filled in."""
    codes = (job.error, *(attempt.error for attempt in job.attempts[-1:]))
    code = next((code for code in codes if code and code not in REASONS and error_codes.is_known(code)), None)
    if code is None:
        return ()
    remedy = error_codes.explain(code).remedy
    if remedy.startswith(remedy_texts.NOTHING_TO_DO):  # true during the attempt; the job has stopped since
        return ()
    return (fill_job(remedy.removesuffix(remedy_texts.RETRIED), job),)


def quote_detail(attempt: Attempt) -> str:
    """Return what Slack, or schedbot itself, says about the attempt's error; empty if there is nothing on record."""
    is_from_slack = attempt.http_status is not None
    return f"Slack says: {attempt.detail}" if attempt.detail and is_from_slack else attempt.detail or ""


def fill_job(remedy: str, job: JobRecord) -> str:
    """Return a remedy with the names of this job filled in."""
    return fill_names(remedy, job.workspace, job.schedule, str(job.job))


def fix_and_retry(job: JobRecord, now: int) -> tuple[str, ...]:
    """Return the remedy and the retry command, each once."""
    steps = () if removal(job) else remedy_steps(job)
    if any("'schedbot retry'" in step for step in steps):
        return tuple(step.replace("'schedbot retry'", f"'{retry_command(job, now)}'") for step in steps)
    return (*steps, *retry_steps(job, now))


def mark_step(job: JobRecord) -> str:
    return f"if it is there: schedbot audit {job.job} --mark-posted TS (or the message's link)"


def retry_steps(job: JobRecord, now: int) -> tuple[str, ...]:
    """Return the retry command, with the resume command of a stopped schedule; nothing for a removed schedule."""
    if removal(job):
        return ()
    return (", then ".join((*resume_steps(job), retry_command(job, now))),)


def resume_steps(job: JobRecord) -> tuple[str, ...]:
    """Return the commands that end a pause of all posts, and resume the schedule of the job."""
    is_stopped = job.schedule_state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
    resume = (f"schedbot resume {shlex.quote(job.schedule)}",) if is_stopped else ()
    return ("schedbot resume --all", *resume) if job.is_all_paused else resume


def steps_to_send(job: JobRecord, now: int) -> tuple[str, ...]:
    """Return the commands that have a cancelled or skipped job sent after all; nothing if none can."""
    if removal(job) or not is_retriable(job.state, job.cancel_reason):
        return ()
    if job.state is JobState.CANCELLED and job.due_at > now:  # a resume in time brings it back
        return (", then ".join(resume_steps(job)),)
    return retry_steps(job, now)


def retry_command(job: JobRecord, now: int) -> str:
    """Return `retry` for this job alone."""
    stale = " --stale" if job.state is JobState.MISSED or job.deadline_at <= now else ""
    return f"schedbot retry {job.job}{stale}"
