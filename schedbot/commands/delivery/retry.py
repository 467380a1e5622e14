"""`schedbot retry`: send failed jobs again."""

from typing import Annotated

import typer

from schedbot.admin.jobs import filters, retry
from schedbot.admin.jobs.retry import RetryPlan
from schedbot.commands import job_filter_options as options
from schedbot.commands import questions
from schedbot.errors import NEEDS_PERSON
from schedbot.model import JobState
from schedbot.presentation import output, retries
from schedbot.session import Session, open_session

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
    since: options.DueSince = None,
    until: options.DueUntil = None,
    local: options.InLocalTime = False,
    stale: Annotated[bool, typer.Option("--stale", help="Include missed jobs and jobs past their grace.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the jobs and what would become of them; change nothing.")
    ] = False,
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
        plan = retry.plan(session, job_filter, stale)
        retry.refuse_all(plan)
        show_plan(plan, dry_run, json)
        if plan.ready and dry_run:
            show_preview(session, plan, json)
        elif plan.ready and confirm(plan, yes):
            carry_out(session, plan, json)
    if plan.waits_for_a_person:
        raise typer.Exit(NEEDS_PERSON)


def show_plan(plan: RetryPlan, dry_run: bool, json: bool) -> None:
    """Print the planned jobs by group (a dry run lists them), and notes about these and other jobs."""
    print_line = output.note if json else output.print_line
    if not dry_run:
        retries.print_groups(plan, print_line)
    retries.print_notes(plan, print_line)
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


def show_preview(session: Session, plan: RetryPlan, json: bool) -> None:
    """Print the jobs of a dry run."""
    previews = retry.preview(session, plan)
    if json:
        output.json_lines(map(retries.preview_to_json, previews))
        return
    retries.print_preview(plan, previews, session.now())
    output.print_line(f"{output.count(len(plan.ready), 'job')} would be retried; nothing was changed.")


def carry_out(session: Session, plan: RetryPlan, json: bool) -> None:
    """Queue the jobs and print them."""
    queued = retry.carry_out(session, plan)
    if json:
        output.json_lines(retries.to_json(job, JobState.QUEUED) for job in queued)
    else:
        output.print_line(f"Queued {output.count(sum(1 for _ in queued), 'job')}.")
