"""`retry`: plan which jobs to send again, without a change, then queue exactly the planned jobs.

A job is sent with the current version of its schedule, so it is retried only if that schedule may post. A job past its
deadline is not retried unless `stale`. A held job may have been posted: the plan counts those, and a person decides.
"""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from typing import NamedTuple

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.jobs.job_summary import describe_error, describe_state
from schedbot.admin.schedules import pause_all
from schedbot.errors import BadInput, BadOption, NotFound
from schedbot.model import JobState, ScheduleState
from schedbot.rules.lifecycle import is_retriable
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import retry as retriable_jobs
from schedbot.store.jobs.retry import Candidate, Retry
from schedbot.store.operations import ownership

SLICE = 1_000
SPACING_MS = 1_000
UNFINISHED = ("it is not finished", "'schedbot audit {job}' shows its progress.")
# Reason and remedy.
NOT_RETRIED = {
    JobState.SUCCEEDED: ("there is nothing to retry", "'schedbot run-now {schedule}' posts an extra message."),
    JobState.UNKNOWN: ("the channel's history is checked first", "'schedbot audit {job}' shows when."),
    JobState.QUEUED: UNFINISHED,
    JobState.RUNNING: UNFINISHED,
}
# Without --state. Only who names them gets cancelled or skipped jobs, because somebody wanted them not to be posted.
USUAL = (JobState.FAILED, JobState.HELD)
# A one-off schedule is finished once its job is written.
MAY_POST = frozenset({ScheduleState.ACTIVE, ScheduleState.FINISHED})


CALLED_OFF = (JobState.CANCELLED, JobState.SKIPPED)
MAX_REFUSALS = 10


class Exclusion(Enum):
    """Why a job is not retried."""

    NOT_FAILED = "its state cannot be retried"
    IRREVERSIBLE = "its schedule was changed, or a calendar skipped it"
    NO_MATCH = "it was named by number, but does not match the other filters"
    REMOVED = "its schedule was removed"
    STOPPED = "its schedule is paused or suspended"
    STALE = "its grace is over"


@dataclass(frozen=True, slots=True)
class RetryGroup:
    """Jobs that are shown as one line."""

    workspace: str
    state: JobState
    error: str


class RetryPreview(NamedTuple):
    """A job that a retry would queue, and the instant from which it would be posted."""

    job: Candidate
    available_at: int


class Refusal(NamedTuple):
    """A sentence about a job that is not retried, and one about the remedy."""

    problem: str
    remedy: str


@dataclass(slots=True)
class RetryPlan:
    """Numbers of the jobs to retry, in due order, and why other jobs are not retried.

    `excluded` counts jobs by the sentences that explain them.
    """

    stale: bool
    states: tuple[JobState, ...] = ()  # empty: jobs named by number, in any state
    ready: list[int] = field(default_factory=list)
    groups: Counter[RetryGroup] = field(default_factory=Counter)
    excluded: Counter[Refusal] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)  # by paused workspace
    stopped: int = 0  # jobs of paused and suspended schedules

    @property
    def held(self) -> int:
        """Number of jobs that may have been posted already."""
        return sum(count for group, count in self.groups.items() if group.state is JobState.HELD)

    @property
    def waits_for_a_person(self) -> bool:
        """Must a person resume a workspace or schedule before all of these jobs can be sent?"""
        return bool(self.parked or self.stopped)


def plan(session: Session, job_filter: Filter, stale: bool) -> RetryPlan:
    """Return the plan. Changes nothing. Raises NotFound for an unknown job number, and BadInput."""
    if job_filter.selects_all:
        raise BadInput("No jobs given: use job numbers or filters.", "'--state failed' selects all failed jobs.")
    refuse_unknown(session, job_filter.jobs or ())
    ownership.refuse_unowned(session.db)
    pause_all.refuse_while_paused(session)
    retriable, now = only_retriable(job_filter, stale), session.now()
    result = RetryPlan(stale, retriable.states or ())
    for job, matches in candidates(session, retriable):
        exclusion = (
            exclude(job, now, stale) if matches or job.state not in retriable_jobs.RETRIABLE else Exclusion.NO_MATCH
        )
        if exclusion is None:
            result.ready.append(job.job)
            result.groups[RetryGroup(job.workspace, job.state, job.error or "")] += 1
            result.parked.update([job.workspace] if job.parked else [])
        else:
            result.stopped += exclusion is Exclusion.STOPPED
            result.excluded[explain_exclusion(job, exclusion, by_number=job_filter.jobs is not None)] += 1
    return result


def candidates(session: Session, job_filter: Filter) -> Iterator[tuple[Candidate, bool]]:
    """Yield the jobs that match, then the jobs named by number that do not match, each with that answer."""
    matching = set()
    for job in retriable_jobs.list_candidates(session.db, job_filter):
        matching.add(job.job)
        yield job, True
    others = tuple(number for number in job_filter.jobs or () if number not in matching)
    yield from ((job, False) for job in retriable_jobs.list_candidates(session.db, Filter(jobs=others)))


def refuse_unknown(session: Session, jobs: Sequence[int]) -> None:
    existing = job_history.existing(session.db, jobs)
    missing = [str(job) for job in jobs if job not in existing]
    if missing:
        names = f"job {missing[0]} exists" if len(missing) == 1 else f"jobs {', '.join(missing)} exist"
        raise NotFound(f"No {names}.", "'schedbot audit' shows the newest jobs.")


def only_retriable(job_filter: Filter, stale: bool) -> Filter:
    """Return the filter limited to states that can be retried; jobs named by number are kept in any state."""
    if job_filter.jobs is not None:
        return job_filter
    if job_filter.states is None:
        return replace(job_filter, states=(*USUAL, JobState.MISSED) if stale else USUAL)
    states = tuple(state for state in job_filter.states if state in retriable_jobs.RETRIABLE)
    if not states:
        names = " or ".join(state.value for state in job_filter.states)
        hint = f"Use {', '.join(retriable_jobs.RETRIABLE)}."
        raise BadOption("state", f" {names}: these jobs cannot be retried.", hint)
    return replace(job_filter, states=states)


def exclude(job: Candidate, now: int, stale: bool) -> Exclusion | None:
    """Return why the job is not retried; None if it is."""
    if job.state not in retriable_jobs.RETRIABLE:
        return Exclusion.NOT_FAILED
    if job.schedule_state is ScheduleState.REMOVED:
        return Exclusion.REMOVED
    if not is_retriable(job.state, job.cancel_reason):
        return Exclusion.IRREVERSIBLE
    if not stale and (job.state is JobState.MISSED or end_of_grace(job) <= now):
        return Exclusion.STALE
    if job.schedule_state not in MAY_POST:
        return Exclusion.STOPPED
    return None


def end_of_grace(job: Candidate) -> int:
    """Return the end of the job's grace. A job that was skipped in advance never had a deadline of its own."""
    return max(job.deadline_at, job.due_at + job.grace_ms) if job.state in CALLED_OFF else job.deadline_at


def explain_exclusion(job: Candidate, exclusion: Exclusion, by_number: bool) -> Refusal:
    """Return why the job is not retried, and the remedy. Jobs named by number get sentences each."""
    subject, schedule = (f"Job {job.job}" if by_number else "Not retried"), shlex.quote(job.schedule)
    state = f"{subject} {describe_state(job.state)}" if by_number else f"{subject} ({job.state})"
    match exclusion:
        case Exclusion.NOT_FAILED:
            reason, remedy = NOT_RETRIED[job.state]
            problem = f"{state}: {reason}."
            return Refusal(problem, remedy.format(job=job.job, schedule=schedule))
        case Exclusion.IRREVERSIBLE:
            problem = f"{state}: {describe_error(job.error)}."
            return Refusal(problem, f"'schedbot run-now {schedule}' posts an extra message.")
        case Exclusion.NO_MATCH:
            owner = f"schedule '{job.schedule}' in workspace '{job.workspace}'"
            problem = f"{subject} does not match the filters: it {describe_state(job.state)}, {owner}."
            return Refusal(problem, "Leave the filters out.")
        case Exclusion.REMOVED:
            return Refusal(f"{subject}: schedule '{job.schedule}' was removed.", "Add it again to post its report.")
        case Exclusion.STOPPED:
            reason = f": {describe_reason(job.schedule_reason)}" if job.schedule_reason else ""
            problem = f"{subject}: schedule '{job.schedule}' is {job.schedule_state.value}{reason}."
            return Refusal(problem, f"First run 'schedbot resume {schedule}'.")
        case Exclusion.STALE:
            return Refusal(f"{subject}: past its grace.", "--stale retries it anyway.")


def refuse_all(retry_plan: RetryPlan) -> None:
    """Raise BadInput if jobs were named by number, and none of them can be retried."""
    refusals = list(retry_plan.excluded)
    if retry_plan.states or retry_plan.ready or not refusals:
        return
    if len(refusals) == 1:
        raise BadInput(*refusals[0])
    reasons = " ".join(f"{refusal.problem} {refusal.remedy}" for refusal in refusals[:MAX_REFUSALS])
    more = f" ... and {len(refusals) - MAX_REFUSALS} more." if len(refusals) > MAX_REFUSALS else ""
    raise BadInput(f"None of these {len(refusals)} jobs can be retried.", f"{reasons}{more}")


def carry_out(session: Session, retry_plan: RetryPlan) -> Iterator[Candidate]:
    """Queue the planned jobs, SLICE in a transaction, and yield each job as it was before. Wakes the pools.

    A job whose state changed after the plan is left as it is.
    """
    ready, positions = iter(retry_plan.ready), Counter[tuple[str, str]]()
    while page := tuple(islice(ready, SLICE)):
        with session.db.writing():
            retried = queue_page(session, page, retry_plan.stale, positions)
        session.db.wake()
        yield from retried


def queue_page(
    session: Session, page: tuple[int, ...], stale: bool, positions: Counter[tuple[str, str]]
) -> list[Candidate]:
    db, context = session.db, ChangeContext.begin(session, "retry")
    pause_all.refuse_while_paused(session)
    now = context.now
    ready = [job for job in retriable_jobs.list_candidates(db, Filter(jobs=page)) if exclude(job, now, stale) is None]
    retriable_jobs.requeue(db, [to_row(job, now, positions) for job in ready], context.actor, context.host, now)
    return ready


def to_row(job: Candidate, now: int, positions: Counter[tuple[str, str]]) -> Retry:
    """Return the job as it is to be queued: a second after the previous one of its channel, counted in `positions`."""
    place = (job.workspace_id, job.channel)
    available_at = max(now + SPACING_MS * positions[place], job.due_at)  # no post before its own instant
    positions[place] += 1
    new_deadline = available_at + max(job.grace_ms, MIN_GRACE_MS)
    has_deadline = job.deadline_at > now and job.state not in CALLED_OFF
    deadline_at = job.deadline_at if has_deadline else max(job.deadline_at, new_deadline)
    return Retry(job.job, job.state, available_at, deadline_at, job.parked, job.workspace_id)


def preview(session: Session, retry_plan: RetryPlan) -> Iterator[RetryPreview]:
    """Yield the jobs that `carry_out` would yield, with the instants that it would give them. Changes nothing."""
    ready, positions, now = iter(retry_plan.ready), Counter[tuple[str, str]](), session.now()
    while page := tuple(islice(ready, SLICE)):
        for job in retriable_jobs.list_candidates(session.db, Filter(jobs=page)):
            yield RetryPreview(job, to_row(job, now, positions).available_at)
