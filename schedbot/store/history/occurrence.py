"""What is on record about one schedule around an instant: its job there, and the one before."""

from schedbot.model import Schedule, ScheduleState
from schedbot.store.database import Database
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.store.schedules import lookup, schedules


def called(db: Database, name: str) -> Schedule | None:
    """The schedule of that name, or the one that last had it and was removed."""
    found = [schedules.by_id(db, number) for number in lookup.exactly(db, name)]
    there = [one for one in found if one.state is not ScheduleState.REMOVED]
    return max(there or found, key=lambda one: one.created_at, default=None)


def job_at(db: Database, schedule: Schedule, due_at: int) -> JobRecord | None:
    """The job of that occurrence, or None."""
    return next(jobs.every(db, Filter(schedules=(schedule.id,), since=due_at, until=due_at)), None)


def job_before(db: Database, schedule: Schedule, at: int) -> JobRecord | None:
    """The last job that was due at or before an instant, or None."""
    return next(iter(jobs.newest(db, Filter(schedules=(schedule.id,), until=at), 1)), None)
