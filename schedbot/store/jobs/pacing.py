"""When a channel, or a method in a workspace, may be used again: the guard that all pools share.

Slack counts one post a second a channel, and a Retry-After holds a method in a workspace:
https://docs.slack.dev/apis/web-api/rate-limits
"""

from schedbot.store.database import Database

# A hold that was written later than now was written before somebody set the clock back: it holds no more.
CLOCK_SET_MS = 1_000

# A limit of the workspace lasts as long as the longest that was said.
HOLD = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
VALUES (:workspace_id, :method, :channel, :now, :free_at)
ON CONFLICT (workspace_id, method, channel) DO UPDATE
   SET held_at = excluded.held_at,
       free_at = CASE WHEN excluded.channel = '' AND pacing.held_at <= excluded.held_at + {CLOCK_SET_MS}
                      THEN max(pacing.free_at, excluded.free_at) ELSE excluded.free_at END
"""

# Only who holds a channel lets it go: where the hold is another's by now, it is not made shorter.
LET_GO = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
VALUES (:workspace_id, :method, :channel, :now, :free_at)
ON CONFLICT (workspace_id, method, channel) DO UPDATE
   SET held_at = excluded.held_at,
       free_at = CASE WHEN pacing.free_at = :kept OR pacing.held_at > excluded.held_at + {CLOCK_SET_MS}
                      THEN excluded.free_at ELSE max(pacing.free_at, excluded.free_at) END
"""

FREE_AT = f"""
SELECT max(free_at) FROM pacing
 WHERE workspace_id = :workspace_id AND method = :method AND channel IN ('', :channel)
   AND held_at <= :now + {CLOCK_SET_MS}
"""

# What waits for the workspace is pushed past the hold, spread over a while, so that it does not return in one herd.
PUSH = """
UPDATE jobs
   SET available_at = :free_at + (id % 97) * :spread_ms / 97
 WHERE workspace_id = :workspace_id AND state = 'queued' AND parked = 0 AND available_at < :free_at
"""

POST = "chat.postMessage"
HISTORY = "conversations.history"


def hold(db: Database, workspace_id: str, method: str, channel: str, now: int, free_at: int) -> None:
    """Say from when on `channel` ('' is all of the workspace) may be used. Inside a transaction."""
    told = {"workspace_id": workspace_id, "method": method, "channel": channel, "now": now, "free_at": free_at}
    db.execute(HOLD, told)


def get_free_at(db: Database, workspace_id: str, method: str, channel: str, now: int) -> int:
    """From when on the method may be used in that channel; 0 for always."""
    row = db.value(FREE_AT, {"workspace_id": workspace_id, "method": method, "channel": channel, "now": now})
    return int(row or 0)


def reserve(db: Database, workspace_id: str, channel: str, now: int, until: int) -> bool:
    """Keep the channel for a post outside the queue, if it is free. Inside a transaction."""
    if get_free_at(db, workspace_id, POST, channel, now) > now:
        return False
    hold(db, workspace_id, POST, channel, now, until)
    return True


def release(db: Database, workspace_id: str, channel: str, kept: int, now: int, free_at: int) -> None:
    """The post for which the channel was kept until `kept` is over: free from `free_at` on. Inside a transaction."""
    told = {"workspace_id": workspace_id, "method": POST, "channel": channel, "now": now, "free_at": free_at}
    db.execute(LET_GO, {**told, "kept": kept})


def postpone_jobs(db: Database, workspace_id: str, until: int, spread_ms: int) -> int:
    """Let the workspace's waiting jobs wait until after a hold. Inside a transaction."""
    return db.execute(PUSH, {"workspace_id": workspace_id, "free_at": until, "spread_ms": spread_ms})


def delete_expired(db: Database, now: int) -> None:
    """Forget what holds no more, so that the table stays as small as what is busy. Inside a transaction."""
    db.execute(
        "DELETE FROM pacing WHERE free_at < :now OR held_at > :believed", {"now": now, "believed": believed(now)}
    )


def believed(now: int) -> int:
    """The latest instant at which a hold can have been written by the clock as it is now."""
    return now + CLOCK_SET_MS
