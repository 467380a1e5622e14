"""Whose time zones schedules take from Slack, what it told last, and when it is to be asked again.

Rule: a zone that was told stands until Slack tells another; a question that failed changes no zone. Who has no schedule
any more is forgotten.
"""

from dataclasses import dataclass

from schedbot.model import Schedule
from schedbot.store.database import Database

DAY_MS = 86_400_000

ANYBODY = "SELECT 1 FROM people WHERE ask_at <= :now LIMIT 1"

# Finished and removed schedules come back only by a new version, which puts their person here again.
USED = """
EXISTS (SELECT 1 FROM schedule_versions v JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
         WHERE v.tz_from <> '' AND v.tz_from = 'slack:' || people.user_id
           AND s.workspace_id = people.workspace_id AND s.state IN ('active', 'paused', 'suspended'))
"""

FORGET = f"DELETE FROM people WHERE ask_at <= :now AND NOT {USED}"

TO_ASK = """
SELECT workspace_id, user_id, zone, asked_at, error
  FROM people
 WHERE ask_at <= :now
 ORDER BY ask_at LIMIT :limit
"""

ONE = """
SELECT workspace_id, user_id, zone, asked_at, error FROM people
 WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

KEEP = """
INSERT OR IGNORE INTO people (workspace_id, user_id, zone, asked_at, ask_at)
VALUES (:workspace_id, :user_id, :zone, :now, :now)
"""

# Where the zone is another than it was, other schedules stand by the old one: they follow when it is asked again.
LEARN = """
INSERT INTO people (workspace_id, user_id, zone, asked_at, ask_at)
VALUES (:workspace_id, :user_id, :zone, :now, :ask_at)
ON CONFLICT (workspace_id, user_id) DO UPDATE
   SET asked_at = :now, error = NULL, zone = :zone, ask_at = CASE WHEN zone = :zone THEN :ask_at ELSE :now END
"""

SETTLE = """
UPDATE people SET zone = :zone, asked_at = :now, ask_at = :ask_at, error = NULL
 WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

FAIL = """
UPDATE people SET ask_at = :ask_at, error = :error WHERE workspace_id = :workspace_id AND user_id = :user_id
"""

HOLD = "UPDATE people SET ask_at = :until WHERE workspace_id = :workspace_id AND ask_at < :until"

BEHIND = """
SELECT s.id
  FROM schedule_versions v
  JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE v.tz_from <> '' AND v.tz_from = 'slack:' || :user_id AND s.workspace_id = :workspace_id
   AND s.state IN ('active', 'paused', 'suspended') AND r.tz <> :zone AND v.schedule_id > :after
 ORDER BY v.schedule_id LIMIT :limit
"""

SILENT = f"""
SELECT workspace_id, user_id, zone, asked_at, error
  FROM people
 WHERE error IS NOT NULL AND asked_at < :before AND {USED}
 ORDER BY workspace_id, user_id
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a workspace: the zone that Slack told at `asked_at`, and why it told none since (None: it did)."""

    workspace_id: str
    user_id: str
    zone: str
    asked_at: int
    error: str | None = None

    @property
    def key(self) -> dict[str, str]:
        """Who it is, for a statement."""
        return {"workspace_id": self.workspace_id, "user_id": self.user_id}


def anybody_to_ask(db: Database, now: int) -> bool:
    """Is somebody to be asked for? One read of an index."""
    return bool(db.value(ANYBODY, {"now": now}))


def to_ask(db: Database, now: int, limit: int) -> list[Person]:
    """Who is to be asked for, the longest overdue first."""
    return [Person(*row) for row in db.rows(TO_ASK, {"now": now, "limit": limit})]


def one(db: Database, workspace_id: str, user_id: str) -> Person | None:
    """What is known of a person, or None."""
    row = db.row(ONE, {"workspace_id": workspace_id, "user_id": user_id})
    return Person(*row) if row else None


def silent(db: Database, before: int) -> list[Person]:
    """Those in use of whom Slack has told nothing since an instant, though it was asked."""
    return [Person(*row) for row in db.rows(SILENT, {"before": before})]


def forget_unused(db: Database, now: int) -> None:
    """Forget those to be asked for whose zone no schedule takes any more. Inside a transaction."""
    db.execute(FORGET, {"now": now})


def keep(db: Database, schedule: Schedule, now: int) -> None:
    """Let the person of a schedule be here; one that is new is asked for at once. Inside a transaction."""
    if schedule.terms.tz_from:
        user_id = schedule.terms.tz_from.partition(":")[2]
        row = {"workspace_id": schedule.workspace_id, "user_id": user_id, "zone": schedule.recurrence.tz}
        db.execute(KEEP, {**row, "now": now})


def learn(db: Database, told: Person) -> None:
    """Keep what Slack told at `told.asked_at`, while schedules may stand by another zone. Inside a transaction."""
    at = {"now": told.asked_at, "ask_at": told.asked_at + DAY_MS}
    db.execute(LEARN, {**told.key, **at, "zone": told.zone})


def settle(db: Database, told: Person) -> None:
    """Keep what Slack told at `told.asked_at`: all schedules follow it. Inside a transaction."""
    at = {"now": told.asked_at, "ask_at": told.asked_at + DAY_MS}
    db.execute(SETTLE, {**told.key, **at, "zone": told.zone})


def fail(db: Database, person: Person, ask_at: int, error: str) -> None:
    """Keep why Slack told no zone; it is asked again at `ask_at`. Inside a transaction."""
    db.execute(FAIL, {**person.key, "ask_at": ask_at, "error": error})


def hold(db: Database, workspace_id: str, until: int) -> None:
    """Ask for nobody of a workspace before `until`: a limit, which is no failure. Inside a transaction."""
    db.execute(HOLD, {"workspace_id": workspace_id, "until": until})


def behind(db: Database, told: Person, after: str, limit: int) -> list[str]:
    """Ids, those after `after` in order, of schedules of the person that stand by another zone than Slack told."""
    return [row[0] for row in db.rows(BEHIND, {**told.key, "zone": told.zone, "after": after, "limit": limit})]
