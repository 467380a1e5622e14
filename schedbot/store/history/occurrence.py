"""Records of a schedule around an instant: its job there, the job before, and the missed span that holds it."""

from dataclasses import dataclass

from schedbot.model import Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.store.database import Database
from schedbot.store.history import jobs, missed_spans
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.store.schedules import lookup, schedules


@dataclass(frozen=True, slots=True)
class MissedOccurrence:
    """One occurrence in a missed span, and the number of occurrences of the whole span."""

    due_at: int
    count: int


def by_name(db: Database, name: str) -> Schedule | None:
    """Return the schedule of that name, or the removed one that had it last."""
    all_of_name = [schedules.by_id(db, schedule_id) for schedule_id in lookup.ids_by_name(db, name)]
    existing = [schedule for schedule in all_of_name if schedule.state is not ScheduleState.REMOVED]
    return max(existing or all_of_name, key=lambda schedule: schedule.created_at, default=None)


def list_due(db: Database, schedule: Schedule, since: int, until: int) -> list[int]:
    """Return due_at of the schedule's jobs from `since` to `until`, both included."""
    return missed_spans.list_due_of_jobs(db, schedule.id, since, until)


def job_at(db: Database, schedule: Schedule, due_at: int) -> JobRecord | None:
    """Return the job of that occurrence, or None."""
    return next(jobs.every_job(db, Filter(schedules=(schedule.id,), since=due_at, until=due_at)), None)


def job_before(db: Database, schedule: Schedule, at: int) -> JobRecord | None:
    """Return the last job that was due at or before an instant, or None."""
    return next(jobs.newest_jobs(db, Filter(schedules=(schedule.id,), until=at), 1), None)


def missed_within(db: Database, schedule: Schedule, since: int, until: int) -> MissedOccurrence | None:
    """Return the first occurrence in a missed span from `since` to `until`, both included, or None."""
    for span in missed_spans.within(db, schedule.id, since, until):
        first, last = max(since, span.first_due_at), min(until, span.last_due_at)
        for due_at in recurrence.between(span.rule, first - 1, last):
            if job_at(db, schedule, due_at) is None:
                return MissedOccurrence(due_at, span.count)
    return None
