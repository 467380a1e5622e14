"""Direct messages with people: the conversation (D...) that Slack opened for a user, kept for all later posts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.store.database import Database

SAVE = """
INSERT INTO direct_messages (workspace_id, user_id, channel_id, opened_at)
VALUES (:workspace_id, :user_id, :channel_id, :now)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET channel_id = excluded.channel_id, opened_at = excluded.opened_at
"""

FORGET = "DELETE FROM direct_messages WHERE workspace_id = :workspace_id AND channel_id = :channel_id"

PEOPLE = """
SELECT user_id, channel_id FROM direct_messages WHERE channel_id IN (SELECT value FROM json_each(:channels))
"""

FIND = "SELECT channel_id FROM direct_messages WHERE workspace_id = :workspace_id AND user_id = :user_id"


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """A user, and the conversation with that user."""

    user_id: str
    channel_id: str


def save(db: Database, workspace_id: str, user_id: str, channel_id: str, now: int) -> None:
    """Write the conversation with a user. Inside a transaction."""
    db.execute(SAVE, {"workspace_id": workspace_id, "user_id": user_id, "channel_id": channel_id, "now": now})


def forget(db: Database, workspace_id: str, channel_id: str) -> None:
    """Delete a conversation that Slack does not know any more: the next post opens another. Inside a transaction."""
    db.execute(FORGET, {"workspace_id": workspace_id, "channel_id": channel_id})


def find(db: Database, workspace_id: str, user_id: str) -> str | None:
    """Return the conversation with a user, or None if none was opened."""
    return db.text_or_none(FIND, {"workspace_id": workspace_id, "user_id": user_id})


def list_people(db: Database, channels: Sequence[str]) -> dict[str, str]:
    """Return the user of each conversation among `channels`."""
    rows = db.all(DirectMessage, PEOPLE, {"channels": json.dumps(list(channels))}) if channels else []
    return {row.channel_id: row.user_id for row in rows}
