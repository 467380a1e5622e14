"""When a channel, or a method in a workspace, may be used again: the guard that all pools share.

Slack counts one post a second a channel, and a Retry-After holds a method in a workspace:
https://docs.slack.dev/apis/web-api/rate-limits
"""

from schedbot.store.database import Database

# A channel is let go when its answer is there; a limit of the workspace lasts as long as the longest that was said.
HOLD = """
INSERT INTO pacing (workspace_id, method, channel, free_at) VALUES (:workspace_id, :method, :channel, :free_at)
ON CONFLICT (workspace_id, method, channel) DO UPDATE
   SET free_at = CASE WHEN excluded.channel = '' AND pacing.free_at <= excluded.free_at + 7200000
                      THEN max(pacing.free_at, excluded.free_at) ELSE excluded.free_at END
"""

FREE_AT = """
SELECT max(free_at) FROM pacing
 WHERE workspace_id = :workspace_id AND method = :method AND channel IN ('', :channel)
"""

# What waits for the workspace is pushed past the hold, spread over a while, so that it does not return in one herd.
PUSH = """
UPDATE jobs
   SET available_at = :free_at + (id % 97) * :spread_ms / 97
 WHERE workspace_id = :workspace_id AND state = 'queued' AND parked = 0 AND available_at < :free_at
"""

# A channel is kept for a time-out and a second: what says more was written before somebody set the clock back.
LONGEST_CHANNEL_HOLD_MS = 600_000

POST = "chat.postMessage"
HISTORY = "conversations.history"


def hold(db: Database, workspace_id: str, method: str, channel: str, free_at: int) -> None:
    """Say from when on `channel` ('' is all of the workspace) may be used. Inside a transaction."""
    db.execute(HOLD, {"workspace_id": workspace_id, "method": method, "channel": channel, "free_at": free_at})


def free_at(db: Database, workspace_id: str, method: str, channel: str) -> int:
    """From when on the method may be used in that channel; 0 for always."""
    row = db.value(FREE_AT, {"workspace_id": workspace_id, "method": method, "channel": channel})
    return int(row or 0)


def reserve(db: Database, workspace_id: str, channel: str, now: int, span_ms: int) -> int:
    """Take the channel's next free instant for a post outside the queue; the one after it is `span_ms` later.

    Returns the instant. Inside a transaction.
    """
    at = max(now, free_at(db, workspace_id, POST, channel))
    hold(db, workspace_id, POST, channel, at + span_ms)
    return at


def push_back(db: Database, workspace_id: str, until: int, spread_ms: int) -> int:
    """Let the workspace's waiting jobs wait until after a hold. Inside a transaction."""
    return db.execute(PUSH, {"workspace_id": workspace_id, "free_at": until, "spread_ms": spread_ms})


def sweep(db: Database, now: int) -> None:
    """Forget what is free again, so that the table stays as small as what is busy. Inside a transaction."""
    db.execute("DELETE FROM pacing WHERE free_at < :now", {"now": now})
