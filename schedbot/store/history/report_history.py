"""Use of named reports: their schedules, the last attempt with each, and how long rendering took."""

from dataclasses import dataclass

from schedbot.store.database import Database

RECENT = 1_000  # attempts that the percentile is taken of

SCHEDULES = """
SELECT count(*)
  FROM schedule_versions v JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
 WHERE v.report_kind = 'named' AND v.report_source = :report AND s.state <> 'removed'
"""

LAST = """
SELECT started_at, outcome FROM attempts WHERE report = :report ORDER BY started_at DESC LIMIT 1
"""

# Nearest rank: the smallest value that at least 95 % of the recent ones do not exceed.
P95 = """
SELECT render_ms
  FROM (SELECT render_ms, row_number() OVER (ORDER BY render_ms) AS rank, count(*) OVER () AS total
          FROM (SELECT render_ms FROM attempts
                 WHERE report = :report AND render_ms IS NOT NULL
                 ORDER BY started_at DESC LIMIT :recent))
 WHERE rank >= 0.95 * total
 ORDER BY rank LIMIT 1
"""

NAMES = """
SELECT DISTINCT v.report_source
  FROM schedule_versions v JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
 WHERE v.report_kind = 'named' AND s.state <> 'removed'
 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The last attempt with a report. `outcome` None: it has not ended."""

    started_at: int
    outcome: str | None


def count_schedules(db: Database, report: str) -> int:
    """Return the number of schedules with this report."""
    return db.integer(SCHEDULES, {"report": report})


def find_last(db: Database, report: str) -> LastAttempt | None:
    """Return the last attempt with this report, or None."""
    return db.first(LastAttempt, LAST, {"report": report})


def find_p95_ms(db: Database, report: str) -> int | None:
    """Return the 95th percentile of the time that rendering took, of recent attempts, or None."""
    return db.integer_or_none(P95, {"report": report, "recent": RECENT})


def list_names(db: Database) -> list[str]:
    """Return the names of all reports that schedules have."""
    return db.texts(NAMES)
