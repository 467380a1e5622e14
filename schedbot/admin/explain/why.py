"""Why was there no post? The first cause that the records show, in the order in which a post can fail to come about.

It had no occurrence then; it was not on; no tick ran; or a job is there, whose state is the answer.
"""

from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.explain import blockers, no_occurrence
from schedbot.admin.explain.blockers import Cause
from schedbot.admin.jobs import filters, next_steps, timeline
from schedbot.admin.schedules import skip_next
from schedbot.model import Schedule
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS
from schedbot.store.history import changes
from schedbot.store.history import occurrence as occurrence_names
from schedbot.store.history.jobs import JobRecord
from schedbot.store.jobs import outage
from schedbot.store.operations import heartbeats

# A minute either way is the same occurrence to a person.
NEAR_MS = 60_000
# How a schedule came to be as it is, by the command that made it so.
SINCE = {
    "add": "It was added only on {}",
    "import": "It was imported only on {}",
    "resume": "It was off until {}",
    "pause": "It was paused until {}",
    "edit": "It has this rule only since {}",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was due around `at` (`due_at` None: nothing), the job of it, why as sentences, and what helps."""

    schedule: Schedule
    at: int
    due_at: int | None
    job: JobRecord | None
    because: tuple[str, ...]
    steps: tuple[str, ...] = ()


def why(session: Session, name: str, said: str) -> Answer:
    """What happened at the occurrence around `said` (empty: the last one). Raises NotFound, and BadInput for a time."""
    schedule = occurrence_names.called(session.db, name)
    if schedule is None:
        raise filters.none_called(session.db, name)
    zone = times.zone(schedule.recurrence.tz)
    at = times.parse_past(said, zone, session.now()) if said else session.now()
    due_at = occurrence(schedule, at, exact=bool(said))
    job = found_job(session, schedule, at, due_at, exact=bool(said))
    if job is not None:
        stop = None if said else blockers.now_off(session, schedule)
        return of_job(session, Answer(schedule, at, job.due_at, job, ()), stop)
    if due_at is None:
        told, steps = no_occurrence.nothing(session, schedule, at, exact=bool(said))
        return Answer(schedule, at, None, None, tuple(told), steps)
    return without_job(session, schedule, at, due_at)


def of_job(session: Session, answer: Answer, stop: Cause | None) -> Answer:
    """The job's state is the answer; where the last one was asked for, also that nothing more comes."""
    job = answer.job
    assert job is not None
    stands = next_steps.standing(job, session.now(), outage.count_failures(session.db, session.now()))
    subject = "It" if job.job is None else f"Job {job.job}"
    because = [f"{subject} is {job.state.value}: {by_whom(session, job) or stands.sentence}"]
    steps = [*stands.steps, *([] if job.job is None else [f"schedbot audit {job.job}"])]
    if stop:
        because.append(stop[0])
        steps += [step for step in stop[1] if not any(step in other for other in steps)]
    return replace(answer, because=tuple(because), steps=tuple(steps))


def by_whom(session: Session, job: JobRecord) -> str:
    """Who skipped it and when; empty where nobody did."""
    if job.error != skip_next.REASON:
        return ""
    own = changes.of_object(session.db, "schedule", job.schedule_id)
    found = next(timeline.skips(own, job), None)
    return f"{found.actor} skipped it, {times.format_instant(found.changed_at, times.zone(job.tz))}." if found else ""


def occurrence(schedule: Schedule, at: int, exact: bool) -> int | None:
    """The occurrence that is meant: within a minute of `at`, or else (not `exact`) the last one before."""
    rule = schedule.recurrence
    if not exact:
        return recurrence.latest_at_or_before(rule, at, min(schedule.created_at, at))
    return next(recurrence.between(rule, at - NEAR_MS, at + NEAR_MS), None)


def found_job(session: Session, schedule: Schedule, at: int, due_at: int | None, exact: bool) -> JobRecord | None:
    if due_at is not None and (job := occurrence_names.job_at(session.db, schedule, due_at)):
        return job
    # It may have been due by a rule that has been edited since, or by hand.
    near = occurrence_names.job_before(session.db, schedule, at + NEAR_MS)
    if near is None or (exact and near.due_at < at - NEAR_MS):
        return None
    return near if exact or due_at is None or near.due_at > due_at else None


def without_job(session: Session, schedule: Schedule, at: int, due_at: int) -> Answer:
    """It was due, and no job was made: the first cause that the records show."""
    causes = (
        blockers.gone(session, schedule, due_at),
        out_of_its_time(session, schedule, due_at),
        not_on(session, schedule, due_at),
        no_tick(session, due_at),
    )
    because, steps = next((cause for cause in causes if cause), ("No reason is on record.", ("schedbot doctor",)))
    return Answer(schedule, at, due_at, None, (because,), steps)


def out_of_its_time(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """It had not started, it was over, or the instant is still to come."""
    now = session.now()
    if told := no_occurrence.out_of_its_time(schedule, due_at):
        return told, ()
    if due_at <= now:
        return None
    told = f"That is still to come, {times.format_relative(due_at, now)}."
    if stop := blockers.to_come(session, schedule, due_at):
        return f"{told} {stop[0]}", stop[1]
    return f"{told}{no_occurrence.by_calendar(schedule, due_at, now)}", ()


def not_on(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """It was added, changed or resumed only afterwards, or it is off."""
    if due_at > schedule.effective_at:
        return blockers.now_off(session, schedule)
    own = changes.of_object(session.db, "schedule", schedule.id)
    by = next((one for one in own if one.changed_at <= schedule.effective_at), None)
    since = times.format_instant(schedule.effective_at, times.zone(schedule.recurrence.tz))
    since = f"{since} ({by.actor})" if by else since
    told = SINCE.get(by.command if by else "", "It holds only since {}").format(since)
    return f"{told}: what was due before is not made up for.", ()


def no_tick(session: Session, due_at: int) -> Cause | None:
    """No tick has looked at that instant: one looks LOOK_AHEAD_MS ahead."""
    ticked = heartbeats.get_last_beat(session.db, "tick")
    if ticked is not None and ticked >= due_at - LOOK_AHEAD_MS:
        return None
    since = "ever run" if ticked is None else f"run since {times.format_instant(ticked, session.local_zone)}"
    return f"No tick has {since}: cron has stopped, or calls another database.", ("schedbot tick", "schedbot doctor")
