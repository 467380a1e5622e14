"""How many of a schedule's occurrences have been, as `--count` counts them.

Rule: one has been when its instant has come and it was not cancelled, whether or not a tick has looked at it yet; an
extra job is none. Instants are UTC milliseconds.
"""

from schedbot.model import Schedule, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.history import missed_spans
from schedbot.store.schedules import recurrences, schedules

MADE = """
SELECT due_at FROM jobs
 WHERE schedule_id = :schedule_id AND due_at BETWEEN :since AND :now AND kind = 'scheduled' AND state <> 'cancelled'
"""

COUNT = MADE.replace("due_at FROM", "count(*) FROM", 1)


def count_occurrences(db: Database, schedule: Schedule, now: int) -> int:
    """How many of a schedule's occurrences have been, up to `now`."""
    jobs = int(db.value(COUNT, {"schedule_id": schedule.id, "since": 0, "now": now}))
    return jobs + missed_spans.count_up_to(db, schedule.id, now) + unticked(db, schedule, now)


def unticked(db: Database, schedule: Schedule, now: int) -> int:
    """How many are due that no tick has looked at, as while the machine was off."""
    if schedule.state is not ScheduleState.ACTIVE:
        return 0
    found = recurrences.by_id(db, schedules.recurrence_id(db, schedule.id))
    if found.next_due_at is None or found.next_due_at > now:
        return 0
    terms = schedule.terms
    since = max(found.next_due_at, schedule.effective_at + 1, terms.starts_at or 0)
    end = now if terms.until_at is None else min(now, terms.until_at)
    there = {due_at for (due_at,) in db.rows(MADE, {"schedule_id": schedule.id, "since": since, "now": end})}
    return sum(due_at not in there for due_at in rules.between(found.rule, since - 1, end))
