"""`schedbot backfill`: enqueue past occurrences that have no job."""

import shlex
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.jobs import backfill
from schedbot.admin.jobs.backfill import BackfillPlan
from schedbot.commands import questions
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")],
    from_: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="Start of the span: 'monday', 'yesterday 9am', '2h' ago.")
    ],
    to: Annotated[str, typer.Option(metavar="WHEN", help="End of the span, exclusive; 'now' at the latest.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the occurrences; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a job.")] = False,
) -> None:
    """Enqueue the occurrences of a schedule in a past span that have no job, or whose job a pause, a suspension or
    'skip-next' cancelled before it was posted.

    Many missed occurrences, which 'audit' shows as one line, have no job: it posts them too.

    They are posted from now on, one a second. Times are in the schedule's zone.

    Example:  schedbot backfill acme-weekly --from 2026-11-01 --to 2026-11-20 --dry-run
    """
    with open_session() as session:
        plan = backfill.plan(session, name, from_, to)
        print_plan(plan)
        if not plan.due or not (dry_run or confirm(plan, yes)):
            return
        jobs = [(None, due_at) for due_at in plan.due] if dry_run else backfill.carry_out(session, plan)
    if json:
        output.json_lines(
            {"job": job, "schedule": name, "due_at": times.to_rfc3339(due_at), "state": JobState.QUEUED.value}
            for job, due_at in jobs
        )
        return
    zone = times.zone(plan.schedule.recurrence.tz)
    for _, due_at in jobs if dry_run else ():
        output.print_line(times.format_instant(due_at, zone))
    output.print_line("Nothing was changed." if dry_run else f"Queued {output.count(len(jobs), 'job')}.")


def print_plan(plan: BackfillPlan) -> None:
    """Print the counts of the plan on stderr, because they come before the answer."""
    occurrences = output.count(len(plan.due), "occurrence")
    verb = "has" if len(plan.due) == 1 else "have"
    output.note(f"{occurrences} of '{plan.schedule.name}' in this span {verb} no job, or a cancelled one.")
    if plan.missed:
        retry = f"schedbot retry --schedule {shlex.quote(plan.schedule.name)} --state missed --stale"
        span = f"--since {times.to_rfc3339(plan.start)} --until {times.to_rfc3339(plan.end - 1)}"
        missed = output.count(plan.missed, "occurrence")
        output.note(f"Not enqueued: {missed} on record as missed. Send them with '{retry} {span}'.")
    if plan.on_record:
        output.note(f"Not enqueued: {output.count(plan.on_record, 'occurrence')} with a job in another state.")
    if plan.skipped:
        skipped = output.count(plan.skipped, "occurrence")
        output.note(f"Not enqueued: {skipped} on a holiday or outside the send window.")


def confirm(plan: BackfillPlan, yes: bool) -> bool:
    """Ask the user, except for a single occurrence. Raises BadInput without a terminal."""
    count = len(plan.due)
    return questions.confirm("Post", output.count(count, "occurrence"), count=count, yes=yes, is_named=count == 1)
