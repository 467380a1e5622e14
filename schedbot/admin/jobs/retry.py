"""Send again what failed: first a plan that changes nothing, then exactly what the plan said.

A job is delivered as its schedule stands, so it is sent again only where its schedule may post. What is past its
deadline is left out unless `stale`. A held job's message may be there already: the plan counts those, a person decides.
"""

import heapq
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice

from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState, ScheduleState
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.session import Session
from schedbot.store.history import jobs as job_history
from schedbot.store.history import missed_spans
from schedbot.store.history.filters import Filter
from schedbot.store.history.missed_spans import Unnumbered
from schedbot.store.jobs import manual
from schedbot.store.jobs.manual import Candidate, Retry

SLICE = 1_000
APART_MS = 1_000
# A one-off schedule is finished once its job is written.
ON_ITS_WAY = "it is on its way already"
NEVER_OWED = "only what failed, is held or was missed is sent again"
NOT_SENT_AGAIN = {
    JobState.SUCCEEDED: "nothing to send again",
    JobState.UNKNOWN: "the channel's history is asked first",
    JobState.QUEUED: ON_ITS_WAY,
    JobState.RUNNING: ON_ITS_WAY,
    JobState.SKIPPED: NEVER_OWED,
    JobState.CANCELLED: NEVER_OWED,
}
MAY_POST = frozenset({ScheduleState.ACTIVE, ScheduleState.FINISHED})


class LeftOut(Enum):
    """Why a job is not sent again."""

    NOT_FAILED = "its state is none that is sent again"
    UNFIT = "it was typed out, and the filters that were said with it leave it out"
    REMOVED = "the schedule was removed"
    RESTING = "the schedule is paused or suspended"
    STALE = "the grace is over"


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs that are told in one line."""

    workspace: str
    state: JobState
    error: str


@dataclass(slots=True)
class Plan:
    """What a retry will do: `left_out` is a sentence and how many jobs it is about.

    `ready` holds job numbers, and occurrences that have none until they are sent again; in due order.
    """

    stale: bool
    sought: tuple[JobState, ...] = ()  # empty: what was typed out is looked at in any state
    ready: list[int | Unnumbered] = field(default_factory=list)
    groups: Counter[Group] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)  # by workspace: they wait until it is resumed
    resting: int = 0

    @property
    def held(self) -> int:
        """How many may have been posted already."""
        return sum(count for group, count in self.groups.items() if group.state is JobState.HELD)

    @property
    def waits_for_a_person(self) -> bool:
        """Must something that was asked for wait until somebody resumes a workspace or a schedule?"""
        return bool(self.parked or self.resting)


def plan(session: Session, chosen: Filter, stale: bool) -> Plan:
    """What would be sent again. Changes nothing. Raises NotFound for a job number that is not there, and BadInput."""
    must_be_there(session, chosen.jobs or ())
    sought, now = narrowed(chosen, stale), session.now()
    made = Plan(stale, sought.states or ())
    for job, is_fit in looked_at(session, sought):
        why = left_out(job, now, stale) if is_fit or job.state not in manual.RETRIABLE else LeftOut.UNFIT
        if why is None:
            made.ready.append((job.schedule_id, job.due_at) if job.job is None else job.job)
            made.groups[Group(job.workspace, job.state, job.error or "")] += 1
            made.parked.update([job.workspace] if job.parked else [])
        else:
            made.resting += why is LeftOut.RESTING
            made.left_out[sentence(job, why, typed=chosen.jobs is not None)] += 1
    return made


def looked_at(session: Session, sought: Filter) -> Iterator[tuple[Candidate, bool]]:
    """The jobs that fit, and then those that were typed out and do not, so that each of these has its answer."""
    fit = set()
    for job in manual.list_candidates(session.db, sought):
        fit.add(job.job)
        yield job, True
    others = tuple(number for number in sought.jobs or () if number not in fit)
    yield from ((job, False) for job in manual.list_candidates(session.db, Filter(jobs=others)))


def must_be_there(session: Session, jobs: Sequence[int]) -> None:
    there = job_history.there(session.db, jobs)
    missing = [str(job) for job in jobs if job not in there]
    if missing:
        which = f"is no job {missing[0]}" if len(missing) == 1 else f"are no jobs {', '.join(missing)}"
        raise NotFound(f"There {which}.", "'schedbot audit' shows the newest.")


def narrowed(chosen: Filter, stale: bool) -> Filter:
    """The filter, kept to states that can be sent again; what is typed out by number is looked at in any state."""
    if chosen.jobs is not None:
        return chosen
    if chosen.states is None:
        usual = tuple(state for state in manual.RETRIABLE if stale or state is not JobState.MISSED)
        return replace(chosen, states=usual)
    states = tuple(state for state in chosen.states if state in manual.RETRIABLE)
    if not states:
        told = " or ".join(state.value for state in chosen.states)
        raise BadInput(f"What is {told} is not sent again.", f"These are: {', '.join(manual.RETRIABLE)}.")
    return replace(chosen, states=states)


def left_out(job: Candidate, now: int, stale: bool) -> LeftOut | None:
    """Why the job is not sent again; None: it is."""
    if job.state not in manual.RETRIABLE:
        return LeftOut.NOT_FAILED
    if job.schedule_state is ScheduleState.REMOVED:
        return LeftOut.REMOVED
    if not stale and (job.state is JobState.MISSED or job.deadline_at <= now):
        return LeftOut.STALE
    if job.schedule_state not in MAY_POST:
        return LeftOut.RESTING
    return None


def sentence(job: Candidate, why: LeftOut, typed: bool) -> str:
    """Why it is left out and what helps. The same for all that share a cause, unless each was typed out."""
    subject = f"Job {job.job}" if typed else "Left out"
    match why:
        case LeftOut.NOT_FAILED:
            return f"{subject} is {job.state.value}: {NOT_SENT_AGAIN[job.state]}."
        case LeftOut.UNFIT:
            whose = f"of '{job.schedule}' in the workspace '{job.workspace}'"
            return f"{subject} does not fit the filters: it is {job.state.value}, {whose}."
        case LeftOut.REMOVED:
            return f"{subject}: its schedule '{job.schedule}' was removed."
        case LeftOut.RESTING:
            reason = f" ({job.schedule_reason})" if job.schedule_reason else ""
            first = f"'schedbot resume {shlex.quote(job.schedule)}' first"
            return f"{subject}: its schedule '{job.schedule}' is {job.schedule_state.value}{reason}; {first}."
        case LeftOut.STALE:
            return f"{subject}: past its grace; --stale sends it all the same."


def carry_out(session: Session, made: Plan) -> Iterator[Candidate]:
    """Queue what the plan found, SLICE jobs a transaction, and yield each job as it was before.

    A job that changed since is left as it is. Pools are woken.
    """
    ready, steps = iter(made.ready), Counter[tuple[str, str]]()
    while page := tuple(islice(ready, SLICE)):
        with session.db.writing():
            retried = queue_again(session, page, made.stale, steps)
        session.db.wake()
        yield from retried


def queue_again(
    session: Session, page: Sequence[int | Unnumbered], stale: bool, steps: Counter[tuple[str, str]]
) -> list[Candidate]:
    """What stands in missed spans gets its jobs first; then all of them are queued alike."""
    db, now = session.db, session.now()
    numbers, unnumbered = parted(page)
    found = manual.list_candidates(db, Filter(jobs=(*numbers, *missed_spans.unfold(db, unnumbered))))
    ready = {job.job: job for job in found if job.job is not None and left_out(job, now, stale) is None}
    told = [again(number, job, now, steps) for number, job in ready.items()]
    manual.queue_again(db, told, session.actor, now)
    return list(ready.values())


def parted(page: Sequence[int | Unnumbered]) -> tuple[list[int], list[Unnumbered]]:
    """The jobs' numbers, and the occurrences that have none."""
    numbers = [one for one in page if isinstance(one, int)]
    return numbers, [one for one in page if not isinstance(one, int)]


def again(number: int, job: Candidate, now: int, steps: Counter[tuple[str, str]]) -> Retry:
    """When it may go: one second after the one before it in its channel. `steps` counts them, by channel."""
    place = (job.workspace_id, job.channel)
    available_at = now + APART_MS * steps[place]
    steps[place] += 1
    put_off = available_at + max(job.grace_ms, MIN_GRACE_MS)
    deadline_at = put_off if job.deadline_at <= now else job.deadline_at
    return Retry(number, job.state, available_at, deadline_at, job.parked, job.workspace_id)


def would_be(session: Session, made: Plan) -> Iterator[Candidate]:
    """The jobs that the plan found, as they are: what `carry_out` would yield."""
    ready = iter(made.ready)
    while page := tuple(islice(ready, SLICE)):
        numbers, unnumbered = parted(page)
        jobs = manual.list_candidates(session.db, Filter(jobs=tuple(numbers)))
        yield from heapq.merge(jobs, still_missed(session, unnumbered), key=lambda one: one.due_at)


def still_missed(session: Session, unnumbered: Sequence[Unnumbered]) -> Iterator[Candidate]:
    """These occurrences as they stand in spans, in due order."""
    if not unnumbered:
        return
    whose, due = {schedule_id for schedule_id, _ in unnumbered}, [due_at for _, due_at in unnumbered]
    near = Filter(schedules=tuple(whose), states=(JobState.MISSED,), since=min(due), until=max(due))
    wanted = set(unnumbered)
    for job in manual.list_candidates(session.db, near):
        if job.job is None and (job.schedule_id, job.due_at) in wanted:
            yield job
