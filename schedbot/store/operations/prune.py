"""Statements of `prune`: delete settled jobs with all that belongs to them, a slice in each transaction.

Jobs that are open, of unknown outcome or held stay, and the last post of each schedule: reports on the time since the
last post begin there. The table `prunes` has the numbers of deleted rows. Its column `is_deleting` is set while a
slice deletes.
"""

import json
from dataclasses import dataclass

from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.schedules.job_days import DAY_MS, ON_ANY_DAY, day_of
from schedbot.store.sqlite.chain_entries import SETTLED_STATES

CHILDREN = ("lookups", "message_parts", "message_files", "attempts")

PRUNABLE = f"""
       j.due_at >= :since AND j.due_at < :cutoff AND coalesce(j.deferred_to, 0) < :cutoff
   AND j.state IN {SETTLED_STATES}
   AND NOT (j.state = 'failed' AND :keep_failed)
   AND (j.state <> 'succeeded'
        OR (SELECT n.id FROM jobs n
             WHERE n.{ON_ANY_DAY} AND n.schedule_id = j.schedule_id AND n.due_at > j.due_at AND n.state = 'succeeded'
             ORDER BY n.day DESC, n.due_at DESC LIMIT 1) IS NOT NULL)
"""

SELECT = f"SELECT j.id, j.due_at FROM jobs j WHERE {PRUNABLE} ORDER BY j.due_at LIMIT :limit"
COUNT_JOBS = f"SELECT count(*) FROM jobs j WHERE {PRUNABLE}"
COUNT_ATTEMPTS = f"SELECT count(*) FROM jobs j JOIN attempts a ON a.job_id = j.id WHERE {PRUNABLE}"

# Jobs of that time, prunable or not: read from an index alone.
COUNT_OLD = "SELECT count(*) FROM jobs WHERE due_at < :cutoff"

COUNT_SPANS = "SELECT count(*) FROM missed_spans WHERE last_due_at < :cutoff"
DELETE_SPANS = """
DELETE FROM missed_spans
 WHERE id IN (SELECT id FROM missed_spans WHERE first_due_at < :cutoff AND last_due_at < :cutoff LIMIT :limit)
RETURNING id
"""

DELETE_DAYS = f"""
DELETE FROM job_days
 WHERE day < {day_of(":cutoff")} AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.day = job_days.day)
"""

# Prunes of one day share a row.
BEGIN = """
UPDATE prunes SET is_deleting = 1 WHERE id = (SELECT max(id) FROM prunes) AND pruned_at / :day_ms = :now / :day_ms
   AND keeps_failed = :keep_failed
"""
BEGIN_FIRST = """
INSERT INTO prunes (pruned_at, older_than, keeps_failed, is_deleting) VALUES (:now, :cutoff, :keep_failed, 1)
"""
END = """
UPDATE prunes
   SET is_deleting = 0, pruned_at = :now, older_than = max(older_than, :cutoff), jobs = jobs + :jobs,
       attempts = attempts + :attempts, changes = changes + :changes
 WHERE is_deleting = 1
"""

LAST_CUTOFF = "SELECT max(older_than) FROM prunes"
PRUNED_UNTIL = "SELECT max(older_than) FROM prunes WHERE jobs > 0"


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Jobs to delete: those due before `cutoff`. `last_cutoff`: of the prunes before; None without one."""

    cutoff: int
    keep_failed: bool
    last_cutoff: int | None = None


@dataclass(frozen=True, slots=True)
class PrunableJob:
    """A job that may be deleted."""

    id: int
    due_at: int


@dataclass(frozen=True, slots=True)
class PruneCounts:
    """Numbers of deleted rows. `next_due_at`: jobs due before that instant are done; None: there are no more."""

    jobs: int = 0
    attempts: int = 0
    changes: int = 0
    next_due_at: int | None = None

    def plus(self, other: "PruneCounts") -> "PruneCounts":
        """Return the sums, with the progress of the other."""
        return PruneCounts(
            self.jobs + other.jobs, self.attempts + other.attempts, self.changes + other.changes, other.next_due_at
        )


def count(db: Database, request: PruneRequest) -> PruneCounts:
    """Return how many rows a prune would delete."""
    bindings = {"cutoff": request.cutoff, "keep_failed": request.keep_failed, "since": 0}
    with db.reading():
        jobs = db.integer(COUNT_JOBS, bindings) + db.integer(COUNT_SPANS, {"cutoff": request.cutoff})
        return PruneCounts(jobs, db.integer(COUNT_ATTEMPTS, bindings), changes.count_of_jobs(db, PRUNABLE, bindings))


def estimate(db: Database, request: PruneRequest) -> int:
    """Return how many rows a prune would delete at most, without counting them."""
    return db.integer(COUNT_OLD, {"cutoff": request.cutoff}) + db.integer(COUNT_SPANS, {"cutoff": request.cutoff})


def delete_slice(db: Database, request: PruneRequest, since: int, limit: int, now: int) -> PruneCounts:
    """Delete at most `limit` jobs due from `since` on, and as many spans and changes. Inside a transaction."""
    bindings = {"cutoff": request.cutoff, "keep_failed": request.keep_failed, "now": now, "day_ms": DAY_MS}
    if not db.execute(BEGIN, bindings):
        db.execute(BEGIN_FIRST, bindings)
    jobs = db.all(PrunableJob, SELECT, {**bindings, "since": since, "limit": limit})
    ids = json.dumps([job.id for job in jobs])
    deleted = 0
    for table in CHILDREN:
        deleted = db.execute(f"DELETE FROM {table} WHERE job_id IN (SELECT value FROM json_each(:ids))", {"ids": ids})
    db.execute("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(:ids))", {"ids": ids})
    db.execute(DELETE_DAYS, {"cutoff": request.cutoff})
    spans = db.integers(DELETE_SPANS, {"cutoff": request.cutoff, "limit": limit})
    deleted_changes = changes.delete_of(db, "job", ids, request.cutoff)
    deleted_changes += changes.delete_of(db, "missed", json.dumps(spans), request.cutoff)
    orphans = 0
    if request.last_cutoff is not None:
        orphans = changes.delete_orphans(db, request.last_cutoff, request.cutoff, limit)
    is_more = limit in (len(jobs), len(spans), orphans)
    next_due_at = (jobs[-1].due_at if jobs else request.cutoff) if is_more else None
    counts = PruneCounts(len(jobs) + len(spans), deleted, deleted_changes + orphans, next_due_at)
    totals = {"jobs": counts.jobs, "attempts": counts.attempts, "changes": counts.changes}
    db.execute(END, {"now": now, "cutoff": request.cutoff, **totals})
    return counts


def get_last_cutoff(db: Database) -> int | None:
    """Return the instant up to which the prunes before went; None without one."""
    return db.integer_or_none(LAST_CUTOFF)


def get_pruned_until(db: Database) -> int | None:
    """Return the instant before which jobs may have been deleted; None before the first prune."""
    return db.integer_or_none(PRUNED_UNTIL)
