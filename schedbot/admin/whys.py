"""Why was there no post? The first cause that the records show, in the order in which a post can fail to come about.

It had no occurrence then; it was not on; no tick ran; or a job is there, whose state is the answer.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from schedbot import recurrence, times
from schedbot.admin import advice, choosing, occurrences
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store import changes, heartbeats, occurring
from schedbot.store.enqueue import LOOK_AHEAD_MS
from schedbot.store.history import JobRecord

# A minute either way is the same occurrence to a person.
NEAR_MS = 60_000
Cause = tuple[str, tuple[str, ...]]


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
    schedule = occurring.called(session.db, name)
    if schedule is None:
        raise choosing.none_called(session.db, name)
    zone = times.zone(schedule.recurrence.tz)
    at = times.parse_since(said, zone, session.now()) if said else session.now()
    due_at = occurrence(schedule, at, exact=bool(said))
    job = found_job(session, schedule, at, due_at, exact=bool(said))
    if job is not None:
        stands = advice.standing(job, session.now())
        if job.job is None:
            return Answer(schedule, at, job.due_at, job, (f"It is {job.state.value}: {stands.sentence}",), stands.steps)
        because = (f"Job {job.job} is {job.state.value}: {stands.sentence}",)
        return Answer(schedule, at, job.due_at, job, because, (*stands.steps, f"schedbot audit {job.job}"))
    if due_at is None:
        return Answer(schedule, at, None, None, tuple(nothing_due(schedule, at, session.now())))
    return without_job(session, schedule, at, due_at)


def occurrence(schedule: Schedule, at: int, exact: bool) -> int | None:
    """The occurrence that is meant: within a minute of `at`, or else (not `exact`) the last one before."""
    rule = schedule.recurrence
    if not exact:
        return recurrence.latest_at_or_before(rule, at, min(schedule.created_at, at))
    return next(recurrence.between(rule, at - NEAR_MS, at + NEAR_MS), None)


def found_job(session: Session, schedule: Schedule, at: int, due_at: int | None, exact: bool) -> JobRecord | None:
    if due_at is not None and (job := occurring.job_at(session.db, schedule, due_at)):
        return job
    # It may have been due by a rule that has been edited since, or by hand.
    near = occurring.job_before(session.db, schedule, at + NEAR_MS)
    if near is None or (exact and near.due_at < at - NEAR_MS):
        return None
    return near if exact or due_at is None or near.due_at > due_at else None


def nothing_due(schedule: Schedule, at: int, now: int) -> Iterator[str]:
    """It has no occurrence then: the ones before and after, and whether that one will come."""
    rule, zone = schedule.recurrence, times.zone(schedule.recurrence.tz)
    yield f"Nothing was due then: {recurrence.meaning(rule)}."
    before = recurrence.latest_at_or_before(rule, at, schedule.created_at)
    if before is not None:
        yield f"The occurrence before is {times.for_people(before, zone)}."
    after = recurrence.next_after(rule, at)
    if after is not None:
        yield f"The occurrence after is {times.for_people(after, zone)}."
        if rests := at_rest(schedule, after, now):
            yield rests


def without_job(session: Session, schedule: Schedule, at: int, due_at: int) -> Answer:
    """It was due, and no job was made: the first cause that the records show."""
    causes = (
        out_of_its_time(schedule, due_at, session.now()),
        not_on(session, schedule, due_at),
        no_tick(session, due_at),
    )
    because, steps = next((cause for cause in causes if cause), ("No reason is on record.", ("schedbot doctor",)))
    return Answer(schedule, at, due_at, None, (because,), steps)


def out_of_its_time(schedule: Schedule, due_at: int, now: int) -> Cause | None:
    """It had not started, it was over, or the instant is still to come."""
    terms, zone = schedule.terms, times.zone(schedule.recurrence.tz)
    if terms.starts_at is not None and due_at < terms.starts_at:
        return f"It starts later, on {times.for_people(terms.starts_at, zone)}.", ()
    if terms.until_at is not None and due_at > terms.until_at:
        return f"It was over by then: its end is {times.for_people(terms.until_at, zone)}.", ()
    if due_at > now:
        told = f"That is still to come, {times.relative(due_at, now)}."
        if rests := at_rest(schedule, due_at, now):
            return f"{told} {rests}", resume(schedule)
        return f"{told}{by_calendar(schedule, due_at, now)}", ()
    return None


def at_rest(schedule: Schedule, at: int, now: int) -> str:
    """Who stopped it, until when and why, if it is still off at an instant to come; else empty."""
    end, state = schedule.state_until, schedule.state
    if state in (ScheduleState.ACTIVE, ScheduleState.FINISHED) or at <= now or (end is not None and at >= end):
        return ""
    by = f" by {schedule.state_by}" if schedule.state_by else ""
    until = "" if end is None else f" until {times.for_people(end, times.zone(schedule.recurrence.tz), now)}"
    reason = f": {schedule.reason}" if schedule.reason else ""
    return f"But the schedule is {state.value}{by}{until}{reason}."


def resume(schedule: Schedule) -> tuple[str, ...]:
    """The step that lets it go on, if anything does."""
    return () if schedule.state is ScheduleState.REMOVED else (f"schedbot resume {shlex.quote(schedule.name)}",)


def by_calendar(schedule: Schedule, due_at: int, now: int) -> str:
    """What its calendar will make of an occurrence to come; empty where it stands."""
    if left_out := occurrences.left_out(schedule, due_at, {}):
        return f" It will be left out: {left_out}."
    put_off = occurrences.ruled(schedule, due_at)
    if put_off is None or put_off.at is None:
        return ""
    to = times.for_people(put_off.at, times.zone(schedule.recurrence.tz), now)
    return f" It will be put off to {to} by '{put_off.error}'."


def not_on(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """It was added, changed or resumed only afterwards, or it is off."""
    zone = times.zone(schedule.recurrence.tz)
    own = list(changes.of_object(session.db, "schedule", schedule.id))
    if due_at <= schedule.effective_at:
        by = next((f", by '{one.command}' ({one.actor})" for one in own if one.changed_at <= schedule.effective_at), "")
        since = times.for_people(schedule.effective_at, zone)
        return f"It holds only since {since}{by}: what was due before is not made up for.", ()
    if schedule.state in (ScheduleState.ACTIVE, ScheduleState.FINISHED):
        return None
    since = f" since {times.for_people(own[0].changed_at, zone)} ({own[0].actor})" if own else ""
    reason = f": {schedule.reason}" if schedule.reason else ""
    return f"The schedule is {schedule.state.value}{since}{reason}.", resume(schedule)


def no_tick(session: Session, due_at: int) -> Cause | None:
    """No tick has looked at that instant: one looks LOOK_AHEAD_MS ahead."""
    ticked = heartbeats.last(session.db, "tick")
    if ticked is not None and ticked >= due_at - LOOK_AHEAD_MS:
        return None
    since = "ever run" if ticked is None else f"run since {times.for_people(ticked, session.reader_zone)}"
    return f"No tick has {since}: cron has stopped, or calls another database.", ("schedbot tick", "schedbot doctor")
