"""`schedbot tick` with nothing to do: it loads neither the parser of options nor the rules."""

from schedbot import clock, configuration, times
from schedbot.configuration import Flags
from schedbot.presentation import output
from schedbot.store.open_database import open_database
from schedbot.store.operations import idle_tick
from schedbot.store.operations.idle_tick import TickResult
from schedbot.store.schedules import due_soon


def try_tick(flags: Flags, json: bool) -> int | None:
    """Write the heartbeat, print the result and return the exit code. None: there is work, and nothing was done."""
    config = configuration.read(flags)
    if configuration.has_operations(config.table):
        return None
    db = open_database(config.database)
    now = clock.now_ms()
    try:
        if due_soon.has_user_zone(db, now) or idle_tick.has_results(db):
            return None
        if not idle_tick.beat(db, now, now + due_soon.LOOK_AHEAD_MS):
            return None
    finally:
        db.close()
    show(TickResult(now, 0, 0, 0, 0, clock.now_ms() - now), json)
    return 0


def show(result: TickResult, json: bool, dry_run: bool = False) -> None:
    """Print the result of a tick."""
    if json:
        output.json_lines([{**result._asdict(), "started_at": times.to_rfc3339(result.started_at)}])
    else:
        output.print_line(summary_line(result, dry_run))


def summary_line(result: TickResult, dry_run: bool) -> str:
    """Return `Enqueued 3, missed 0, skipped 0 (3 schedules, 12 ms).`"""
    verb = "Would enqueue" if dry_run else "Enqueued"
    schedules = output.count(result.schedules, "schedule")
    counts = f"{result.enqueued}, missed {result.missed}, skipped {result.skipped}"
    return f"{verb} {counts} ({schedules}, {result.took_ms} ms)."
