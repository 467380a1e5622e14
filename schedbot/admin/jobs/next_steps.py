"""Where a job stands, in a sentence, and the command that helps: one rule for each state."""

import shlex
from dataclasses import dataclass

from schedbot import times
from schedbot.model import JobState, ScheduleState
from schedbot.slack.remedies import describe_reason, fill_names
from schedbot.store.history.jobs import JobRecord
from schedbot.store.jobs.outage import OUTAGE_FAILURES

SLOW_MS = 60_000

# What schedbot itself writes as a job's error; Slack's codes are told in the time line.
REASONS = {
    "schedule_paused": "its schedule was paused",
    "schedule_edited": "its schedule was changed",
    "schedule_removed": "its schedule was removed",
    "skipped_by_hand": "somebody skipped it",
    "deadline": "its grace was over before it could be posted",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands; `steps` are what a person can do next, in order."""

    sentence: str
    steps: tuple[str, ...] = ()


def standing(job: JobRecord, now: int, silent: int = 0) -> Standing:
    """The job's state in words, and what to do next. `silent`: so many posts in a row had no answer from Slack."""
    match job.state:
        case JobState.SUCCEEDED:
            late = times.format_duration(job.lateness_ms or 0)
            to = "due" if job.deferred_to is None else "to go"
            return Standing(told(f"posted as {job.ts}, {late} after it was {to}.", job, now))
        case JobState.QUEUED:
            return queued(job, now, silent)
        case JobState.RUNNING:
            return Standing("a worker has it.")
        case JobState.FAILED:
            return Standing(f"not posted, {reason(job)}{removed(job)}.", mending(job, now))
        case JobState.UNKNOWN:
            asked = times.format_relative(max(job.available_at, now), now)
            sentence = f"it left, and nobody knows yet whether it arrived; the channel's history is asked {asked}."
            return Standing(sentence, (mark(job),))
        case JobState.HELD:
            then = f"{removed(job)}, so nothing waits for it" if removed(job) else ". Look into the channel"
            sentence = f"it left, and nobody can tell whether it arrived{then}."
            return Standing(sentence, (mark(job), *(f"if it is not there: {step}" for step in again(job, now))))
        case JobState.MISSED:
            return Standing(f"nothing could post it in time{removed(job)}.", again(job, now))
        case JobState.SKIPPED | JobState.CANCELLED:
            return Standing(f"{reason(job)}.")


def told(sentence: str, job: JobRecord, now: int) -> str:
    """The sentence, and that it was put off, if it was."""
    return " ".join(filter(None, (sentence, put_off(job, now))))


def put_off(job: JobRecord, now: int) -> str:
    """`Put off to Mon 08:00 by 'outside window: ...'.`; empty for a job that goes at its own time."""
    if job.deferred_to is None:
        return ""
    return f"Put off to {times.format_instant(job.deferred_to, times.zone(job.tz), now)} by '{job.deferred_by}'."


def queued(job: JobRecord, now: int, silent: int) -> Standing:
    if job.workspace_paused is not None:
        resume = f"schedbot workspace resume {shlex.quote(job.workspace)}"
        sentence = f"it waits, because the workspace '{job.workspace}' is paused ({job.workspace_paused})."
        return Standing(sentence, (*remedy(job), resume))
    if silent >= OUTAGE_FAILURES and job.goes_at <= now:
        sentence = f"it waits, because Slack has not answered the last {silent} posts; it is tried again by itself."
        return Standing(told(sentence, job, now), ("schedbot doctor --online", "schedbot health"))
    if job.available_at > now:
        return Standing(told(f"it goes {times.format_relative(job.available_at, now)}.", job, now))
    waited = times.format_duration(now - job.available_at)
    slow = now - job.available_at > SLOW_MS
    return Standing(f"it has waited for a worker for {waited}.", ("schedbot health",) if slow else ())


def reason(job: JobRecord) -> str:
    """Why it ended so."""
    return REASONS.get(job.error or "") or describe_reason(job.error) or "no reason is on record"


def remedy(job: JobRecord) -> tuple[str, ...]:
    """What Slack's last answer asks for, with the names of this job's schedule and workspace in it."""
    from schedbot.slack import error_codes

    codes = (job.error, *(attempt.error for attempt in job.attempts[-1:]))
    code = next((code for code in codes if code and code not in REASONS and error_codes.is_known(code)), None)
    if code is None:
        return ()
    asked = error_codes.explain(code).remedy
    if asked.startswith(error_codes.NOTHING_TO_DO):  # that was said of the attempt; the job has come to rest since
        return ()
    told = asked.removesuffix(error_codes.RETRIED)
    return (of_job(told, job),)


def of_job(remedy: str, job: JobRecord) -> str:
    """What Slack's answer asks for, with the names and the number of this job in it."""
    return fill_names(remedy, job.workspace, job.schedule, str(job.job))


def mending(job: JobRecord, now: int) -> tuple[str, ...]:
    """What Slack asks for, then the command that sends it again, each said once."""
    told = () if removed(job) else remedy(job)
    if any("'schedbot retry'" in step for step in told):
        return tuple(step.replace("'schedbot retry'", f"'{command(job, now)}'") for step in told)
    return (*told, *again(job, now))


def mark(job: JobRecord) -> str:
    return f"if it is there: schedbot audit {job.job} --mark-posted TS (or the message's link)"


def removed(job: JobRecord) -> str:
    return "; its schedule was removed" if job.schedule_state is ScheduleState.REMOVED else ""


def again(job: JobRecord, now: int) -> tuple[str, ...]:
    """The command that sends it again, after the one that lets its schedule post; none for a removed schedule's job."""
    if removed(job):
        return ()
    if job.schedule_state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED):
        return (f"schedbot resume {shlex.quote(job.schedule)}, then {command(job, now)}",)
    return (command(job, now),)


def command(job: JobRecord, now: int) -> str:
    """`retry` of this job alone; an occurrence without a number is meant by its schedule and instant."""
    if job.job is None:
        at = times.to_rfc3339(job.due_at)
        return f"schedbot retry --schedule {shlex.quote(job.schedule)} --since {at} --until {at} --stale"
    stale = " --stale" if job.state is JobState.MISSED or job.deadline_at <= now else ""
    return f"schedbot retry {job.job}{stale}"
