"""`run-now`: enqueue one extra job of a schedule, due at once, beside the schedule's own occurrences."""

from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.schedules import pause_all
from schedbot.admin.schedules.selection import Selection, find_all
from schedbot.errors import DONE, FAILED, NEEDS_PERSON, BadInput
from schedbot.model import JobState, Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import pending
from schedbot.store.jobs.pending import ExtraJob
from schedbot.store.operations import heartbeats, ownership

UNSETTLED = (JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RunNowJob:
    """An extra job with its schedule."""

    schedule: Schedule
    job: ExtraJob


def run_now(session: Session, names: Sequence[str]) -> tuple[list[RunNowJob], Selection]:
    """Enqueue one job for each schedule, in any state but suspended. Raises NotFound and BadInput."""
    context = ChangeContext.begin(session, "run-now")
    with session.db.writing():
        selection = find_all(session.db, names)
        ownership.refuse_unowned(session.db)
        pause_all.refuse_while_paused(session)
        for schedule in selection.schedules:
            refuse_suspended(schedule)
        extras = [
            RunNowJob(schedule, pending.enqueue_extra(session.db, schedule, context.now))
            for schedule in selection.schedules
        ]
        for extra in extras:
            record(session.db, context, extra)
    session.db.wake()
    return extras, selection


def refuse_suspended(schedule: Schedule) -> None:
    if schedule.state is ScheduleState.SUSPENDED:
        problem = f"'{schedule.name}' is suspended: {schedule.reason}."
        raise BadInput(problem, f"Fix the cause, then run 'schedbot resume {schedule.name}'.")


def record(db: Database, context: ChangeContext, extra: RunNowJob) -> None:
    schedule, job = extra.schedule, extra.job
    changed = ChangedObject("job", str(job.id), schedule.name, schedule.workspace_id)
    context.record(db, changed, None, {"job": job.id, "due_at": job.due_at, "state": job.state.value})


def has_pool(session: Session) -> bool:
    """Does a pool run, by its last heartbeat?"""
    return heartbeats.is_pool_alive(session.db, session.now())


def find_settled(session: Session, extras: Sequence[RunNowJob]) -> list[RunNowJob] | None:
    """Return the extra jobs in their final state, or waiting for a person; None while one of them goes on by itself."""
    current = reload(session, extras)
    return current if all(is_settled(extra.job) for extra in current) else None


def is_settled(job: ExtraJob) -> bool:
    """Has the job ended, or does it wait for a person? A job of a paused workspace does."""
    return job.state not in UNSETTLED or waits_for_person(job)


def waits_for_person(job: ExtraJob) -> bool:
    """Does the job go on only after a person has done something?"""
    return job.state is JobState.HELD or (job.state is JobState.QUEUED and job.parked)


def find_exit_code(job: ExtraJob) -> int:
    """Return the exit code of a job: 0 posted, or nothing to post; 3 waits for a person; 1 anything else."""
    if job.state in (JobState.SUCCEEDED, JobState.SKIPPED):
        return DONE
    return NEEDS_PERSON if waits_for_person(job) else FAILED


def reload(session: Session, extras: Sequence[RunNowJob]) -> list[RunNowJob]:
    """Return the extra jobs in their present state."""
    return [RunNowJob(extra.schedule, pending.get_job(session.db, extra.job.id)) for extra in extras]
