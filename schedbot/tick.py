"""Due recurrences become jobs: run by cron every minute, as often as one likes, also twice at once.

A tick finds due work by recurrence, not by schedule, and looks ahead, so that jobs wait in the table before they are
due. It is a transaction in slices, each complete in itself: a tick that is killed leaves whole occurrences behind, and
the next one goes on from there.
"""

from dataclasses import dataclass

from schedbot import log
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import advance, timed_pauses, timezone_update
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS, Counts
from schedbot.store.operations import heartbeats
from schedbot.store.schedules import recurrences
from schedbot.store.sqlite.write_lock import process_lock

SLICE = 50  # recurrences in one transaction


@dataclass(frozen=True, slots=True)
class TickResult:
    """What one tick did: how many schedules came due, and how many occurrences went which way."""

    started_at: int
    schedules: int
    enqueued: int
    missed: int
    skipped: int
    took_ms: int


class TickAlreadyRuns(Exception):
    """Another tick is at it: there is nothing to do for this one."""


class DryRun(Exception):
    """Ends a transaction that was only to be looked at."""


def tick(session: Session, dry_run: bool = False, ahead_ms: int = LOOK_AHEAD_MS) -> TickResult:
    """Enqueue all that is due up to `ahead_ms` from now. Raises TickAlreadyRuns when one is running.

    With `dry_run` everything is computed as it would be and nothing is kept.
    """
    started_at = session.now()
    horizon = started_at + ahead_ms
    counts = Counts()
    if not dry_run:
        timezone_update.update_next_due(session.db, started_at)
    if nothing_due(session.db, horizon):
        if not dry_run:
            with session.db.writing():
                heartbeats.beat(session.db, "tick", "tick", started_at, started_at)
        return TickResult(started_at, 0, 0, 0, 0, session.now() - started_at)
    with process_lock(session.db, "tick") as is_alone:
        if not is_alone:
            raise TickAlreadyRuns
        if dry_run:
            try:
                with session.db.writing():
                    every_slice(session.db, started_at, horizon, counts)
                    raise DryRun
            except DryRun:
                pass
        else:
            in_slices(session, started_at, horizon, counts)
    took_ms = session.now() - started_at
    return TickResult(started_at, len(counts.schedules), counts.enqueued, counts.missed, counts.skipped, took_ms)


def nothing_due(db: Database, horizon: int) -> bool:
    """Is there neither an occurrence nor the end of a pause up to then? So it is for most ticks."""
    return not recurrences.list_due(db, horizon, 1) and not timed_pauses.has_ending(db, horizon)


def in_slices(session: Session, now: int, horizon: int, counts: Counts) -> None:
    """Slice after slice, each committed; the pools are told after each. The heartbeat goes with the first."""
    while True:
        with session.db.writing():
            heartbeats.beat(session.db, "tick", "tick", now, now)
            more = one_slice(session.db, now, horizon, counts)
        if counts.enqueued:
            session.db.wake()
        if not more:
            return


def every_slice(db: Database, now: int, horizon: int, counts: Counts) -> None:
    while one_slice(db, now, horizon, counts):
        pass


def one_slice(db: Database, now: int, horizon: int, counts: Counts) -> bool:
    """Enqueue what a few recurrences owe. Returns whether more may be due."""
    for schedule_id in timed_pauses.end_pauses(db, now, horizon):
        log.event("pause_ended", schedule=schedule_id)
    due = recurrences.list_due(db, horizon, SLICE)
    for found in due:
        if not advance.advance(db, found, now, horizon, counts):
            return True
    return len(due) == SLICE
