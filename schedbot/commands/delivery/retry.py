"""`schedbot retry`: send again what failed."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.jobs import filters, retry
from schedbot.admin.jobs.retry import Plan
from schedbot.commands import filter_options as options
from schedbot.errors import NEEDS_PERSON, BadInput
from schedbot.model import JobState
from schedbot.presentation import terminal
from schedbot.session import Session, open_session
from schedbot.store.jobs.manual import Candidate

LINES = 10


def run(
    jobs: Annotated[list[int] | None, typer.Argument(metavar="JOB", help="Jobs to send again.")] = None,
    schedule: options.Schedules = None,
    account: options.Accounts = None,
    workspace: options.Workspaces = None,
    channel: options.Channels = None,
    state: options.States = None,
    error: options.Errors = None,
    since: options.Since = "",
    until: options.Until = "",
    stale: Annotated[bool, typer.Option("--stale", help="Also what is past its grace, and what was missed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: for scripts.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each job that is sent again.")] = False,
) -> None:
    """Send failed and held jobs again. Their earlier attempts stay in the audit; what was posted is never sent again.

    Exit code 3: what was asked for waits until a paused workspace or schedule is resumed.

    Example:  schedbot retry --state failed --since 2h --dry-run
    """
    words = filters.Words(
        schedule=schedule or (),
        account=account or (),
        workspace=workspace or (),
        channel=channel or (),
        state=state or (),
        error=error or (),
        since=since,
        until=until,
    )
    with open_session() as session:
        chosen = filters.chosen(session, words, jobs or ())
        if chosen.is_open:
            raise BadInput("Nothing says which jobs to send again.", "All that failed are '--state failed'.")
        plan = retry.plan(session, chosen, stale)
        tell(plan, terminal.note if json else terminal.say)
        if plan.ready and (dry_run or yes or agreed(plan)):
            finish(session, plan, dry_run, json)
    if plan.waits_for_a_person:
        raise typer.Exit(NEEDS_PERSON)


def tell(plan: Plan, say: Any) -> None:
    """What will be sent, counted by workspace and error, and what is left out for which reason."""
    wide = max((len(group.workspace) for group in plan.groups), default=0)
    for group, count in sorted(plan.groups.items(), key=lambda pair: (pair[0].workspace, -pair[1])):
        say(f"{count:>7}  {group.state.value:<6}  {group.workspace:<{wide}}  {group.error}".rstrip())
    for workspace, count in plan.parked.items():
        say(f"{counted(count)} will wait: the workspace '{workspace}' is paused.")
    if plan.held:
        say(f"{plan.held} held {'job' if plan.held == 1 else 'jobs'} may have been posted already: look first.")
    for sentence, count in plan.left_out.most_common(LINES):
        say(sentence if sentence.startswith("Job ") else f"{sentence} ({counted(count)})")
    if len(plan.left_out) > LINES:
        say(f"... and {len(plan.left_out) - LINES} more reasons of this kind.")
    if not plan.ready:
        terminal.note("Nothing to retry." if plan.left_out or not plan.sought else nothing(plan))


def nothing(plan: Plan) -> str:
    """Nothing fits, of the states that are sent again."""
    return f"Nothing to retry: no job that fits is {' or '.join(state.value for state in plan.sought)}."


def agreed(plan: Plan) -> bool:
    """Ask the person. Raises BadInput where there is nobody to ask."""
    count = len(plan.ready)
    if not sys.stdin.isatty():
        raise BadInput(
            f"{counted(count)} would be sent again; nothing was done.", "Say --yes to send without a question."
        )
    return terminal.ask(f"Send {counted(count)} again?")


def finish(session: Session, plan: Plan, dry_run: bool, json: bool) -> None:
    """Do it, or with `dry_run` only say it."""
    retried = retry.would_be(session, plan) if dry_run else retry.carry_out(session, plan)
    if json:
        terminal.json_lines(objects(retried))
        return
    count = sum(1 for _ in retried)
    terminal.say(
        f"{counted(count)} would be sent again; nothing was changed." if dry_run else f"Queued {counted(count)}."
    )


def objects(retried: Iterator[Candidate]) -> Iterator[dict[str, Any]]:
    for job in retried:
        yield {
            "job": job.job,
            "schedule": job.schedule,
            "workspace": job.workspace,
            "due_at": times.to_rfc3339(job.due_at),
            "error": job.error,
            "state": JobState.QUEUED.value,
        }


def counted(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
