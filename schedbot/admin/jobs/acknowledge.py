"""`audit --acknowledge`: a person has seen failures and takes them out of `health`. The jobs stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.jobs.job_summary import describe_state
from schedbot.errors import BadInput, NotFound
from schedbot.session import Session
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import acknowledgement
from schedbot.store.jobs.acknowledgement import STATES, Acknowledgement, OpenFailure, OpenSpan

COMMAND = "audit --acknowledge"


@dataclass(frozen=True, slots=True)
class AcknowledgePlan:
    """Failures that nobody has acknowledged yet: jobs, and rows of missed occurrences."""

    jobs: Sequence[OpenFailure]
    spans: Sequence[OpenSpan]

    @property
    def count(self) -> int:
        """Number of jobs and rows."""
        return len(self.jobs) + len(self.spans)


def plan(session: Session, selection: Filter) -> AcknowledgePlan:
    """Return the failures of the filter. Changes nothing. Raises BadInput for states that are no failure."""
    named = selection.states or STATES
    states = tuple(state for state in named if state in STATES)
    if not states:
        names = " or ".join(state.value for state in named)
        hint = f"Use {', '.join(STATES)}."
        raise BadInput(f"--state {names}: these jobs have no failure to acknowledge.", hint)
    limited = replace(selection, states=states)
    failures = acknowledgement.list_open_jobs(session.db, limited)
    return AcknowledgePlan(failures, acknowledgement.list_open_spans(session.db, limited))


def plan_job(session: Session, number: int) -> AcknowledgePlan:
    """Return the plan for one job; empty if it is acknowledged already. Raises NotFound and BadInput."""
    job = jobs.by_number(session.db, number)
    if job is None:
        raise NotFound(f"No job {number} exists.", "'schedbot audit' shows the newest jobs.")
    if job.state not in STATES:
        hint = f"Only {', '.join(STATES)} jobs can be acknowledged."
        raise BadInput(f"Job {number} {describe_state(job.state)}, so it has no failure to acknowledge.", hint)
    return plan(session, Filter(jobs=(number,)))


def carry_out(session: Session, planned: AcknowledgePlan, reason: str) -> AcknowledgePlan:
    """Acknowledge the planned failures, and record person, time and reason of each, in one transaction.

    Returns those that were still open: a job that was retried meanwhile is left alone.
    """
    db, context = session.db, ChangeContext.begin(session, COMMAND)
    entry = Acknowledgement(context.now, context.actor, reason)
    with db.writing():
        jobs_done = acknowledgement.acknowledge_jobs(db, [job.job for job in planned.jobs], entry)
        spans_done = acknowledgement.acknowledge_spans(db, [span.id for span in planned.spans], entry)
        done = AcknowledgePlan(
            [job for job in planned.jobs if job.job in jobs_done],
            [span for span in planned.spans if span.id in spans_done],
        )
        after = {"acknowledged": reason or "yes"}
        context.record_all(db, ((changed, {"acknowledged": None}, after) for changed in list_objects(done)))
    return done


def list_objects(done: AcknowledgePlan) -> list[ChangedObject]:
    """Return the objects of the changes: jobs, and rows of missed occurrences."""
    failures = [ChangedObject("job", str(job.job), job.schedule, job.workspace_id) for job in done.jobs]
    spans = [ChangedObject("missed", str(span.id), span.schedule, span.workspace_id) for span in done.spans]
    return failures + spans
