"""Count the past occurrences of a schedule, for `--count`.

Rule: an occurrence counts when its instant has come and it was not cancelled, whether or not a tick has enqueued it.
Extra jobs do not count. Instants are UTC milliseconds.
"""

from schedbot.model import Schedule, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.history import missed_spans
from schedbot.store.schedules import recurrences, schedules
from schedbot.store.schedules.job_days import on_days

JOBS = f"""
  FROM jobs
 WHERE {on_days(":since", ":now")} AND schedule_id = :schedule_id AND due_at BETWEEN :since AND :now
   AND kind = 'scheduled' AND state <> 'cancelled'
"""
COUNT = f"SELECT count(*) {JOBS}"
DUE = f"SELECT due_at {JOBS}"


def count_occurrences(db: Database, schedule: Schedule, now: int) -> int:
    """Return the number of the schedule's occurrences up to `now`."""
    jobs = db.integer(COUNT, {"schedule_id": schedule.id, "since": 0, "now": now})
    return jobs + missed_spans.count_up_to(db, schedule.id, now) + count_unticked(db, schedule, now)


def count_unticked(db: Database, schedule: Schedule, now: int) -> int:
    """Return the number of due occurrences that no tick has enqueued, as after a downtime."""
    if schedule.state is not ScheduleState.ACTIVE:
        return 0
    recurrence = recurrences.by_id(db, schedules.recurrence_id(db, schedule.id))
    if recurrence.next_due_at is None or recurrence.next_due_at > now:
        return 0
    terms = schedule.terms
    since = max(recurrence.next_due_at, schedule.effective_at + 1, terms.starts_at or 0)
    end = now if terms.until_at is None else min(now, terms.until_at)
    enqueued = set(db.integers(DUE, {"schedule_id": schedule.id, "since": since, "now": end}))
    return sum(due_at not in enqueued for due_at in rules.between(recurrence.rule, since - 1, end))
