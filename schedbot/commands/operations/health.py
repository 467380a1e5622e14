"""`schedbot health`: show whether posts are going out."""

from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.operations import health
from schedbot.admin.operations.health import Health
from schedbot.errors import FAILED, DatabaseUnusable
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.operations.health import read_vitals

STYLES = {health.OK: "green", health.DEGRADED: "yellow", health.BROKEN: "red"}


def run(
    json: Annotated[bool, typer.Option("--json", help="One JSON object, whatever the problem is.")] = False,
) -> None:
    """Show in one line whether posts are going out, and one more line for each problem.

    Exit code 0: ok; 1: some posts do not go out; 3: posts go out, but some wait for a person.

    Example:  schedbot health
    """
    try:
        with open_session() as session:
            result = health.assess(read_vitals(session.db, session.now()))
    except DatabaseUnusable as error:
        if not json:
            raise
        output.json_lines([unusable_to_json(error)])
        raise typer.Exit(FAILED) from None
    if json:
        output.json_lines([health.to_json(result)])
    else:
        output.print_line(summary_line(result), style=STYLES[result.status])
        for problem in result.problems:
            output.print_line(f"  {problem.sentence}", hang=4)
    if result.code:
        raise typer.Exit(result.code)


def summary_line(result: Health) -> str:
    """Return `ok: 3 jobs queued, 1 worker pool, last tick 12 s ago, 0 failed in 24 h`."""
    vitals = result.vitals
    none_yet = "no tick yet" if vitals.ahead_at is None else "last tick in the future"
    tick = none_yet if vitals.tick_at is None else f"last tick {times.format_relative(vitals.tick_at, vitals.now)}"
    jobs = f"{output.count(vitals.queued, 'job')} queued"
    pools = output.count(vitals.pools, "worker pool")
    return f"{result.status}: {jobs}, {pools}, {tick}, {vitals.failed_24h:,} failed in 24 h"


def unusable_to_json(error: DatabaseUnusable) -> dict[str, Any]:
    """Return the object for a database that cannot be read."""
    unknown = dict.fromkeys(("tick_age_ms", "workers", "queued", "oldest_due_ms", "failed_24h"))
    return {"status": health.BROKEN, **unknown, "paused_workspaces": [], "problems": [f"{error} {error.hint}"]}
