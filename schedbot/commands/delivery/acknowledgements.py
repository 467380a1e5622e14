"""`schedbot audit --acknowledge`: the question before it, and its result."""

from schedbot.admin.jobs import acknowledge
from schedbot.admin.jobs.acknowledge import AcknowledgePlan
from schedbot.commands import questions
from schedbot.errors import BadInput
from schedbot.presentation import output
from schedbot.session import Session
from schedbot.store.history.filters import Filter


def carry_out(session: Session, job: int | None, selection: Filter, reason: str, yes: bool) -> None:
    """Acknowledge the failure of a job, or those of the filter after a question. Raises BadInput and NotFound."""
    if job is None and selection.selects_all:
        hint = "'--state failed --since 1d' selects the failed jobs of a day."
        raise BadInput("--acknowledge needs a job number or filters.", hint)
    plan = acknowledge.plan(session, selection) if job is None else acknowledge.plan_job(session, job)
    if not plan.count:
        output.note("Nothing to acknowledge.")
    elif questions.confirm("Acknowledge", describe(plan), count=plan.count, yes=yes, is_named=job is not None):
        done = acknowledge.carry_out(session, plan, reason)
        output.note(f"Acknowledged {describe(done)}.")


def describe(plan: AcknowledgePlan) -> str:
    """Return `3 jobs and 1 row of missed occurrences`."""
    jobs, rows = output.count(len(plan.jobs), "job"), output.count(len(plan.spans), "row")
    if not plan.spans:
        return jobs
    return f"{jobs} and {rows} of missed occurrences" if plan.jobs else f"{rows} of missed occurrences"
