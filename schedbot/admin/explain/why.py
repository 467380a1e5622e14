"""`why`: the first cause on record for a post or for its absence.

Causes are tried in the order in which a post comes about: the schedule has an occurrence, it is on, a tick runs, a job
is made. If there is a job, its state is the answer.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from schedbot import times
from schedbot.admin.explain import no_occurrence, pause_reasons
from schedbot.admin.explain.pause_reasons import Cause
from schedbot.admin.jobs import filters, job_summary
from schedbot.admin.jobs.circumstances import read_circumstances
from schedbot.model import CancelReason, JobState, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import changes
from schedbot.store.history import occurrence as occurrence_names
from schedbot.store.history.jobs import JobRecord
from schedbot.store.history.occurrence import MissedOccurrence
from schedbot.store.operations import alerts, heartbeats, prune, restored_state

# People mean an occurrence by any instant within a minute of it.
NEAR_MS = 60_000
MAX_OF_DAY = 10
# States in which the error of the last attempt matters.
UNSENT = (JobState.FAILED, JobState.QUEUED, JobState.HELD, JobState.UNKNOWN)
# Start of the present rule, by the command that set it.
EFFECTIVE_SINCE = {
    "add": "The schedule was added on {}",
    "import": "The schedule was imported on {}",
    "resume": "The schedule was off until {}",
    "pause": "The schedule was paused until {}",
    "edit": "The schedule has this rule since {}",
    "sync": "The schedule has this rule since its sync on {}",
    "undo": "A change of the schedule was undone on {}",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The occurrence around `at` (`due_at` None: no occurrence), its job, the causes, and the commands that help."""

    schedule: Schedule
    at: int
    due_at: int | None
    job: JobRecord | None
    because: tuple[str, ...]
    steps: tuple[str, ...] = ()
    state: JobState | None = None


class Explanations(NamedTuple):
    """Occurrences that are explained, in order, and the number of earlier ones of the same day that are left out."""

    shown: list[Explanation]
    left_out: int


def explain_each(session: Session, name: str, at_text: str) -> Explanations:
    """Explain the occurrences of a day (the last MAX_OF_DAY of them), or the one around a time, or the last one.

    Raises NotFound, and BadInput for a time.
    """
    schedule = find_schedule(session, name)
    zone = times.zone(schedule.recurrence.tz)
    day = times.parse_past_day(at_text, zone, session.now()) if at_text else None
    instants = list_instants(session, schedule, *day) if day else []
    if instants:
        past = [at for at in instants if at <= session.now()]  # today also has later ones
        all_of_day = past or instants
        shown = [explain_instant(session, schedule, at, exact=True) for at in all_of_day[-MAX_OF_DAY:]]
        return Explanations(shown, len(all_of_day) - len(shown))
    return Explanations([explain(session, name, at_text)], 0)


def explain(session: Session, name: str, at_text: str) -> Explanation:
    """Explain the occurrence around a time (empty: the last occurrence). Raises NotFound, and BadInput for a time."""
    schedule = find_schedule(session, name)
    zone = times.zone(schedule.recurrence.tz)
    at = times.parse_past(at_text, zone, session.now()) if at_text else session.now()
    return explain_instant(session, schedule, at, exact=bool(at_text))


def find_schedule(session: Session, name: str) -> Schedule:
    schedule = occurrence_names.by_name(session.db, name)
    if schedule is None:
        raise filters.unknown_schedule(session.db, name)
    return schedule


def list_instants(session: Session, schedule: Schedule, first: int, last: int) -> list[int]:
    """Return the instants of the schedule's rule and of its jobs from `first` to `last`, in order."""
    due = {*recurrence.between(schedule.recurrence, first - 1, last)}
    return sorted(due.union(occurrence_names.list_due(session.db, schedule, first, last)))


def explain_instant(session: Session, schedule: Schedule, at: int, exact: bool) -> Explanation:
    """Explain the occurrence within a minute of `at`; if not `exact`, the last one before it."""
    due_at = occurrence_near(schedule, at, exact)
    if missed := missed_around(session, schedule, at, due_at, exact):
        return explain_missed(Explanation(schedule, at, due_at, None, ()), missed)
    job = job_near(session, schedule, at, due_at, exact)
    if job is not None:
        blocker = None if exact else pause_reasons.present_blocker(session, schedule)
        return explain_job(session, Explanation(schedule, at, job.due_at, job, ()), job, blocker)
    if due_at is None:
        causes = no_occurrence.explain(session, schedule, at, exact)
        return from_causes(Explanation(schedule, at, None, None, ()), causes)
    return from_causes(Explanation(schedule, at, due_at, None, ()), [first_cause(session, schedule, due_at)])


def from_causes(explanation: Explanation, causes: Sequence[Cause]) -> Explanation:
    because = tuple(cause.sentence for cause in causes)
    return replace(explanation, because=because, steps=tuple(step for cause in causes for step in cause.steps))


def missed_around(
    session: Session, schedule: Schedule, at: int, due_at: int | None, exact: bool
) -> MissedOccurrence | None:
    """Return the occurrence if it is one of many missed ones. By a rule edited since, it may be near `at`."""
    if due_at is not None:
        return occurrence_names.missed_within(session.db, schedule, due_at, due_at)
    return occurrence_names.missed_within(session.db, schedule, at - NEAR_MS, at + NEAR_MS) if exact else None


def explain_missed(explanation: Explanation, missed: MissedOccurrence) -> Explanation:
    """Explain one of many missed occurrences. A backfill posts it after all."""
    others = "1 other" if missed.count == 2 else f"{missed.count - 1:,} others"
    because = f"The occurrence was missed{f' with {others}' if missed.count > 1 else ''}: no tick ran in time."
    name, state = shlex.quote(explanation.schedule.name), explanation.schedule.state
    start, end = times.to_rfc3339(missed.due_at), times.to_rfc3339(missed.due_at + 1_000)
    step = f"schedbot backfill {name} --from {start} --to {end}"
    if state in (ScheduleState.PAUSED, ScheduleState.SUSPENDED):
        step = f"schedbot resume {name}, then {step}"
    # An occurrence of an earlier rule cannot be backfilled.
    is_due = recurrence.next_after(explanation.schedule.recurrence, missed.due_at - 1) == missed.due_at
    steps = (step,) if is_due and state is not ScheduleState.REMOVED else ()
    return replace(explanation, due_at=missed.due_at, state=JobState.MISSED, because=(because,), steps=steps)


def explain_job(session: Session, explanation: Explanation, job: JobRecord, blocker: Cause | None) -> Explanation:
    """Explain by the job's state, followed by a blocker of later occurrences."""
    summary = job_summary.summarize(job, read_circumstances(session), skipped_by(session, job))
    because = [summary.sentence]
    detail = job_summary.quote_detail(job.attempts[-1]) if job.state in UNSENT and job.attempts else ""
    if detail and detail not in summary.sentence:
        because.append(detail)
    steps = [*summary.steps, f"schedbot audit {job.job}"]
    if announced := announcement(session, job):
        because.append(announced)
    if blocker:
        because.append(blocker.sentence)
        steps += [step for step in blocker.steps if not any(step in other for other in steps)]
    return replace(explanation, because=tuple(because), steps=tuple(steps), state=job.state)


def announcement(session: Session, job: JobRecord) -> str:
    """Return a sentence if the ops channel was told about failures of this kind; else empty."""
    cause = {JobState.FAILED: f"failed:{job.error}", JobState.HELD: "held"}.get(job.state)
    announced_at = alerts.get_announced_at(session.db, cause) if cause else None
    if announced_at is None:
        return ""
    return f"An alert about this went out on {times.format_instant(announced_at, session.local_zone)}."


def skipped_by(session: Session, job: JobRecord) -> str:
    """Return person and time of a skip; empty if nobody skipped the job."""
    if job.cancel_reason is not CancelReason.SKIPPED_BY_HAND:
        return ""
    skip = changes.skip_of(session.db, job.schedule_id, job.due_at)
    return f"{skip.actor} skipped it on {times.format_instant(skip.changed_at, times.zone(job.tz))}." if skip else ""


def occurrence_near(schedule: Schedule, at: int, exact: bool) -> int | None:
    """Return the occurrence within a minute of `at`; if not `exact`, the last one before it."""
    rule = schedule.recurrence
    if not exact:
        return recurrence.latest_at_or_before(rule, at, min(schedule.created_at, at))
    return next(recurrence.between(rule, at - NEAR_MS, at + NEAR_MS), None)


def job_near(session: Session, schedule: Schedule, at: int, due_at: int | None, exact: bool) -> JobRecord | None:
    if due_at is not None and (job := occurrence_names.job_at(session.db, schedule, due_at)):
        return job
    # The job may be of an earlier rule, or an extra job.
    near = occurrence_names.job_before(session.db, schedule, at + NEAR_MS)
    if near is None or (exact and near.due_at < at - NEAR_MS):
        return None
    return near if exact or due_at is None or near.due_at > due_at else None


def first_cause(session: Session, schedule: Schedule, due_at: int) -> Cause:
    """Return the first cause on record for an occurrence without a job."""
    causes = (
        pause_reasons.removal(session, schedule, due_at),
        out_of_bounds(session, schedule, due_at),
        pruned(session, due_at),
        unsure(session, schedule, due_at),
        paused_with_all(session, schedule, due_at),
        not_effective(session, schedule, due_at),
        no_tick(session, due_at),
    )
    return next((cause for cause in causes if cause), Cause("No reason is on record.", ("schedbot doctor",)))


def pruned(session: Session, due_at: int) -> Cause | None:
    """Return a cause if jobs of that time were deleted."""
    until = prune.get_pruned_until(session.db)
    if until is None or due_at >= until:
        return None
    before = times.format_instant(until, session.local_zone)
    return Cause(f"Its job is not on record any more: jobs due before {before} were pruned.")


def unsure(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """Return a cause if a restore could not find out what was posted at that time."""
    until = restored_state.get_unsure_until(session.db, schedule.id)
    if until is None or due_at > until:
        return None
    return Cause(f"The database was restored on {times.format_instant(until, session.local_zone)}: no record shows it.")


def paused_with_all(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """Return the pause of all schedules that was on at the instant, unless the schedule came later."""
    return pause_reasons.pause_of_all(session, due_at) if due_at > schedule.created_at else None


def out_of_bounds(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """Return a cause if the schedule had not started, had ended, or if the instant is in the future."""
    now = session.now()
    if sentence := no_occurrence.outside_bounds(schedule, due_at):
        return Cause(sentence)
    if due_at <= now:
        return None
    sentence = f"It is not due yet: {times.format_relative(due_at, now)}."
    if blocker := pause_reasons.future_blocker(session, schedule, due_at):
        return Cause(f"{sentence} {blocker.sentence}", blocker.steps)
    return Cause(f"{sentence}{no_occurrence.calendar_decision(schedule, due_at, now)}")


def not_effective(session: Session, schedule: Schedule, due_at: int) -> Cause | None:
    """Return a cause if the schedule was added, changed or resumed later, or if it is off."""
    if due_at > schedule.effective_at:
        return pause_reasons.present_blocker(session, schedule)
    schedule_changes = changes.of_object(session.db, "schedule", schedule.id)
    change = next((change for change in schedule_changes if change.changed_at <= schedule.effective_at), None)
    since = times.format_instant(schedule.effective_at, times.zone(schedule.recurrence.tz))
    since = f"{since} ({change.actor})" if change else since
    template = EFFECTIVE_SINCE.get(change.command if change else "", "The schedule is in effect since {}")
    return Cause(f"{template.format(since)}. Earlier occurrences are not posted.")


def no_tick(session: Session, due_at: int) -> Cause | None:
    """Return a cause if no tick covered the instant. A tick covers LOOK_AHEAD_MS in advance."""
    tick_at = heartbeats.get_last_beat(session.db, "tick", session.now())
    if tick_at is not None and tick_at >= due_at - LOOK_AHEAD_MS:
        return None
    since = "ever run" if tick_at is None else f"run since {times.format_instant(tick_at, session.local_zone)}"
    sentence = f"No tick has {since}: cron has stopped, or it uses another database."
    return Cause(sentence, ("schedbot tick", "schedbot doctor"))
