"""SQL that counts results: rows as those of `rollups`, of the table `results`.

Triggers (migration count_results) write a row for each result. Ticks add them to `rollups` (store.operations.
rollup_batches); until then they wait, and are counted by each reader.
"""

HOUR_MS = 3_600_000
SPAN_MS = 2_592_000_000  # 30 days

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

# Period, key and condition of each kind of count.
KINDS = {
    "hour": (f"due_at / {HOUR_MS}", "''", "schedule_id IS NOT NULL"),
    "schedule": (f"due_at / {SPAN_MS}", "schedule_id", "schedule_id IS NOT NULL"),
    "label": (f"due_at / {SPAN_MS}", "label", "schedule_id IS NOT NULL AND label IS NOT NULL"),
    "outcome": ("0", "workspace_id", "workspace_id IS NOT NULL"),
}
AFTER_SCHEDULE = f"(due_at / {SPAN_MS}, schedule_id) > "

AFTER_BATCH = "id > (SELECT last_id FROM rollup_batch)"
WAITING = dict.fromkeys(KINDS, AFTER_BATCH)
WAITING["schedule"] = f"({AFTER_BATCH} OR {AFTER_SCHEDULE} (SELECT period, key FROM rollup_batch))"


def counts_of(kind: str, condition: str) -> str:
    """Return the SELECT of the counts of one kind, of the results for which the condition holds."""
    period, key, of_kind = KINDS[kind]
    return f"""
SELECT '{kind}' AS kind, {period} AS period, {key} AS key, measure, {BUCKET_SQL.format("ms")} AS bucket,
       sum(step) AS count, sum(step * coalesce(ms, 0)) AS total_ms
  FROM results WHERE {of_kind} AND {condition}
 GROUP BY 2, 3, 4, 5 HAVING sum(step) <> 0 OR sum(step * coalesce(ms, 0)) <> 0
"""


def all_of(kind: str) -> str:
    """Return a subquery of all counts of one kind: those in `rollups`, and those of the results that wait."""
    return f"(SELECT * FROM rollups WHERE kind = '{kind}' UNION ALL {counts_of(kind, WAITING[kind])})"
