"""`schedbot tick`: enqueue due schedules. Most ticks have nothing due and take the way of `idle_tick`."""

from typing import Annotated

import typer

from schedbot import clock, settings
from schedbot.commands import idle_tick
from schedbot.errors import DiskFull
from schedbot.operation_settings import PruneSettings
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.store.operations.idle_tick import has_results
from schedbot.store.schedules import due_soon
from schedbot.tick import TickAlreadyRuns, tick

ZONE_REFRESH_MS = 15_000
PRUNE_MS = 5_000
COUNTING_MS = 5_000
CLOSING_MS = 2_000


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be enqueued; change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Enqueue a job for each due occurrence. cron runs this each minute; more runs do no harm.

    It looks 90 s ahead, so that a running 'schedbot work' posts each job on time. If another tick is running, it exits
    with code 0. Once a day it asks Slack for the time zone of each user that schedules follow (--tz slack:U...).

    Example:  schedbot tick
    """
    try:
        carry_out(dry_run, json)
    except DiskFull as error:
        if not dry_run:
            announce_full_disk(error)
        raise


def carry_out(dry_run: bool, json: bool) -> None:
    """Run the tick, and what else is due each minute."""
    with open_session() as session:
        try:
            result = tick(session, dry_run)
        except TickAlreadyRuns:
            output.note("Another tick is running. Nothing was done.")
            return
        idle_tick.show(result, json, dry_run)
        if result.missed and not dry_run:
            occurrences = output.count(result.missed, "occurrence")
            output.note(f"{occurrences} missed: no tick ran in time. 'schedbot audit --state missed' shows which.")
        if not dry_run and session.settings.alerts:
            send_alerts(session)
        if not dry_run and session.settings.ping_url:
            ping_monitor(session)
        if not dry_run and session.settings.prune:
            prune_slice(session, session.settings.prune)
        if not dry_run:
            add_results(session)
            close_spans(session)
        if not dry_run and due_soon.has_user_zone(session.db, session.now()):
            from schedbot.admin.schedules import refresh_user_zones

            refresh_user_zones.try_refresh(session, "tick", ZONE_REFRESH_MS)


def announce_full_disk(problem: DiskFull) -> None:
    """Send the alert about it. Nothing can be written into the database."""
    from schedbot.admin.operations.alerts import full_disk

    full_disk.check_without_database(settings.load(), problem, clock.now_ms())


def send_alerts(session: Session) -> None:
    """Look for causes of alerts, and send what is due."""
    from schedbot.admin.operations.alerts import dispatch

    dispatch.check(session)


def ping_monitor(session: Session) -> None:
    """Send the request of [health] ping_url, or say why not."""
    from schedbot.admin.operations.machine import ping

    if reason := ping.ping(session):
        output.note(f"The request of [health] ping_url was not sent, or failed: {reason}")


def prune_slice(session: Session, own: PruneSettings) -> None:
    """Delete some of the jobs that [prune] of the configuration lets go."""
    from schedbot.admin.operations import prune

    prune.carry_out(session, own.older_than_ms, own.keep_failed, within_ms=PRUNE_MS)


def add_results(session: Session) -> None:
    """Add the results that wait to the roll-ups, if there are many."""
    if has_results(session.db):
        from schedbot.admin.operations.figures import rollup_batches

        rollup_batches.add_results(session, COUNTING_MS)


def close_spans(session: Session) -> None:
    """Move the counts of spans that are over."""
    from schedbot.admin.operations.figures import closed_rollups

    closed_rollups.close_spans(session, CLOSING_MS)
