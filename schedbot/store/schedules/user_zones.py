"""Time zones of Slack users whose schedules follow them: the last zone read from Slack, and when to ask again.

Rule: a zone is kept until Slack answers with another; a failed request changes no zone. A user without a schedule is
deleted.
"""

from dataclasses import dataclass

from schedbot.model import Schedule
from schedbot.store.database import Database

DAY_MS = 86_400_000

# A finished or removed schedule becomes active only by a new version, which adds its user again.
USED = """
EXISTS (SELECT 1 FROM schedule_versions v JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
         WHERE v.tz_from <> '' AND v.tz_from = 'slack:' || people.user_id
           AND s.workspace_id = people.workspace_id AND s.state IN ('active', 'paused', 'suspended'))
"""

DELETE_UNUSED = f"DELETE FROM people WHERE ask_at <= :now AND NOT {USED}"

DUE = """
SELECT workspace_id, user_id, zone, asked_at, error
  FROM people
 WHERE ask_at <= :now
 ORDER BY ask_at LIMIT :limit
"""

FIND = """
SELECT workspace_id, user_id, zone, asked_at, error FROM people
 WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

ADD = """
INSERT OR IGNORE INTO people (workspace_id, user_id, zone, asked_at, ask_at)
VALUES (:workspace_id, :user_id, :zone, :now, :now)
"""

# If the zone changed, other schedules still have the old one: they follow at the next request, which is due at once.
RECORD_ZONE = """
INSERT INTO people (workspace_id, user_id, zone, asked_at, ask_at)
VALUES (:workspace_id, :user_id, :zone, :now, :ask_at)
ON CONFLICT (workspace_id, user_id) DO UPDATE
   SET asked_at = :now, error = NULL, zone = :zone, ask_at = CASE WHEN zone = :zone THEN :ask_at ELSE :now END
"""

RECORD_ADOPTED_ZONE = """
UPDATE people SET zone = :zone, asked_at = :now, ask_at = :ask_at, error = NULL
 WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

RECORD_FAILURE = """
UPDATE people SET ask_at = :ask_at, error = :error WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

POSTPONE = "UPDATE people SET ask_at = :until WHERE workspace_id = :workspace_id AND ask_at < :until"

OUTDATED = """
SELECT s.id
  FROM schedule_versions v
  JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE v.tz_from <> '' AND v.tz_from = 'slack:' || :user_id AND s.workspace_id = :workspace_id
   AND s.state IN ('active', 'paused', 'suspended') AND r.tz <> :zone AND v.schedule_id > :after
 ORDER BY v.schedule_id LIMIT :limit
"""

UNANSWERED = f"""
SELECT workspace_id, user_id, zone, asked_at, error
  FROM people
 WHERE error IS NOT NULL AND asked_at < :before AND {USED}
 ORDER BY workspace_id, user_id
"""


@dataclass(frozen=True, slots=True)
class UserZone:
    """A Slack user of a workspace: the zone that Slack answered at `asked_at`, and the error of a later request."""

    workspace_id: str
    user_id: str
    zone: str
    asked_at: int
    error: str | None = None

    @property
    def key(self) -> dict[str, str]:
        """Bindings of workspace and user."""
        return {"workspace_id": self.workspace_id, "user_id": self.user_id}

    @property
    def answer(self) -> dict[str, str | int]:
        """Bindings of the zone, and of the next request a day later."""
        return {**self.key, "zone": self.zone, "now": self.asked_at, "ask_at": self.asked_at + DAY_MS}


def list_due(db: Database, now: int, limit: int) -> list[UserZone]:
    """Return the users to ask Slack for, the longest overdue first."""
    return db.all(UserZone, DUE, {"now": now, "limit": limit})


def find(db: Database, workspace_id: str, user_id: str) -> UserZone | None:
    """Return a user's zone, or None."""
    return db.first(UserZone, FIND, {"workspace_id": workspace_id, "user_id": user_id})


def list_unanswered(db: Database, before: int) -> list[UserZone]:
    """Return the users with schedules whose requests have failed since an instant."""
    return db.all(UserZone, UNANSWERED, {"before": before})


def delete_unused(db: Database, now: int) -> None:
    """Delete the due users without a schedule that follows them. Inside a transaction."""
    db.execute(DELETE_UNUSED, {"now": now})


def add_user_of(db: Database, schedule: Schedule, now: int) -> None:
    """Add the user that a schedule follows; a new user is due at once. Inside a transaction."""
    if schedule.terms.tz_from:
        user_id = schedule.terms.tz_from.partition(":")[2]
        row = {"workspace_id": schedule.workspace_id, "user_id": user_id, "zone": schedule.recurrence.tz}
        db.execute(ADD, {**row, "now": now})


def record_zone(db: Database, user: UserZone) -> None:
    """Record Slack's answer, while schedules may still have another zone. Inside a transaction."""
    db.execute(RECORD_ZONE, user.answer)


def record_adopted_zone(db: Database, user: UserZone) -> None:
    """Record Slack's answer once all schedules have that zone. Inside a transaction."""
    db.execute(RECORD_ADOPTED_ZONE, user.answer)


def record_failure(db: Database, user: UserZone, ask_at: int, error: str) -> None:
    """Record a failed request; the next is due at `ask_at`. Inside a transaction."""
    db.execute(RECORD_FAILURE, {**user.key, "ask_at": ask_at, "error": error})


def postpone(db: Database, workspace_id: str, until: int) -> None:
    """Postpone all requests of a workspace to `until`: a rate limit is no failure. Inside a transaction."""
    db.execute(POSTPONE, {"workspace_id": workspace_id, "until": until})


def list_outdated(db: Database, user: UserZone, after: str, limit: int) -> list[str]:
    """Return ids, in order and greater than `after`, of schedules that follow the user and have another zone."""
    return db.texts(OUTDATED, {**user.key, "zone": user.zone, "after": after, "limit": limit})
