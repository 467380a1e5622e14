"""Count the results of many attempts by one statement, where the triggers would write several rows for each.

The triggers (migration count_results) count the results of all other writers. The counts are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from schedbot.store.database import Database

# Bucket of a value in the column {0}, as in rules/histogram.py; -1 for null.
BUCKET_SQL = " ".join(
    [
        "CASE WHEN {0} IS NULL THEN -1 WHEN {0} < 0 THEN 0 WHEN {0} < 10 THEN {0}",
        *(
            f"WHEN {{0}} < {2 * ten} THEN {{0}} / {ten // 5} * {ten // 5} "
            f"WHEN {{0}} < {5 * ten} THEN {{0}} / {ten // 2} * {ten // 2} "
            f"WHEN {{0}} < {10 * ten} THEN {{0}} / {ten} * {ten}"
            for ten in (10**power for power in range(1, 7))
        ),
        "ELSE {0} / 10000000 * 10000000 END",
    ]
)

# While the row is there, the triggers count no ends. It never outlives its transaction.
BEGIN = "INSERT INTO counts_together (id) VALUES (1)"
END = "DELETE FROM counts_together"

# Jobs whose last attempt has just ended, as a JSON array of numbers.
COUNT = f"""
WITH ended AS MATERIALIZED (
  SELECT j.id, j.schedule_id, j.due_at, j.kind, j.state, j.error, j.lateness_ms, a.workspace_id, a.number, a.part,
         a.outcome, a.render_ms, a.report
    FROM json_each(:ids) e
    CROSS JOIN jobs j ON j.id = e.value
    CROSS JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
), results (schedule_id, due_at, measure, ms, label) AS (
  SELECT schedule_id, due_at, 'posts', lateness_ms, NULL FROM ended WHERE state = 'succeeded' AND kind <> 'test'
  UNION ALL
  SELECT schedule_id, due_at, state, NULL, error FROM ended WHERE state IN ('failed', 'missed') AND kind <> 'test'
  UNION ALL
  SELECT schedule_id, due_at, 'render', render_ms, report FROM ended WHERE render_ms IS NOT NULL AND kind <> 'test'
  UNION ALL
  SELECT e.schedule_id, e.due_at, 'retried', NULL, coalesce(a.error, a.outcome)
    FROM ended e CROSS JOIN attempts a ON a.job_id = e.id AND a.number = e.number - 1 AND a.part = e.part
   WHERE e.number > 1 AND e.kind <> 'test'
), counted AS MATERIALIZED (
  SELECT due_at, schedule_id, measure, label, {BUCKET_SQL.format("ms")} AS bucket, coalesce(ms, 0) AS ms FROM results
)
INSERT INTO rollups (kind, period, key, measure, bucket, count, total_ms)
SELECT 'schedule', due_at / 2592000000, schedule_id, measure, bucket, 1, ms FROM counted
UNION ALL
SELECT 'hour', due_at / 3600000, '', measure, bucket, count(*), sum(ms) FROM counted
 GROUP BY due_at / 3600000, measure, bucket
UNION ALL
SELECT 'label', due_at / 2592000000, label, measure, bucket, count(*), sum(ms) FROM counted WHERE label IS NOT NULL
 GROUP BY due_at / 2592000000, label, measure, bucket
UNION ALL
SELECT 'outcome', 0, workspace_id, outcome, -1, count(*), 0 FROM ended GROUP BY workspace_id, outcome
ON CONFLICT DO UPDATE SET count = count + excluded.count, total_ms = total_ms + excluded.total_ms
"""


@contextmanager
def counting_together(db: Database) -> Iterator[None]:
    """Let the block end attempts whose results `count` counts. Inside a transaction, which an error undoes."""
    db.execute(BEGIN)
    yield
    db.execute(END)


def count(db: Database, ids: str) -> None:
    """Count the ends of the last attempts of jobs, and what these jobs came to. `ids`: a JSON array of job numbers."""
    db.execute(COUNT, {"ids": ids})
