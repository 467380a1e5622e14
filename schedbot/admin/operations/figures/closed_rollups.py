"""Move the counts of spans that are over to where `stats` reads them without sorting, beside a pool that posts."""

from schedbot.admin.operations.prune import iterate_with_pauses
from schedbot.clock import steady_ms
from schedbot.session import Session
from schedbot.store.operations import closed_rollups

LIMIT = 500  # rows in one transaction: some milliseconds


def close_spans(session: Session, within_ms: int) -> int:
    """Move the counts of spans that are over, for `within_ms` at most. Returns the number of rows."""
    total = 0
    for _ in iterate_with_pauses(session, steady_ms() + within_ms):
        with session.db.writing():
            moved = closed_rollups.move_slice(session.db, session.now(), LIMIT)
        total += moved
        if moved < LIMIT:
            break
    return total
