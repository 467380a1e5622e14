"""`schedbot prune`: delete old jobs."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.operations import prune
from schedbot.admin.operations.prune import PruneResult
from schedbot.errors import BadInput, BadOption
from schedbot.presentation import output
from schedbot.session import open_session


def run(
    older_than: Annotated[str, typer.Option(metavar="SPAN", help="Delete what was due longer ago: 90d.")] = "",
    keep_failed: Annotated[bool, typer.Option("--keep-failed", help="Keep failed jobs.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be deleted; delete nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Delete settled jobs with their attempts, look-ups and changes, beside running pools, and free their space.

    Jobs that are open, unknown or held stay, and the last post of each schedule, and all changes of schedules. 'stats'
    and 'metrics' still count what is deleted. 'backfill' refuses the time that was pruned. With a section [prune] in
    schedbot.toml, each tick prunes a little by itself.

    Example:  schedbot prune --older-than 90d --keep-failed
    """
    if not older_than.strip():
        raise BadInput("No time given: use --older-than.", "Write it like --older-than 90d.")
    try:
        older_than_ms = times.parse_duration(older_than)
    except BadInput as error:
        raise BadOption("older-than", f": {error}", error.hint) from None
    with open_session() as session:
        if dry_run:
            result = prune.plan(session, older_than_ms, keep_failed)
        else:
            with output.progress("Pruning", prune.estimate(session, older_than_ms)) as bar:
                result = prune.carry_out(session, older_than_ms, keep_failed, on_progress=partial(advance, bar))
    if json:
        output.json_lines([asdict(result)])
    else:
        output.print_line(summarize(result, dry_run))


def advance(bar: Any, jobs: int) -> None:
    """Move the bar on by the deleted jobs."""
    bar.update(0, advance=jobs)


def summarize(result: PruneResult, dry_run: bool) -> str:
    """Return `Deleted 1,200 jobs, 1,310 attempts and 4 changes; 2.1 MB are free again.`"""
    verb = "Would delete" if dry_run else "Deleted"
    jobs, attempts = output.count(result.jobs, "job"), output.count(result.attempts, "attempt")
    counts = f"{verb} {jobs}, {attempts} and {output.count(result.changes, 'change')}"
    return f"{counts}." if dry_run else f"{counts}; {result.freed_bytes / 1_000_000:,.1f} MB are free again."
