"""`schedbot health` without the parser of options: a monitor may start it every few seconds."""

from typing import Any

from schedbot import clock, configuration, times
from schedbot.admin.operations import health
from schedbot.admin.operations.health import Health
from schedbot.admin.operations.machine import machine_health
from schedbot.configuration import Flags
from schedbot.errors import FAILED, DatabaseUnusable, SchedbotError
from schedbot.presentation import output
from schedbot.store.open_database import open_database

STYLES = {health.OK: "green", health.DEGRADED: "yellow", health.BROKEN: "red"}


def check(flags: Flags, json: bool, nagios: bool) -> int:
    """Print the health and return the exit code. Raises SchedbotError for an installation that cannot be read."""
    try:
        result = assess(flags)
    except SchedbotError as error:
        if nagios:
            from schedbot.presentation import nagios as formats

            return show_nagios(*formats.to_unknown(f"{error} {error.hint}"))
        if not json or not isinstance(error, DatabaseUnusable):
            raise
        output.json_lines([unusable_to_json(error)])
        return FAILED
    return show_on_nagios(result) if nagios else show(result, json)


def assess(flags: Flags) -> Health:
    """Return the health of the installation. Raises SchedbotError."""
    config = configuration.read(flags)
    db = open_database(config.database)
    try:
        return machine_health.assess(db, clock.now_ms(), config.values["expect_pool"])
    finally:
        db.close()


def show(result: Health, json: bool) -> int:
    """Print the health and return the exit code."""
    if json:
        output.json_lines([health.to_json(result)])
        return result.code
    output.print_line(f"{result.status}: {summarize(result)}", style=STYLES[result.status])
    for problem in result.problems:
        output.print_line(f"  {problem.sentence}", hang=4)
    return result.code


def show_on_nagios(result: Health) -> int:
    """Print the line of a Nagios plugin and return its exit code."""
    from schedbot.presentation import nagios

    return show_nagios(*nagios.to_line(result, summarize(result)))


def show_nagios(code: int, line: str) -> int:
    print(line)
    return code


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
