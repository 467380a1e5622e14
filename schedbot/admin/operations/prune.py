"""`prune`: delete old jobs in small transactions, beside a pool that posts, and give their space back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schedbot.clock import steady_ms
from schedbot.session import Session
from schedbot.store.operations import heartbeats, prune
from schedbot.store.operations.prune import PruneCounts, PruneRequest

LEAST, FIRST_LIMIT, MOST = 50, 100, 2_000  # rows of a table in one transaction
SLICE_MS = 15  # a pool waits at most about so long for a slice
PAGES = 100  # given back in one transaction
REST = 2  # beside a pool, pauses take this many times as long as slices
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PruneResult:
    """Numbers of deleted rows, and bytes that the disk has back."""

    jobs: int
    attempts: int
    changes: int
    freed_bytes: int


def ignore_progress(jobs: int) -> None:
    """Show no progress."""


def plan(session: Session, older_than_ms: int, keep_failed: bool) -> PruneResult:
    """Return what a prune would delete. The space is not known before."""
    counts = prune.count(session.db, PruneRequest(session.now() - older_than_ms, keep_failed))
    return PruneResult(counts.jobs, counts.attempts, counts.changes, 0)


def estimate(session: Session, older_than_ms: int) -> int:
    """Return how many jobs a prune would delete at most."""
    return prune.estimate(session.db, PruneRequest(session.now() - older_than_ms, keep_failed=False))


def carry_out(
    session: Session,
    older_than_ms: int,
    keep_failed: bool,
    within_ms: int | None = None,
    on_progress: Progress = ignore_progress,
) -> PruneResult:
    """Delete the jobs that were due longer ago. `within_ms`: stop after that time; a later prune goes on from there.

    `on_progress` is called with the number of rows that each slice has deleted.
    """
    last_cutoff = prune.get_last_cutoff(session.db)
    request = PruneRequest(session.now() - older_than_ms, keep_failed, last_cutoff)
    end_at = None if within_ms is None else steady_ms() + within_ms
    counts, limit = PruneCounts(next_due_at=0), FIRST_LIMIT
    for _ in iterate_with_pauses(session, end_at):
        with session.db.writing():
            started_at = steady_ms()
            part = prune.delete_slice(session.db, request, counts.next_due_at or 0, limit, session.now())
            duration_ms = steady_ms() - started_at
        counts = counts.plus(part)
        on_progress(part.jobs)
        if part.next_due_at is None:
            break
        limit = next_limit(limit, duration_ms)
    return PruneResult(counts.jobs, counts.attempts, counts.changes, free(session, end_at))


def free(session: Session, end_at: int | None) -> int:
    """Give free pages back to the disk until none is left or the time is over. Returns the bytes."""
    total = 0
    for _ in iterate_with_pauses(session, end_at):
        with session.db.writing():
            size = session.db.shrink(PAGES)
        total += size
        if not size:
            break
    return total


def iterate_with_pauses(session: Session, end_at: int | None) -> Iterator[None]:
    """Yield until the time is over. Beside a pool it pauses after each turn, so that the pool writes between them."""
    has_pool = heartbeats.is_pool_alive(session.db, session.now())
    while end_at is None or steady_ms() < end_at:
        started_at = steady_ms()
        yield
        if has_pool:
            time.sleep(REST * max(1, steady_ms() - started_at) / 1000)


def next_limit(limit: int, duration_ms: int) -> int:
    """Return the rows of the next slice, so that it takes about SLICE_MS."""
    if duration_ms > SLICE_MS:
        return max(LEAST, limit // 2)
    return min(MOST, limit * 2) if duration_ms < SLICE_MS // 3 else limit
