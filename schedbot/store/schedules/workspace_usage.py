"""Use of a workspace: its schedules, their channels, and its queued jobs."""

from dataclasses import dataclass

from schedbot.store.database import Database

SCHEDULES = "SELECT count(*) FROM schedules WHERE workspace_id = :id AND state <> 'removed'"

# Two reads, because parked jobs have an index of their own.
QUEUED_JOBS = """
SELECT (SELECT count(*) FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 0)
     + (SELECT count(*) FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1)
"""

# Two reads, as above.
OLDEST_DUE = """
SELECT min(due_at)
  FROM (SELECT min(due_at) AS due_at FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 0
        UNION ALL
        SELECT min(due_at) FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1)
"""

CHANNELS = """
SELECT v.channel AS id, count(*) AS schedules, min(s.name) AS example
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.workspace_id = :id AND s.state <> 'removed' AND s.state <> 'finished'
 GROUP BY v.channel
 ORDER BY v.channel
"""


@dataclass(frozen=True, slots=True)
class ChannelUsage:
    """A channel, the number of its schedules, and the first of them by name."""

    id: str
    schedules: int
    example: str


def count_schedules(db: Database, workspace_id: str) -> int:
    """Return the number of schedules that are not removed."""
    return db.integer(SCHEDULES, {"id": workspace_id})


def count_queued_jobs(db: Database, workspace_id: str) -> int:
    """Return the number of queued jobs, parked ones included."""
    return db.integer(QUEUED_JOBS, {"id": workspace_id})


def oldest_due_at(db: Database, workspace_id: str) -> int | None:
    """Return the due instant of the oldest queued job, or None."""
    return db.integer_or_none(OLDEST_DUE, {"id": workspace_id})


def list_channels(db: Database, workspace_id: str) -> list[ChannelUsage]:
    """Return the channels of its schedules."""
    return db.all(ChannelUsage, CHANNELS, {"id": workspace_id})
