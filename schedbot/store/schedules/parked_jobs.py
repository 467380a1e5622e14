"""Parked jobs: those of a paused workspace wait in the queue, and no pool claims them.

Rule: grace runs while a person pauses a workspace, and stands still while a refused token does. Then the jobs whose
grace ended during the pause follow the misfire policy of their schedule: `latest` sends the newest one, unless a newer
one is sent anyway, `all` sends each, `skip` none. A job that a person requested is always sent.
Instants are UTC milliseconds.
"""

import json
from dataclasses import dataclass

from schedbot.model import JobState
from schedbot.rules.lifecycle import Event, after
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.store.database import Database
from schedbot.store.schedules.job_days import ON_OPEN_DAYS

RELEASED = after(JobState.RUNNING, Event.RELEASED)
FAILED = after(JobState.QUEUED, Event.EXPIRED)
MISSED = after(JobState.QUEUED, Event.EXPIRED_UNTRIED)

PARK = "UPDATE jobs SET parked = 1 WHERE workspace_id = :id AND state = 'queued' AND parked = 0"

# A running job that was not sent loses its fencing token, so its pool can neither send nor settle it.
TAKE_BACK = """
UPDATE jobs SET state = :released, parked = 1, token = NULL, lease_until = NULL
 WHERE workspace_id = :id AND state = 'running'
   AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.job_id = jobs.id AND a.ended_at IS NULL AND a.sent_at IS NOT NULL)
"""

# A job of unknown outcome may be sent again after its look-up, so its grace is restarted too.
RESTART_GRACE = f"""
UPDATE jobs SET deadline_at = restarted.deadline_at
  FROM (SELECT j.id AS id, :now + CASE WHEN j.is_requested THEN max(v.grace_ms, :min_grace_ms) ELSE v.grace_ms END
               AS deadline_at
          FROM jobs j
          JOIN schedules s ON s.id = j.schedule_id
          JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         WHERE j.id IN (SELECT id FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1
                        UNION ALL SELECT id FROM jobs
                         WHERE {ON_OPEN_DAYS} AND schedule_id = :schedule_id AND state = 'queued'
                        UNION ALL SELECT id FROM jobs WHERE workspace_id = :id AND state = 'unknown')
           AND j.workspace_id = :id AND j.deadline_at >= :paused_at
           AND (:schedule_id IS NULL OR j.schedule_id = :schedule_id)
           AND (j.deadline_at >= :now OR j.state = 'unknown' OR j.kind <> 'scheduled' OR j.is_requested
                OR v.misfire = 'all'
                OR (v.misfire = 'latest'
                    AND NOT EXISTS (SELECT 1 FROM jobs n
                                     WHERE n.{ON_OPEN_DAYS} AND n.schedule_id = j.schedule_id
                                       AND n.due_at > j.due_at AND n.state = 'queued' AND n.kind = 'scheduled'
                                       AND coalesce(n.deferred_to, n.due_at) <= :now)))) AS restarted
 WHERE jobs.id = restarted.id AND jobs.deadline_at < restarted.deadline_at
"""

# Those that a pause of all called off are not queued again, but a person may retry them.
RESTART_GRACE_OF_CALLED_OFF = """
UPDATE jobs SET deadline_at = max(deadline_at, :now + v.grace_ms)
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.id = jobs.schedule_id AND jobs.workspace_id = :id AND jobs.deadline_at >= :paused_at
   AND jobs.state = 'cancelled' AND jobs.cancel_reason = 'all_paused'
   AND (:schedule_id IS NULL OR jobs.schedule_id = :schedule_id)
"""

# One second apart within a channel, and four a millisecond, so that they do not go before other workspaces' jobs.
UNPARK = """
UPDATE jobs SET parked = 0, available_at = spaced.free_at
  FROM (SELECT j.id AS id,
               max(j.available_at,
                   :now + 1000 * (row_number() OVER (PARTITION BY v.channel ORDER BY j.due_at, j.id) - 1)
                        + (row_number() OVER (ORDER BY j.due_at, j.id) - 1) / 4) AS free_at
          FROM jobs j
          JOIN schedules s ON s.id = j.schedule_id
          JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         WHERE j.workspace_id = :id AND j.state = 'queued' AND j.parked = 1 AND j.deadline_at > :now) AS spaced
 WHERE jobs.id = spaced.id
RETURNING id
"""

# Jobs that stayed parked because their grace is over, and jobs whose turn in their channel comes after it.
EXPIRE = """
UPDATE jobs SET state = CASE WHEN attempts = 0 THEN :missed ELSE :failed END, error = 'deadline', parked = 0
 WHERE state = 'queued' AND (parked = 1 OR deadline_at < available_at)
   AND id IN (SELECT id FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1
              UNION ALL SELECT value FROM json_each(:unparked))
RETURNING id, due_at
"""


@dataclass(frozen=True, slots=True)
class ResumedJobs:
    """Number of jobs that are sent after a resume, and due_at of those that are not: their grace is over."""

    sent: int
    expired: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpiredJob:
    """A job whose grace is over."""

    id: int
    due_at: int


def park(db: Database, workspace_id: str) -> None:
    """Park the jobs of a workspace, except those that were sent. Inside a transaction."""
    db.execute(PARK, {"id": workspace_id})
    db.execute(TAKE_BACK, {"id": workspace_id, "released": RELEASED})


def restart_grace(db: Database, workspace_id: str, paused_at: int, now: int, schedule_id: str | None = None) -> None:
    """Count the grace of jobs that wait since a pause by a refused token from `now`. Inside a transaction.

    Jobs whose grace was over before the pause, or that the misfire policy does not send, keep their deadline.
    With `schedule_id`, the jobs of a schedule that has just moved to the workspace; else the parked jobs of all.
    """
    bindings = {"id": workspace_id, "paused_at": paused_at, "now": now, "schedule_id": schedule_id}
    db.execute(RESTART_GRACE, {**bindings, "min_grace_ms": MIN_GRACE_MS})
    db.execute(RESTART_GRACE_OF_CALLED_OFF, bindings)


def unpark(db: Database, workspace_id: str, now: int) -> ResumedJobs:
    """Put parked jobs into the queue again, and settle those past their grace. Inside a transaction."""
    unparked = db.integers(UNPARK, {"id": workspace_id, "now": now})
    bindings = {"id": workspace_id, "unparked": json.dumps(unparked), "missed": MISSED, "failed": FAILED}
    expired = db.all(ExpiredJob, EXPIRE, bindings)
    sent = len(set(unparked) - {job.id for job in expired})
    return ResumedJobs(sent, tuple(sorted(job.due_at for job in expired)))
