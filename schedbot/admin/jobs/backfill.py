"""`backfill`: enqueue past occurrences of a schedule that have no job, or a cancelled one. A person asks for it.

A pause, a suspension or `skip-next` called off the latter. A changed rule no longer has the jobs that it cancelled.

A `missed` job is left to `retry --stale`. Many missed occurrences in one row have no jobs: a backfill enqueues them and
takes them out of the row. Instants are UTC milliseconds.
"""

import shlex
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules import occurrences, pause_all
from schedbot.admin.schedules.selection import find
from schedbot.admin.schedules.serialize import changed_schedule
from schedbot.errors import BadInput
from schedbot.model import JobState, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.database import Database
from schedbot.store.fanout import backfill
from schedbot.store.operations import ownership, prune, restored_state

# At one message a second, a channel needs almost three hours for these.
MAX_OCCURRENCES = 10_000
STOPPED = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """Occurrences to enqueue (`due`), and the numbers of occurrences that are not enqueued."""

    schedule: Schedule
    start: int
    end: int
    due: list[int]
    missed: int  # on record as missed
    on_record: int  # on record in another state
    skipped: int  # on a holiday, or outside the send window


def plan(session: Session, name: str, from_: str, to: str) -> BackfillPlan:
    """Return the plan; wall clocks are in the schedule's zone. Changes nothing. Raises NotFound and BadInput."""
    schedule = find(session.db, name)
    refuse_stopped(schedule)
    ownership.refuse_unowned(session.db)
    pause_all.refuse_while_paused(session)
    zone, now = times.zone(schedule.recurrence.tz), session.now()
    start, end = (times.parse_past(text, zone, now) for text in (from_, to))
    if end > now:
        raise BadInput(f"--to {times.quote(to)} is in the future.", "Use 'now' at the latest; ticks do the rest.")
    if end <= start:
        raise BadInput(f"--to {times.quote(to)} is not after --from {times.quote(from_)}.", "Swap them.")
    refuse_pruned(session.db, start, text=from_)
    refuse_unsure(session.db, schedule, start, text=from_)
    return find_missing(session, schedule, start, end)


def refuse_pruned(db: Database, start: int, text: str) -> None:
    """Raise BadInput for a time whose jobs may be deleted: it is not known any more which were posted."""
    pruned_until = prune.get_pruned_until(db)
    if pruned_until is not None and start < pruned_until:
        until = times.format_instant(pruned_until, times.local_zone())
        problem = f"--from {times.quote(text)} lies before {until}, and older jobs are pruned."
        raise BadInput(problem, "Which of them were posted is not on record any more. Use a later --from.")


def refuse_unsure(db: Database, schedule: Schedule, start: int, text: str) -> None:
    """Raise BadInput for a time of which a restore could not find out what was posted."""
    unsure_until = restored_state.get_unsure_until(db, schedule.id)
    if unsure_until is not None and start <= unsure_until:
        until = times.format_instant(unsure_until, times.local_zone())
        problem = f"--from {times.quote(text)} lies before the restore of {until}."
        hint = f"No record shows what was posted then. 'schedbot run-now {shlex.quote(schedule.name)}' posts once."
        raise BadInput(problem, hint)


def refuse_stopped(schedule: Schedule) -> None:
    if schedule.state in STOPPED:
        reason = f": {describe_reason(schedule.reason)}" if schedule.reason else ""
        hint = f"First run 'schedbot resume {shlex.quote(schedule.name)}'."
        raise BadInput(f"Schedule '{schedule.name}' is {schedule.state.value}{reason}.", hint)


def find_missing(session: Session, schedule: Schedule, start: int, end: int) -> BackfillPlan:
    terms = schedule.terms
    first = max(start, terms.starts_at or start)
    last = end - 1 if terms.until_at is None else min(end - 1, terms.until_at)
    instants = list(islice(recurrence.between(schedule.recurrence, first - 1, last), MAX_OCCURRENCES + 1))
    existing = backfill.list_recorded(session.db, schedule.id, start, end)
    if len(instants) > MAX_OCCURRENCES:
        raise BadInput(
            f"--from and --to span more than {MAX_OCCURRENCES} occurrences.",
            "Use a shorter span: Slack takes one message a second in a channel.",
        )
    absent = [due_at for due_at in instants if due_at not in existing or existing[due_at].is_called_off]
    due = [due_at for due_at in absent if occurrences.find_skip_reason(schedule, due_at, {}) is None]
    states = Counter(existing[due_at].state for due_at in set(instants).difference(absent))
    missed = states.pop(JobState.MISSED, 0)
    return BackfillPlan(schedule, start, end, due, missed, states.total(), len(absent) - len(due))


def carry_out(session: Session, backfill_plan: BackfillPlan) -> list[tuple[int, int]]:
    """Enqueue the planned jobs in one transaction, and wake the pools. Return job number and due_at of each."""
    context, schedule = ChangeContext.begin(session, "backfill"), backfill_plan.schedule
    grace_ms = max(schedule.terms.grace_ms, MIN_GRACE_MS)
    with session.db.writing():
        refuse_stopped(find(session.db, schedule.name))
        pause_all.refuse_while_paused(session)
        jobs = backfill.backfill(session.db, schedule, backfill_plan.due, context.now, grace_ms)
        record(session.db, context, backfill_plan, len(jobs))
    session.db.wake()
    return [(job.id, job.due_at) for job in jobs]


def record(db: Database, context: ChangeContext, backfill_plan: BackfillPlan, count: int) -> None:
    span = {"from": times.to_rfc3339(backfill_plan.start), "to": times.to_rfc3339(backfill_plan.end)}
    before, after = {**span, "backfilled": 0}, {**span, "backfilled": count}
    context.record(db, changed_schedule(backfill_plan.schedule), before, after)
