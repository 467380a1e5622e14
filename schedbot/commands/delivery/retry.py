"""`schedbot retry`: send failed jobs again."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.jobs import filters, retry
from schedbot.admin.jobs.retry import RetryPlan
from schedbot.commands import job_filter_options as options
from schedbot.commands import questions
from schedbot.errors import NEEDS_PERSON, BadInput
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.store.jobs.retry import Candidate

MAX_REASONS = 10
# For states without a matching job.
HINTS = {
    JobState.MISSED: " 'schedbot backfill' posts missed occurrences that 'schedbot audit' shows in one row.",
    JobState.CANCELLED: " Jobs that a person skipped are 'skipped'.",
}


def run(
    jobs: Annotated[list[int] | None, typer.Argument(metavar="JOB", help="Numbers of jobs to retry.")] = None,
    schedule: options.Schedules = None,
    account: options.Accounts = None,
    workspace: options.Workspaces = None,
    channel: options.Channels = None,
    state: options.States = None,
    error: options.Errors = None,
    since: options.DueSince = "",
    until: options.DueUntil = "",
    stale: Annotated[bool, typer.Option("--stale", help="Include missed jobs and jobs past their grace.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show which jobs; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each retried job.")] = False,
) -> None:
    """Retry failed and held jobs. Earlier attempts stay in the audit; a job that was posted is never sent again.

    A job that a pause or a suspension cancelled is retried by number or with --state cancelled, and a job that
    'skip-next' skipped by number or with --state skipped. Up to ten jobs that are named by number are retried without
    a question.

    Exit code 2: no job that was named by number can be retried. 3: some jobs wait until a paused workspace or schedule
    is resumed.

    Example:  schedbot retry --state failed --since 2h --dry-run
    """
    filter_options = options.filter_options(locals())
    with open_session() as session:
        job_filter = filters.parse(session, filter_options, jobs or ())
        if job_filter.selects_all:
            raise BadInput("No jobs given: use job numbers or filters.", "'--state failed' selects all failed jobs.")
        plan = retry.plan(session, job_filter, stale)
        retry.refuse_all(plan)
        print_plan(plan, output.note if json else output.print_line)
        if plan.ready and (dry_run or confirm(plan, yes)):
            carry_out(session, plan, dry_run, json)
    if plan.waits_for_a_person:
        raise typer.Exit(NEEDS_PERSON)


def print_plan(plan: RetryPlan, print_line: Callable[[str], None]) -> None:
    """Print the planned jobs by workspace and error, and the reasons why other jobs are not retried."""
    workspace_width = max((len(group.workspace) for group in plan.groups), default=0)
    for group, count in sorted(plan.groups.items(), key=lambda pair: (pair[0].workspace, -pair[1])):
        row = f"{count:>7}  {group.state.value:<6}  {group.workspace:<{workspace_width}}  {group.error}"
        print_line(row.rstrip())
    for workspace, count in plan.parked.items():
        print_line(f"{output.count(count, 'job')} will wait: workspace '{workspace}' is paused.")
    if plan.held:
        print_line(f"{output.count(plan.held, 'held job')} may have been posted already: look in the channel first.")
    for refusal, count in plan.excluded.most_common(MAX_REASONS):
        sentences = " ".join(refusal)
        print_line(f"{sentences} ({output.count(count, 'job')})" if plan.states else sentences)
    if len(plan.excluded) > MAX_REASONS:
        print_line(f"... and {len(plan.excluded) - MAX_REASONS} more reasons.")
    if not plan.ready:
        output.note("Nothing to retry." if plan.excluded or not plan.states else no_match(plan))


def no_match(plan: RetryPlan) -> str:
    states = " or ".join(state.value for state in plan.states)
    hints = "".join(HINTS.get(state, "") for state in plan.states)
    return f"Nothing to retry: no matching job is {states}.{hints}"


def confirm(plan: RetryPlan, yes: bool) -> bool:
    """Ask the user before jobs that a filter found, or more than ten, are retried. Raises BadInput."""
    count = len(plan.ready)
    return questions.confirm("Retry", output.count(count, "job"), count=count, yes=yes, is_named=not plan.states)


def carry_out(session: Session, plan: RetryPlan, dry_run: bool, json: bool) -> None:
    """Queue the jobs (not with `dry_run`) and print them."""
    retried = retry.preview(session, plan) if dry_run else retry.carry_out(session, plan)
    if json:
        output.json_lines(to_json(retried))
        return
    jobs = output.count(sum(1 for _ in retried), "job")
    output.print_line(f"{jobs} would be retried; nothing was changed." if dry_run else f"Queued {jobs}.")


def to_json(retried: Iterator[Candidate]) -> Iterator[dict[str, Any]]:
    for job in retried:
        yield {
            "job": job.job,
            "schedule": job.schedule,
            "workspace": job.workspace,
            "due_at": times.to_rfc3339(job.due_at),
            "error": job.error,
            "state": JobState.QUEUED.value,
        }
