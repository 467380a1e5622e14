"""Statements that move the counts of schedules in spans that are over to tables of their own, a slice at a time.

A result that comes later, such as that of a retry, is counted in `rollups` again and moved again: counts are sums.
"""

from schedbot.store.database import Database
from schedbot.store.history.result_counts import SPAN_MS

WAIT_MS = 86_400_000  # after the end of a span, when most of its jobs have ended

CLOSED = (
    "FROM rollups WHERE kind = 'schedule' AND period < :open ORDER BY kind, period, key, measure, bucket LIMIT :limit"
)
COPY = f"""
INSERT INTO closed_rollups (key, measure, bucket, period, count)
SELECT key, measure, bucket, period, count {CLOSED}
ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
ADD = f"""
INSERT INTO closed_totals (key, measure, bucket, count)
SELECT key, measure, bucket, sum(count)
  FROM (SELECT key, measure, bucket, count {CLOSED}) WHERE true GROUP BY key, measure, bucket
ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
DELETE = f"""
DELETE FROM rollups
 WHERE (kind, period, key, measure, bucket) IN (SELECT kind, period, key, measure, bucket {CLOSED})
"""


def move_slice(db: Database, now: int, limit: int) -> int:
    """Move the counts of at most `limit` rows. Returns their number. Inside a transaction."""
    bindings = {"open": (now - WAIT_MS) // SPAN_MS, "limit": limit}
    if not db.execute(COPY, bindings):
        return 0
    db.execute(ADD, bindings)
    return db.execute(DELETE, bindings)
