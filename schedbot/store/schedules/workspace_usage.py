"""What uses a workspace: how many schedules, which channels, and what waits for it."""

from dataclasses import dataclass

from schedbot.store.database import Database

SCHEDULES = "SELECT count(*) FROM schedules WHERE workspace_id = :id AND state <> 'removed'"

# Two reads: what is parked has an index of its own.
WAITING = """
SELECT (SELECT count(*) FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 0)
     + (SELECT count(*) FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1)
"""

CHANNELS = """
SELECT v.channel, count(*), min(s.name)
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.workspace_id = :id AND s.state <> 'removed' AND s.state <> 'finished'
 GROUP BY v.channel
 ORDER BY v.channel
"""

HAS_PEOPLE = """
SELECT EXISTS (SELECT 1 FROM schedule_versions v JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
                WHERE v.tz_from <> '' AND s.workspace_id = :id AND s.state NOT IN ('removed', 'finished'))
"""


@dataclass(frozen=True, slots=True)
class ChannelUsed:
    """A channel, how many schedules post to it, and the first of them by name."""

    id: str
    schedules: int
    example: str


def schedules(db: Database, workspace_id: str) -> int:
    """How many schedules that are not removed post there."""
    return int(db.value(SCHEDULES, {"id": workspace_id}))


def waiting(db: Database, workspace_id: str) -> int:
    """How many jobs wait."""
    return int(db.value(WAITING, {"id": workspace_id}))


def has_people(db: Database, workspace_id: str) -> bool:
    """Does a schedule there have a person's time zone?"""
    return bool(db.value(HAS_PEOPLE, {"id": workspace_id}))


def channels(db: Database, workspace_id: str) -> list[ChannelUsed]:
    """The channels that its schedules post to."""
    return [ChannelUsed(*row) for row in db.rows(CHANNELS, {"id": workspace_id})]
