"""Last result of schedules: the newest job that is neither queued nor running, or the newest missed span.

A test post is no result. Each schedule is looked up by its index, so a listing costs the same with millions of jobs.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from schedbot.model import JobState
from schedbot.store.database import Database
from schedbot.store.schedules.job_days import ON_ANY_DAY

LAST = f"""
SELECT ids.value AS schedule_id, j.due_at, j.state, j.error
  FROM json_each(:ids) AS ids
 CROSS JOIN jobs j ON j.id = (SELECT l.id FROM jobs l
                               WHERE l.{ON_ANY_DAY} AND l.schedule_id = ids.value AND l.due_at <= :now
                                 AND l.state NOT IN ('queued', 'running') AND l.kind <> 'test'
                               ORDER BY l.day DESC, l.due_at DESC LIMIT 1)
 UNION ALL
SELECT m.schedule_id, m.last_due_at, 'missed', m.reason
  FROM json_each(:ids) AS ids
 CROSS JOIN missed_spans m ON m.id = (SELECT n.id FROM missed_spans n WHERE n.schedule_id = ids.value
                                       ORDER BY n.first_due_at DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class LastResult:
    """State of the last occurrence that has a result, with its error."""

    schedule_id: str
    due_at: int
    state: JobState
    error: str | None


def by_schedule(db: Database, schedule_ids: Iterable[str], now: int) -> dict[str, LastResult]:
    """Return the last result of each schedule that has one."""
    results: dict[str, LastResult] = {}
    for result in db.each(LastResult, LAST, {"ids": json.dumps(list(schedule_ids)), "now": now}):
        known = results.get(result.schedule_id)
        if known is None or result.due_at > known.due_at:
            results[result.schedule_id] = result
    return results
