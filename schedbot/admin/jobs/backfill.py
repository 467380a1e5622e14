"""Enqueue what never was: occurrences of a schedule's rule in a span of the past that have no job, at a person's word.

What was enqueued as missed is not taken up: that is what `retry --stale` is for. Instants are UTC milliseconds.
"""

import shlex
from dataclasses import dataclass
from itertools import islice

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.lookup import find
from schedbot.admin.schedules.serialize import changed_schedule
from schedbot.errors import BadInput
from schedbot.model import JobState, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import backfill

# A channel takes one message a second, so these would take almost three hours.
MOST = 10_000
OFF = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill will enqueue (`due`), and what it leaves alone, by number."""

    schedule: Schedule
    start: int
    end: int
    due: list[int]
    missed: int  # on record as missed
    on_record: int  # on record in another state
    left_out: int  # a holiday, or outside of its window


def plan(session: Session, name: str, from_: str, to: str) -> Plan:
    """What would be enqueued; wall clocks are the schedule's. Raises NotFound and BadInput. Changes nothing."""
    schedule = find(session.db, name)
    refuse_off(schedule)
    zone, now = times.zone(schedule.recurrence.tz), session.now()
    start, end = (times.parse_future(text, zone, now) for text in (from_, to))
    if end > now:
        raise BadInput(f"--to {times.quote(to)} is in the future.", "Ticks see to what is to come: say 'now' at most.")
    if end <= start:
        raise BadInput(f"--to {times.quote(to)} is not after --from {times.quote(from_)}.", "Swap them.")
    return found(session, schedule, start, end)


def refuse_off(schedule: Schedule) -> None:
    if schedule.state in OFF:
        why = f": {schedule.reason}" if schedule.reason else ""
        hint = f"Let it go on first: 'schedbot resume {shlex.quote(schedule.name)}'."
        raise BadInput(f"'{schedule.name}' is {schedule.state.value}{why}.", hint)


def found(session: Session, schedule: Schedule, start: int, end: int) -> Plan:
    terms = schedule.terms
    first = max(start, terms.starts_at or start)
    last = end - 1 if terms.until_at is None else min(end - 1, terms.until_at)
    every = list(islice(recurrence.between(schedule.recurrence, first - 1, last), MOST + 1))
    there = backfill.list_recorded(session.db, schedule.id, start, end)
    if len(every) > MOST:
        raise BadInput(
            f"That is more than {MOST} occurrences.", "Say a shorter span; one a second is all that Slack takes."
        )
    absent = [due_at for due_at in every if due_at not in there]
    due = [due_at for due_at in absent if occurrences.find_skip_reason(schedule, due_at, {}) is None]
    states = backfill.counted({due_at: there[due_at] for due_at in every if due_at in there})
    missed = states.pop(JobState.MISSED, 0)
    return Plan(schedule, start, end, due, missed, states.total(), len(absent) - len(due))


def carry_out(session: Session, made: Plan) -> list[tuple[int, int]]:
    """Enqueue what the plan found, in one transaction: (job's number, due_at) of each. Pools are woken."""
    context, schedule = ChangeContext.begin(session, "backfill"), made.schedule
    grace_ms = max(schedule.terms.grace_ms, MIN_GRACE_MS)
    with session.db.writing():
        refuse_off(find(session.db, schedule.name))
        jobs = backfill.backfill(session.db, schedule, made.due, context.now, grace_ms)
        record(session.db, context, made, len(jobs))
    session.db.wake()
    return jobs


def record(db: Database, context: ChangeContext, made: Plan, count: int) -> None:
    span = {"from": times.to_rfc3339(made.start), "to": times.to_rfc3339(made.end)}
    before, after = {**span, "backfilled": 0}, {**span, "backfilled": count}
    context.record(db, changed_schedule(made.schedule), before, after)
