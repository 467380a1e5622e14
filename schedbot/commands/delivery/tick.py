"""`schedbot tick`: due schedules become jobs."""

from dataclasses import asdict
from typing import Annotated

import typer

from schedbot import times
from schedbot.presentation import terminal
from schedbot.session import open_session
from schedbot.store.schedules import user_zones
from schedbot.tick import TickAlreadyRuns, TickResult, tick

FOLLOW_MS = 15_000


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be enqueued; change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Turn every due schedule into a job. cron calls this each minute; to run it more often does no harm.

    It looks 90 s ahead, so that a running 'schedbot work' posts each job at its instant. A second tick beside a
    running one leaves at once (exit code 0). When that is done, and once a day for each person whose time zone
    schedules have (--tz slack:U...), it asks Slack where they live now.

    Example:  schedbot tick
    """
    with open_session() as session:
        try:
            ticked = tick(session, dry_run)
        except TickAlreadyRuns:
            terminal.note("Another tick is running: nothing to do.")
            return
        if json:
            terminal.json_lines([{**asdict(ticked), "started_at": times.to_rfc3339(ticked.started_at)}])
        else:
            terminal.say(sentence(ticked, dry_run))
        if not dry_run and user_zones.anybody_to_ask(session.db, session.now()):
            from schedbot.admin.schedules import refresh_user_zones

            refresh_user_zones.try_refresh(session, "tick", FOLLOW_MS)


def sentence(ticked: TickResult, dry_run: bool) -> str:
    """`Enqueued 3, missed 0, skipped 0 (3 schedules, 12 ms).`"""
    verb = "Would enqueue" if dry_run else "Enqueued"
    counted = "1 schedule" if ticked.schedules == 1 else f"{ticked.schedules} schedules"
    return (
        f"{verb} {ticked.enqueued}, missed {ticked.missed}, skipped {ticked.skipped} ({counted}, {ticked.took_ms} ms)."
    )
