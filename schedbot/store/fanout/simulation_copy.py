"""Copy of the schedules in a temporary database, where a tick may run at any time without a change to the real one.

It holds schedules, recurrences, workspaces and the occurrences that were skipped in advance, but no other jobs and no
attempts: the cost depends on the number of schedules, not on the history.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from schedbot.model import JobState, Recurrence, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import CalendarDecision, decide
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences
from schedbot.store.schedules.recurrences import rule_columns
from schedbot.store.schedules.shared_calendars import CALENDAR, parse_calendar

# Both databases have the newest schema, so their columns have the same order.
COPIED_TABLES = ("workspaces", "recurrences", "schedules", "schedule_versions", "calendars")

COPIED_COLUMNS = """
schedule_id, workspace_id, kind, due_at, available_at, deadline_at, deferred_to, deferred_by, state, error,
       cancel_reason"""
SKIPPED_IN_ADVANCE = f"""
INSERT INTO jobs ({COPIED_COLUMNS})
SELECT {COPIED_COLUMNS} FROM original.jobs WHERE state = 'skipped' AND due_at >= :begin_at
"""

# As if the schedules had been there then: a schedule that is finished now may have been due.
AS_OF = """
UPDATE schedules
   SET effective_at = :begin_at - 1,
       state = CASE WHEN state IN ('active', 'finished') OR state_until <= :begin_at THEN :active ELSE state END,
       paused_at = CASE WHEN state_until <= :begin_at THEN NULL ELSE paused_at END,
       state_until = CASE WHEN state_until <= :begin_at THEN NULL ELSE state_until END
"""

CLEAR_NEXT_DUE = "UPDATE recurrences SET next_due_at = NULL"

USED_RECURRENCES = f"""
SELECT r.id, {rule_columns("rule")} FROM recurrences r
 WHERE EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = r.id AND s.state = 'active')
"""

# A queued job is posted at available_at: one second after another in a channel.
JOBS = """
SELECT j.due_at, s.name AS schedule, r.tz, j.state, coalesce(j.cancel_reason, j.error) AS error, j.available_at,
       j.deadline_at, coalesce(j.deferred_to, j.due_at) AS scheduled_at, 1 AS occurrences,
       j.due_at AS last_due_at
  FROM jobs j JOIN schedules s ON s.id = j.schedule_id JOIN recurrences r ON r.id = s.recurrence_id
 WHERE j.due_at < :before
UNION ALL
SELECT m.first_due_at, s.name, r.tz, 'missed', m.reason, m.first_due_at, m.first_due_at, m.first_due_at, m.count,
       m.last_due_at
  FROM missed_spans m JOIN schedules s ON s.id = m.schedule_id JOIN recurrences r ON r.id = s.recurrence_id
 WHERE m.first_due_at < :before
 ORDER BY 1, 2
"""

CALENDAR_OF = f"""
SELECT v.until_at, {rule_columns("rule")}, {CALENDAR} AS calendar
  FROM schedules s
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE s.name = :name AND s.state <> 'removed'
"""

NEXT_PAUSE_END = "SELECT min(state_until) FROM schedules WHERE state_until IS NOT NULL"


@dataclass(frozen=True, slots=True)
class UsedRecurrence:
    """A recurrence of an active schedule."""

    id: int
    rule: Recurrence


@dataclass(frozen=True, slots=True)
class CopiedJob:
    """A job, or a missed span of `occurrences`, that a tick wrote into the copy. Instants are UTC milliseconds."""

    due_at: int
    schedule: str
    tz: str
    state: JobState
    error: str | None
    available_at: int
    deadline_at: int
    scheduled_at: int  # due_at, or the instant that a calendar deferred it to
    occurrences: int
    last_due_at: int


@dataclass(frozen=True, slots=True)
class ScheduleCalendar:
    """Rule, end and calendar of a schedule."""

    until_at: int | None
    rule: Recurrence
    calendar: str


def open_copy(db: Database, begin_at: int) -> AbstractContextManager[Database]:
    """Return the copy, with its schedules as of `begin_at` (UTC milliseconds) and nothing enqueued yet."""
    return db.scratch(lambda copy: fill(copy, begin_at))


def fill(copy: Database, begin_at: int) -> None:
    for table in COPIED_TABLES:
        copy.execute(f"INSERT INTO {table} SELECT * FROM original.{table}")
    copy.execute(SKIPPED_IN_ADVANCE, {"begin_at": begin_at})
    copy.execute(AS_OF, {"begin_at": begin_at, "active": ScheduleState.ACTIVE})
    copy.execute(CLEAR_NEXT_DUE)
    for recurrence in copy.all(UsedRecurrence, USED_RECURRENCES):
        recurrences.set_next_due(copy, recurrence.id, rules.next_after(recurrence.rule, begin_at - 1))


def get_next_pause_end(copy: Database) -> int | None:
    """Return the end of the next timed pause, or None."""
    return copy.integer_or_none(NEXT_PAUSE_END)


def find_decision(copy: Database, schedule: str, due_at: int, now: int) -> CalendarDecision | None:
    """Return why an occurrence cannot be posted at `now`: deferred beyond it, or skipped. None: it can."""
    terms = copy.first(ScheduleCalendar, CALENDAR_OF, {"name": schedule})
    if terms is None or not terms.calendar:
        return None
    decision = decide(parse_calendar(terms.calendar), terms.rule, due_at, now)
    if decision is None or (decision.at is not None and decision.at <= now):
        return None
    return CalendarDecision(decision.reason) if decision.skips(terms.until_at) else decision


def take_jobs(copy: Database, before: int) -> list[CopiedJob]:
    """Return the jobs due before an instant, by due_at and name, and delete them, so that the copy stays small."""
    jobs = copy.all(CopiedJob, JOBS, {"before": before})
    with copy.writing():
        copy.execute("DELETE FROM jobs WHERE due_at < :before", {"before": before})
        copy.execute("DELETE FROM missed_spans WHERE first_due_at < :before", {"before": before})
    return jobs
