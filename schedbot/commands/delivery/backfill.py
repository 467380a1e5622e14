"""`schedbot backfill`: enqueue occurrences of the past that never were."""

import shlex
import sys
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.jobs import backfill
from schedbot.admin.jobs.backfill import Plan
from schedbot.errors import BadInput
from schedbot.model import JobState
from schedbot.presentation import terminal
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="From there on.")],
    to: Annotated[str, typer.Option(metavar="WHEN", help="Up to there, not with it; 'now' at the latest.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: for scripts.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each job.")] = False,
) -> None:
    """Post what a schedule never had in a span of the past: each occurrence of its rule there that has no job.

    They are posted from now on, one a second. Wall clocks are read in the schedule's zone.

    Example:  schedbot backfill acme-weekly --from 2026-11-01 --to 2026-11-20 --dry-run
    """
    with open_session() as session:
        made = backfill.plan(session, name, from_, to)
        tell(made)
        if not made.due or not (dry_run or yes or agreed(made)):
            return
        jobs = [(None, due_at) for due_at in made.due] if dry_run else backfill.carry_out(session, made)
    zone = times.zone(made.schedule.recurrence.tz)
    if json:
        terminal.json_lines(
            {"job": job, "schedule": name, "due_at": times.to_rfc3339(due_at), "state": JobState.QUEUED.value}
            for job, due_at in jobs
        )
        return
    for _, due_at in jobs if dry_run else ():
        terminal.say(times.format_instant(due_at, zone))
    terminal.say("Nothing was changed." if dry_run else f"Queued {counted(len(jobs))}.")


def tell(made: Plan) -> None:
    """How many there are, and what is left alone; on stderr, since it comes before the answer."""
    terminal.note(f"{counted(len(made.due))} of '{made.schedule.name}' in that time {verb(len(made.due))} no job.")
    if made.missed:
        stale = f"schedbot retry --schedule {shlex.quote(made.schedule.name)} --state missed --stale"
        span = f"--since {times.to_rfc3339(made.start)} --until {times.to_rfc3339(made.end - 1)}"
        terminal.note(f"On record as missed, so not taken up: {counted(made.missed)}. Send them with '{stale} {span}'.")
    if made.on_record:
        terminal.note(f"{made.on_record} more in other states stay as they are.")
    if made.left_out:
        terminal.note(f"{made.left_out} left out: a holiday, or outside of the window.")


def agreed(made: Plan) -> bool:
    """Ask the person. Raises BadInput where there is nobody to ask."""
    count = counted(len(made.due))
    if not sys.stdin.isatty():
        raise BadInput(f"{count} would be posted; nothing was done.", "Say --yes to post without a question.")
    return terminal.ask(f"Post {count} now?")


def counted(count: int) -> str:
    return "1 occurrence" if count == 1 else f"{count} occurrences"


def verb(count: int) -> str:
    return "has" if count == 1 else "have"
