"""Statements that read the counts of results, also of pruned jobs and of results that no tick has added yet.

Counts of schedules and errors are in spans of 30 days: of a span that begins before `since`, the jobs themselves are
counted, as long as they are not pruned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

from schedbot.store.database import Database
from schedbot.store.history.result_counts import BUCKET_SQL, HOUR_MS, SPAN_MS, all_of
from schedbot.store.operations import prune

Key = TypeVar("Key", int, str)
# Key, measure, bucket of milliseconds (-1: none) and number of results. Plain tuples: there may be a million of them.
ResultCount = tuple[Key, str, int, int]

BY_HOUR = f"SELECT period * {HOUR_MS} AS at, measure, bucket, count FROM {all_of('hour')} WHERE period >= :hour"

VERSION = "JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version"
REPORT = "CASE v.report_kind WHEN 'text' THEN 'text' ELSE v.report_source END"
# Keys of the schedules as they are now.
KEYS = {
    "account": "SELECT s.id, s.account FROM schedules s",
    "workspace": "SELECT s.id, w.name FROM schedules s JOIN workspaces w ON w.id = s.workspace_id",
    "channel": f"SELECT s.id, v.channel FROM schedules s {VERSION}",
    "schedule": "SELECT s.id, s.name FROM schedules s",
    "report": f"SELECT s.id, {REPORT} FROM schedules s {VERSION}",
}

MEASURE = "CASE j.state WHEN 'succeeded' THEN 'posts' ELSE j.state END"
COUNTED = "j.state IN ('succeeded', 'failed', 'missed') AND j.kind <> 'test'"
IN_TIME = "j.due_at >= :since AND j.due_at < :bound"
LATENESS = BUCKET_SQL.format("j.lateness_ms")
RENDERING = BUCKET_SQL.format("a.render_ms")
# The attempt `a`, after another one (`b`) of the same part.
RETRIES = f"""
  FROM jobs j CROSS JOIN attempts a ON a.job_id = j.id AND a.number > 1 AND a.ended_at IS NOT NULL
  CROSS JOIN attempts b ON b.job_id = j.id AND b.number = a.number - 1 AND b.part = a.part
 WHERE {IN_TIME} AND j.kind <> 'test'
"""

# Counts of one schedule come in several rows. Those of closed spans, which are most, are read in their order.
OF_ALL_TIME = f"""
SELECT key, measure, bucket, count FROM closed_totals
UNION ALL
SELECT key, measure, bucket, count FROM {all_of("schedule")}
"""
# Jobs of the span in which :since lies; none if that span is counted whole.
BY_SCHEDULE = f"""
SELECT key, measure, bucket, sum(count) FROM closed_rollups WHERE period >= :span GROUP BY 1, 2, 3
UNION ALL
SELECT key, measure, bucket, count FROM {all_of("schedule")} WHERE period >= :span
UNION ALL
SELECT j.schedule_id, {MEASURE}, CASE j.state WHEN 'succeeded' THEN {LATENESS} ELSE -1 END, 1
  FROM jobs j WHERE {IN_TIME} AND {COUNTED}
UNION ALL
SELECT m.schedule_id, 'missed', -1, sum(m.count)
  FROM missed_spans m WHERE m.last_due_at >= :since AND m.last_due_at < :bound GROUP BY 1
UNION ALL
SELECT j.schedule_id, 'render', {RENDERING}, count(*)
  FROM jobs j CROSS JOIN attempts a ON a.job_id = j.id
 WHERE {IN_TIME} AND j.kind <> 'test' AND a.ended_at IS NOT NULL AND a.render_ms IS NOT NULL
   AND j.schedule_id IN (SELECT schedule_id FROM schedule_versions WHERE report_kind <> 'text') GROUP BY 1, 3
UNION ALL
SELECT j.schedule_id, 'retried', -1, count(*)
  {RETRIES} GROUP BY 1
"""

BY_ERROR = f"""
SELECT key, measure, -1 AS bucket, sum(count) AS count
  FROM (SELECT key, measure, count FROM {all_of("label")} WHERE period >= :span AND measure <> 'render'
        UNION ALL
        SELECT j.error, j.state, count(*) FROM jobs j
         WHERE {IN_TIME} AND {COUNTED} AND j.state <> 'succeeded' AND j.error IS NOT NULL GROUP BY 1, 2
        UNION ALL
        SELECT m.reason, 'missed', sum(m.count)
          FROM missed_spans m WHERE m.last_due_at >= :since AND m.last_due_at < :bound GROUP BY 1
        UNION ALL
        SELECT coalesce(b.error, b.outcome), 'retried', count(*)
          {RETRIES} GROUP BY 1)
 GROUP BY 1, 2
"""

OUTCOMES = f"""
SELECT w.name AS workspace, r.measure AS outcome, sum(r.count) AS count
  FROM {all_of("outcome")} r JOIN workspaces w ON w.id = r.key
 GROUP BY w.id, 2
 ORDER BY 1, 2
"""

LATENESS_TOTALS = f"""
SELECT '' AS key, bucket, sum(count) AS count, sum(total_ms) AS total_ms
  FROM {all_of("hour")} WHERE measure = 'posts' AND bucket >= 0
 GROUP BY 2
"""
RENDER_TOTALS = f"""
SELECT key, bucket, sum(count) AS count, sum(total_ms) AS total_ms
  FROM {all_of("label")} WHERE measure = 'render' AND bucket >= 0
 GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """Number of ended attempts of a workspace with an outcome."""

    workspace: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class BucketTotal:
    """Number of durations in a bucket, and their sum. `key`: the report, or ''."""

    key: str
    bucket: int
    count: int
    total_ms: int


def count_by_hour(db: Database, since: int) -> Iterator[ResultCount[int]]:
    """Yield the counts of each hour from the one of `since` on, by its first instant."""
    yield from cast("Iterator[ResultCount[int]]", db.select(BY_HOUR, {"hour": since // HOUR_MS}).rows)


def count_by_schedule(db: Database, since: int) -> Iterator[ResultCount[str]]:
    """Yield the counts since then by the id of the schedule. `since` 0: of all time."""
    result = db.select(BY_SCHEDULE, find_bounds(db, since)) if since else db.select(OF_ALL_TIME)
    yield from cast("Iterator[ResultCount[str]]", result.rows)


def count_by_error(db: Database, since: int) -> Iterator[ResultCount[str]]:
    """Yield the counts since then by error."""
    yield from cast("Iterator[ResultCount[str]]", db.select(BY_ERROR, find_bounds(db, since)).rows)


def list_keys(db: Database, by: str) -> dict[str, str]:
    """Return the key of each schedule by its id. `by`: a name of KEYS."""
    return dict(cast("Iterator[tuple[str, str]]", db.select(KEYS[by]).rows))


def find_bounds(db: Database, since: int) -> dict[str, int]:
    """Return the bindings of a count since then."""
    return bounds(since, prune.get_pruned_until(db))


def bounds(since: int, pruned_until: int | None) -> dict[str, int]:
    """Return the first span that is counted whole, and the time before it in which jobs are counted."""
    span = -(-since // SPAN_MS)
    if pruned_until is not None and since < pruned_until:
        return {"span": since // SPAN_MS, "since": since, "bound": since}
    return {"span": span, "since": since, "bound": span * SPAN_MS}


def is_rounded(db: Database, since: int) -> bool:
    """Does a count by key begin before `since`, at the start of its span, because jobs since then are pruned?"""
    pruned_until = prune.get_pruned_until(db)
    return pruned_until is not None and since < pruned_until and since % SPAN_MS > 0


def list_outcomes(db: Database) -> list[OutcomeCount]:
    """Return the number of attempts by workspace and outcome."""
    return db.all(OutcomeCount, OUTCOMES)


def list_lateness(db: Database) -> list[BucketTotal]:
    """Return the lateness of all posts."""
    return db.all(BucketTotal, LATENESS_TOTALS)


def list_renderings(db: Database) -> list[BucketTotal]:
    """Return the rendering time of all named reports, by report."""
    return db.all(BucketTotal, RENDER_TOTALS)
