"""`schedbot health`: do posts go out?"""

from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.operations import health
from schedbot.admin.operations.health import Health
from schedbot.errors import FAILED, DatabaseUnusable
from schedbot.presentation import terminal
from schedbot.session import open_session
from schedbot.store.operations.health import read_vitals

COLOURS = {health.OK: "green", health.DEGRADED: "yellow", health.BROKEN: "red"}


def run(
    json: Annotated[bool, typer.Option("--json", help="One JSON object, whatever is wrong.")] = False,
) -> None:
    """Say in one line whether posts go out, and in one more for each problem what it is.

    Exit code 0: all is well; 1: something does not go out; 3: all goes out but what waits for a person.

    Example:  schedbot health
    """
    try:
        with open_session() as session:
            found = health.judged(read_vitals(session.db, session.now()))
    except DatabaseUnusable as error:
        if not json:
            raise
        terminal.json_lines([unusable(error)])
        raise typer.Exit(FAILED) from None
    if json:
        terminal.json_lines([health.as_json(found)])
    else:
        terminal.say(line(found), style=COLOURS[found.status])
        for problem in found.problems:
            terminal.say(f"  {problem.sentence}")
    if found.code:
        raise typer.Exit(found.code)


def line(found: Health) -> str:
    """`ok: 3 jobs wait, 1 pool, tick 12 s ago, none failed in 24 h`."""
    seen = found.vitals
    tick = "no tick yet" if seen.tick_at is None else f"tick {times.format_relative(seen.tick_at, seen.now)}"
    jobs = health.counted(seen.queued, "job waits", "jobs wait")
    pools = health.counted(seen.pools, "pool", "pools")
    return f"{found.status}: {jobs}, {pools}, {tick}, {seen.failed_24h or 'none'} failed in 24 h"


def unusable(error: DatabaseUnusable) -> dict[str, Any]:
    """The object for a database that can't be asked."""
    nothing = dict.fromkeys(("tick_age_ms", "workers", "queued", "oldest_due_ms", "failed_24h"))
    return {"status": health.BROKEN, **nothing, "paused_workspaces": [], "problems": [f"{error} {error.hint}"]}
