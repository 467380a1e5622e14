"""One extra job beside a schedule's occurrences, due at once: `run-now`. The schedule's own times stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.schedules.lookup import Selection, find_all
from schedbot.errors import BadInput
from schedbot.model import JobState, Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import pending
from schedbot.store.jobs.pending import ExtraJob
from schedbot.store.operations import heartbeats

POOL_ALIVE_MS = 30_000
UNSETTLED = (JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RunNowJob:
    """An extra job, and the schedule that it is of."""

    schedule: Schedule
    job: ExtraJob


def run_now(session: Session, names: Sequence[str]) -> tuple[list[RunNowJob], Selection]:
    """Enqueue one job now for each schedule, in any state but suspended. Raises NotFound and BadInput."""
    context = ChangeContext.begin(session, "run-now")
    with session.db.writing():
        meant = find_all(session.db, names)
        for one in meant.schedules:
            refuse_suspended(one)
        extras = [RunNowJob(one, pending.enqueue_extra(session.db, one, context.now)) for one in meant.schedules]
        for extra in extras:
            record(session.db, context, extra)
    session.db.wake()
    return extras, meant


def refuse_suspended(schedule: Schedule) -> None:
    if schedule.state is ScheduleState.SUSPENDED:
        problem = f"'{schedule.name}' is suspended: {schedule.reason}."
        raise BadInput(problem, f"Mend that, then 'schedbot resume {schedule.name}'.")


def record(db: Database, context: ChangeContext, extra: RunNowJob) -> None:
    schedule, job = extra.schedule, extra.job
    changed = ChangedObject("job", str(job.id), schedule.name, schedule.workspace_id)
    context.record(db, changed, None, {"job": job.id, "due_at": job.due_at, "state": job.state.value})


def has_pool(session: Session) -> bool:
    """Does a pool give signs of life?"""
    last = heartbeats.get_last_beat(session.db, "pool")
    return last is not None and last > session.now() - POOL_ALIVE_MS


def find_settled(session: Session, extras: Sequence[RunNowJob]) -> list[RunNowJob] | None:
    """The extra jobs as they ended, or None while one of them is under way."""
    now = reload(session, extras)
    return None if any(one.job.state in UNSETTLED for one in now) else now


def reload(session: Session, extras: Sequence[RunNowJob]) -> list[RunNowJob]:
    """The extra jobs as they stand now."""
    return [RunNowJob(one.schedule, pending.get_job(session.db, one.job.id)) for one in extras]
