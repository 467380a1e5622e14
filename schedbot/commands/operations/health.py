"""`schedbot health`: show whether posts are going out."""

from typing import Annotated, Any, NoReturn

import typer

from schedbot import times
from schedbot.admin.operations import health
from schedbot.admin.operations.health import Health
from schedbot.errors import FAILED, BadInput, DatabaseUnusable, SchedbotError
from schedbot.presentation import nagios as formats
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.operations.health import read_vitals

STYLES = {health.OK: "green", health.DEGRADED: "yellow", health.BROKEN: "red"}


def run(
    json: Annotated[bool, typer.Option("--json", help="One JSON object, whatever the problem is.")] = False,
    nagios: Annotated[
        bool, typer.Option("--nagios", help="One line and the exit codes of a Nagios plugin: 0, 1, 2, 3.")
    ] = False,
) -> None:
    """Show in one line whether posts are going out, and one more line for each problem.

    Exit code 0: ok; 1: some posts do not go out; 3: posts go out, but some wait for a person. The worst problem
    decides. With --nagios, 0: ok; 1: warning, some posts do not go out or wait for a person; 2: critical, nothing is
    posted; 3: unknown, the database or the configuration cannot be read.

    Example:  schedbot health
    """
    if nagios and json:
        raise BadInput("--json and --nagios cannot be combined.", "Use one of them.")
    try:
        with open_session() as session:
            result = health.assess(read_vitals(session.db, session.now()), session.settings.expect_pool)
    except SchedbotError as error:
        if nagios:
            print_nagios(*formats.to_unknown(f"{error} {error.hint}"))
        if not json or not isinstance(error, DatabaseUnusable):
            raise
        output.json_lines([unusable_to_json(error)])
        raise typer.Exit(FAILED) from None
    if nagios:
        print_nagios(*formats.to_line(result, summarize(result)))
    if json:
        output.json_lines([health.to_json(result)])
    else:
        output.print_line(f"{result.status}: {summarize(result)}", style=STYLES[result.status])
        for problem in result.problems:
            output.print_line(f"  {problem.sentence}", hang=4)
    if result.code:
        raise typer.Exit(result.code)


def print_nagios(code: int, line: str) -> NoReturn:
    """Print the line of a Nagios plugin, and end with its code."""
    print(line)
    raise typer.Exit(code)


def summarize(result: Health) -> str:
    """Return `3 jobs queued, 1 worker pool, last tick 12 s ago, 0 failed in 24 h`."""
    vitals = result.vitals
    none_yet = "no tick yet" if vitals.ahead_at is None else "last tick in the future"
    tick = none_yet if vitals.tick_at is None else f"last tick {times.format_relative(vitals.tick_at, vitals.now)}"
    jobs = f"{output.count(vitals.queued, 'job')} queued"
    pools = output.count(vitals.pools, "worker pool")
    return f"{jobs}, {pools}, {tick}, {vitals.failed_24h:,} failed in 24 h"


def unusable_to_json(error: DatabaseUnusable) -> dict[str, Any]:
    """Return the object for a database that cannot be read."""
    unknown = dict.fromkeys(("tick_age_ms", "workers", "queued", "oldest_due_ms", "failed_24h"))
    return {"status": health.BROKEN, **unknown, "paused_workspaces": [], "problems": [f"{error} {error.hint}"]}
