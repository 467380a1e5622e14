"""`schedbot restore`: replace the database by a backup."""

from typing import Annotated, Any

import typer

from schedbot import clock, settings, times
from schedbot.admin.operations.restores import restore
from schedbot.admin.operations.restores.restore import RestoreResult
from schedbot.errors import DONE, NEEDS_PERSON
from schedbot.presentation import output
from schedbot.text_input import parse_path

COUNTS = ("posted", "queued", "held", "missed")
ALTERED = "The record of the backup is not as schedbot wrote it"


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Backup, made by 'schedbot backup'.")],
    within: Annotated[str, typer.Option(metavar="SPAN", help="Longest time to read the channels' histories.")] = "10m",
    take_over: Annotated[
        bool, typer.Option("--take-over", help="The backup is of another machine, where schedbot has stopped for good.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Replace the database by a backup, and post nothing a second time.

    No pool may run. The backup is checked. The old database and the channels' histories show which jobs were posted
    after the backup. A job for which neither can show it is held for a person. The old database stays beside the new
    one. Changes of schedules after the backup are lost. Exit code 3: a job is
    held, or the hash chain of the backup is broken.

    Example:  schedbot restore /var/backups/schedbot-20261201T090000Z.db
    """
    within_ms = times.parse_duration(within)
    result = restore.restore(settings.load(), parse_path(file), clock.now_ms, within_ms, take_over=take_over)
    if json:
        output.json_lines([to_json(result)])
    else:
        print_result(result)
    if result.chain_problem:
        output.note(f"{ALTERED}: {result.chain_problem}. See docs/record.md.")
    raise typer.Exit(NEEDS_PERSON if result.settlement.jobs["held"] or result.chain_problem else DONE)


def to_json(result: RestoreResult) -> dict[str, Any]:
    """Return the object of a restore, with the numbers of jobs by their result."""
    backed_up_at = result.backed_up_at
    return {
        "file": str(result.file),
        "backed_up_at": None if backed_up_at is None else times.to_rfc3339(backed_up_at),
        "restored_at": times.to_rfc3339(result.restored_at),
        **{name: result.settlement.jobs[name] for name in COUNTS},
        "replaced": str(result.replaced) if result.replaced else None,
        "unread": dict(result.settlement.unread),
    }


def print_result(result: RestoreResult) -> None:
    """Print the backup, and the numbers of jobs that were due since, by their result."""
    at = result.backed_up_at
    age = "" if at is None else f", of {times.format_instant(at, times.local_zone())}"
    output.print_line(f"Restored {result.file}{age}.")
    jobs, unread = result.settlement.jobs, result.settlement.unread
    output.print_line(f"{output.count(jobs['posted'], 'job')} posted since the backup, on record now.")
    if jobs["queued"]:
        output.print_line(f"{output.count(jobs['queued'], 'job')} not posted yet: the next 'schedbot work' posts them.")
    if jobs["missed"]:
        output.print_line(f"{output.count(jobs['missed'], 'job')} missed: 'schedbot audit --state missed' lists them.")
    if jobs["held"]:
        held = output.count(jobs["held"], "job is", "jobs are")
        output.print_line(f"{held} held: perhaps posted already. 'schedbot audit --state held' lists them.")
    if unread:
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in sorted(unread.items()))
        channels = output.count(unread.total(), "channel")
        output.print_line(f"{channels} not read: {reasons}. 'schedbot restore' reads again; --within sets the time.")
    if result.replaced:
        output.note(f"The old database is {result.replaced}. Changes made after the backup are only there.")
