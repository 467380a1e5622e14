"""Turn due recurrences into jobs: cron runs a tick every minute. More ticks, also at the same time, do no harm.

A tick finds due work by recurrence, not by schedule, and looks ahead, so that jobs are in the table before they are
due. It commits in slices, each complete in itself: a tick that is killed leaves whole occurrences behind, and the next
one goes on from there.
"""

from schedbot import log, times
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import (
    clock_correction,
    enqueue_due,
    enqueue_together,
    pause_all_end,
    timed_pauses,
    timezone_update,
)
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Counts
from schedbot.store.operations import heartbeats, idle_tick, ownership
from schedbot.store.operations.idle_tick import TickResult as TickResult
from schedbot.store.schedules import pauses_of_all, recurrences
from schedbot.store.sqlite.write_lock import process_lock

SLICE = 1_000  # recurrences in one transaction, if they have few schedules
ALONE = 50  # of these, recurrences that are not simple


class TickAlreadyRuns(Exception):
    """Another tick runs: this one has nothing to do."""


class DryRun(Exception):
    """Rolls back the transaction of a dry run."""


def tick(session: Session, dry_run: bool = False, ahead_ms: int = LOOK_AHEAD_MS) -> TickResult:
    """Enqueue all occurrences that are due up to `ahead_ms` from now. Raises TickAlreadyRuns, DatabaseLost.

    With `dry_run` the same is computed, and nothing is kept.
    """
    started_at = session.now()
    horizon = started_at + ahead_ms
    counts = Counts()
    if dry_run or not idle_tick.beat(session.db, started_at, horizon):
        enqueue_all(session, dry_run, started_at, horizon, counts)
    took_ms = session.now() - started_at
    return TickResult(
        started_at, len(counts.schedules) + counts.others, counts.enqueued, counts.missed, counts.skipped, took_ms
    )


def enqueue_all(session: Session, dry_run: bool, started_at: int, horizon: int, counts: Counts) -> None:
    """Do the work of a tick that is not idle. Raises TickAlreadyRuns."""
    ownership.ensure(session.db, dry_run=dry_run)
    is_clock_back = heartbeats.find_ahead(session.db, started_at) is not None
    if not dry_run and not is_clock_back:
        timezone_update.update_next_due(session.db, started_at)
    if not is_clock_back and not idle_tick.is_anything_due(session.db, started_at, horizon):
        if not dry_run:
            with session.db.writing():
                heartbeats.beat_tick(session.db, started_at)
        return
    with process_lock(session.db, "tick") as is_alone:
        if not is_alone:
            raise TickAlreadyRuns
        if dry_run:
            try:
                with session.db.writing():
                    put_clock_right(session.db, started_at)
                    run_all_slices(session.db, started_at, horizon, counts)
                    raise DryRun
            except DryRun:
                pass
        else:
            if is_clock_back:
                with session.db.writing():
                    put_clock_right(session.db, started_at)
                timezone_update.update_next_due(session.db, started_at)
            commit_slices(session, started_at, horizon, counts)


def put_clock_right(db: Database, now: int) -> None:
    """Correct what was written while the clock was ahead, if it was. Inside a transaction."""
    ahead_at = heartbeats.find_ahead(db, now)
    if ahead_at is None:
        return
    since = heartbeats.take_back_ahead(db, now)
    clock_correction.correct(db, since, now)
    clock_correction.record(db, ahead_at, now)
    log.event("clock_was_ahead", "warning", by_ms=ahead_at - now, since=times.to_rfc3339(since))


def commit_slices(session: Session, now: int, horizon: int, counts: Counts) -> None:
    """Run slices until nothing is due, each in its own transaction, and wake the pools after each."""
    while True:
        with session.db.writing():
            heartbeats.beat_tick(session.db, now)
            has_more = run_slice(session.db, now, horizon, counts)
        if counts.enqueued:
            session.db.wake()
        if not has_more:
            return


def run_all_slices(db: Database, now: int, horizon: int, counts: Counts) -> None:
    while run_slice(db, now, horizon, counts):
        pass


def run_slice(db: Database, now: int, horizon: int, counts: Counts) -> bool:
    """Enqueue the due occurrences of some recurrences. Returns whether more may be due."""
    if pause_all_end.settle(db, now):
        log.event("pause_of_all_ended")
    for schedule_id in timed_pauses.end_pauses(db, now):
        log.event("pause_ended", schedule=schedule_id)
    pause = pauses_of_all.get_open(db)
    if pause is None:
        timed_pauses.enqueue_ahead(db, now, 0, horizon, counts)
        return advance_slice(db, now, horizon, counts)
    if pass_by_slice(db, now, counts):
        return True
    if pause.paused_until is None or pause.paused_until > horizon:
        return False
    return enqueue_after_pause(db, now, pause.paused_until, horizon, counts)


def advance_slice(db: Database, now: int, horizon: int, counts: Counts) -> bool:
    """Enqueue the occurrences of the first due recurrences: of the simple ones together, of each other by itself."""
    due = recurrences.list_due(db, horizon, SLICE)
    fitting = enqueue_together.fit_rows(db, due)
    others = enqueue_together.enqueue_simple(db, fitting, now, horizon, counts)
    for recurrence in others[:ALONE]:
        if not enqueue_due.move_on(db, recurrence, now, horizon, counts):
            return True
    return len(due) == SLICE or len(fitting) < len(due) or len(others) > ALONE


def pass_by_slice(db: Database, now: int, counts: Counts) -> bool:
    """Move the first due recurrences on without jobs: all schedules are paused."""
    due = recurrences.list_due(db, now, SLICE)
    for recurrence in due:
        enqueue_due.advance(db, recurrence, now, now, counts)
    return len(due) == SLICE


def enqueue_after_pause(db: Database, now: int, posts_from: int, horizon: int, counts: Counts) -> bool:
    """Enqueue what is due soon after the end of the pause of all schedules, which stays on until then.

    A recurrence that is due before that end too waits for the next tick: a person may end the pause earlier.
    """
    pause_all_end.requeue_deferred(db, posts_from - 1)
    timed_pauses.enqueue_ahead(db, now, posts_from, horizon, counts)
    due = recurrences.list_due(db, horizon, ALONE, since=posts_from)
    for recurrence in due:
        if not enqueue_due.move_on(db, recurrence, now, horizon, counts):
            return True
    return len(due) == ALONE
