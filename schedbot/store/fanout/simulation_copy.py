"""A copy of what a tick goes by, in a temporary folder: a tick may run over it at any hour and nothing real is touched.

Copied are schedules, their rules and workspaces, and the occurrences that were skipped in advance; neither the jobs of
the past nor attempts, so the cost goes by the number of schedules, whatever the history. It is gone at the end.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from schedbot.model import JobState, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import decide
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences
from schedbot.store.schedules.shared_calendars import CALENDAR, parse_calendar

# The schema of both is the newest, so their columns stand in the same order.
COPIED = ("workspaces", "recurrences", "schedules", "schedule_versions", "calendars")

SKIPPED_IN_ADVANCE = """
INSERT INTO jobs SELECT * FROM original.jobs j WHERE j.state = 'skipped' AND j.due_at >= :begin_at
"""

# They are taken as though they had been there: what is over now may have been due then.
AS_OF = """
UPDATE schedules
   SET effective_at = :begin_at - 1,
       state = CASE WHEN state IN ('active', 'finished') OR state_until <= :begin_at THEN :active ELSE state END,
       paused_at = CASE WHEN state_until <= :begin_at THEN NULL ELSE paused_at END,
       state_until = CASE WHEN state_until <= :begin_at THEN NULL ELSE state_until END
"""

ASLEEP = "UPDATE recurrences SET next_due_at = NULL"

IN_USE = """
SELECT id, kind, expression, tz, holidays_before, NULL FROM recurrences r
 WHERE EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = r.id AND s.state = 'active')
"""

# What waits is posted when a pool can, one second after another in a channel: available_at.
MADE = """
SELECT j.due_at, s.name, r.tz, j.state, coalesce(j.cancel_reason, j.error), j.available_at, j.deadline_at,
       coalesce(j.deferred_to, j.due_at)
  FROM jobs j JOIN schedules s ON s.id = j.schedule_id JOIN recurrences r ON r.id = s.recurrence_id
 WHERE j.due_at < :before
 ORDER BY j.due_at, s.name
"""

MISSED = """
SELECT m.first_due_at, m.last_due_at, m.count, m.reason, s.name, r.tz
  FROM missed_spans m JOIN schedules s ON s.id = m.schedule_id JOIN recurrences r ON r.id = s.recurrence_id
 WHERE m.first_due_at < :before
"""

KEPT = f"""
SELECT v.until_at, r.kind, r.expression, r.tz, r.holidays_before, {CALENDAR}
  FROM schedules s
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE s.name = :name AND s.state <> 'removed'
"""

NEXT_END_OF_A_PAUSE = "SELECT min(state_until) FROM schedules WHERE state_until IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Made:
    """A job that a tick made in the copy. Instants are UTC milliseconds."""

    due_at: int
    schedule: str
    tz: str
    state: JobState
    error: str | None
    available_at: int
    deadline_at: int
    goes_at: int  # due_at, or what a calendar put it off to
    occurrences: int = 1


def copied(db: Database, begin_at: int) -> AbstractContextManager[Database]:
    """The copy, its schedules standing as of `begin_at` (UTC milliseconds) and nothing enqueued yet."""
    return db.scratch(lambda copy: fill(copy, begin_at))


def fill(copy: Database, begin_at: int) -> None:
    for table in COPIED:
        copy.execute(f"INSERT INTO {table} SELECT * FROM original.{table}")
    copy.execute(SKIPPED_IN_ADVANCE, {"begin_at": begin_at})
    copy.execute(AS_OF, {"begin_at": begin_at, "active": ScheduleState.ACTIVE})
    copy.execute(ASLEEP)
    for row in copy.rows(IN_USE):
        found = recurrences.stored(row)
        recurrences.set_next_due(copy, found.id, rules.next_after(found.rule, begin_at - 1))


def next_end_of_a_pause(copy: Database) -> int | None:
    """When the next pause ends that ends by itself."""
    found: int | None = copy.value(NEXT_END_OF_A_PAUSE)
    return found


def closed_at(copy: Database, schedule: str, due_at: int, at: int) -> tuple[str, int | None] | None:
    """Why an occurrence cannot be posted at `at`, and when instead (None: never); None: it can."""
    row = copy.row(KEPT, {"name": schedule})
    if row is None or not row[-1]:
        return None
    until_at, *rule, key = row
    found = decide(parse_calendar(key), recurrences.rule_of(*rule), due_at, at)
    if found is None or (found.at is not None and found.at <= at):
        return None
    return found.reason, None if found.skips(until_at) else found.at


def take_made(copy: Database, before: int) -> list[Made]:
    """The jobs due before an instant, by time and name; they are dropped from the copy, which so stays small."""
    made = [
        Made(due_at, name, tz, JobState(state), *rest)
        for due_at, name, tz, state, *rest in copy.rows(MADE, {"before": before})
    ]
    if missed := missed_spans(copy, before):
        made = sorted([*made, *missed], key=lambda one: (one.due_at, one.schedule))
    with copy.writing():
        copy.execute("DELETE FROM jobs WHERE due_at < :before", {"before": before})
        copy.execute("DELETE FROM missed_spans WHERE first_due_at < :before", {"before": before})
    return made


def missed_spans(copy: Database, before: int) -> list[Made]:
    """Return the missed spans that a tick recorded and that began before an instant."""
    return [
        Made(first, name, tz, JobState.MISSED, reason, first, first, first, count)
        for first, _, count, reason, name, tz in copy.rows(MISSED, {"before": before})
    ]
