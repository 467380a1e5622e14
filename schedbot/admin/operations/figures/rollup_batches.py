"""Add the results that wait to the roll-ups, beside a pool that posts."""

from collections.abc import Iterator

from schedbot.admin.operations.prune import FIRST_LIMIT, iterate_with_pauses, next_limit
from schedbot.clock import steady_ms
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.operations import rollup_batches
from schedbot.store.operations.idle_tick import MANY_RESULTS, has_results


def add_results(session: Session, within_ms: int, least: int = MANY_RESULTS) -> None:
    """Add results for `within_ms` at most, while at least so many wait. A later call goes on from there."""
    turns = iterate_with_pauses(session, steady_ms() + within_ms)
    while has_results(session.db, least) and add_batch(session.db, turns):
        pass


def add_batch(db: Database, turns: Iterator[None]) -> bool:
    """Add a batch, a step in each turn. Returns False where the turns end before it, or another tick adds it."""
    batch, limit = rollup_batches.prepare(db), FIRST_LIMIT
    for _ in turns:
        try:
            with db.writing():
                started_at = steady_ms()
                moved = rollup_batches.move_on(db, batch, limit)
                duration_ms = steady_ms() - started_at
        except rollup_batches.OtherTick:
            return False
        if moved is None:
            return True
        batch, limit = moved, next_limit(limit, duration_ms)
    return False
