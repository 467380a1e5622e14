"""Holds: the instant from which a channel, or a method in a workspace, may be used again. All pools share them.

Slack counts one post a second a channel, and a Retry-After holds a method in a workspace:
https://docs.slack.dev/apis/web-api/rate-limits
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schedbot.store.database import Database

# A hold that is dated later than this after now was written before somebody set the clock back: it is void.
MAX_CLOCK_LEAD_MS = 1_000

POST = "chat.postMessage"

# A hold of the workspace lasts as long as the longest. Rows are JSON arrays: one statement for all.
HOLD = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4 FROM json_each(:holds) e WHERE true
ON CONFLICT (workspace_id, method, channel) DO UPDATE
   SET held_at = excluded.held_at,
       free_at = CASE WHEN excluded.channel = '' AND pacing.held_at <= excluded.held_at + {MAX_CLOCK_LEAD_MS}
                      THEN max(pacing.free_at, excluded.free_at) ELSE excluded.free_at END
"""

# The channels of attempts that begin, as arrays of `attempts.begin_all`.
HOLD_FOR_STARTS = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT j.workspace_id, '{POST}', e.value ->> 3, :now, e.value ->> 14
  FROM json_each(:starts) e CROSS JOIN jobs j ON j.id = e.value ->> 0
 WHERE e.value ->> 6 IS NOT NULL
ON CONFLICT (workspace_id, method, channel) DO UPDATE SET held_at = excluded.held_at, free_at = excluded.free_at
"""

# Only the owner of a hold shortens it: if another one holds the channel by now, its hold stays.
RELEASE = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT e.value ->> 0, '{POST}', e.value ->> 1, e.value ->> 2,
       CASE WHEN p.free_at <> e.value ->> 4 AND p.held_at <= (e.value ->> 2) + {MAX_CLOCK_LEAD_MS}
            THEN max(p.free_at, e.value ->> 3) ELSE e.value ->> 3 END
  FROM json_each(:releases) e
  LEFT JOIN pacing p ON p.workspace_id = e.value ->> 0 AND p.method = '{POST}' AND p.channel = e.value ->> 1
 WHERE true
ON CONFLICT (workspace_id, method, channel) DO UPDATE SET held_at = excluded.held_at, free_at = excluded.free_at
"""

FREE_AT = f"""
SELECT max(free_at) FROM pacing
 WHERE workspace_id = :workspace_id AND method = :method AND channel IN ('', :channel)
   AND held_at <= :now + {MAX_CLOCK_LEAD_MS}
"""

HOLDS = f"""
SELECT workspace_id, free_at FROM pacing
 WHERE free_at > :now AND method = :method AND channel = '' AND held_at <= :now + {MAX_CLOCK_LEAD_MS}
"""

# Spread after the end of the hold, so that the jobs do not all come back at once.
POSTPONE = """
UPDATE jobs
   SET available_at = :free_at + (id % 97) * :spread_ms / 97
 WHERE workspace_id = :workspace_id AND state = 'queued' AND parked = 0 AND available_at < :free_at
"""

DELETE_EXPIRED = "DELETE FROM pacing WHERE free_at < :now OR held_at > :latest_valid_hold"

HISTORY = "conversations.history"
FILES = "files.info"


@dataclass(frozen=True, slots=True)
class WorkspaceHold:
    """A hold of a method in a whole workspace."""

    workspace_id: str
    free_at: int


class ChannelRelease(NamedTuple):
    """End of a channel's hold until `kept_until`: from `free_at` on it may be posted to. `now`: the end of its post."""

    workspace_id: str
    channel: str
    now: int
    free_at: int
    kept_until: int


def hold(db: Database, workspace_id: str, method: str, channel: str, now: int, free_at: int) -> None:
    """Hold the method in the channel ('': in the whole workspace) until `free_at`. Inside a transaction."""
    db.execute(HOLD, {"holds": json.dumps([(workspace_id, method, channel, now, free_at)])})


def get_free_at(db: Database, workspace_id: str, method: str, channel: str, now: int) -> int:
    """Return the instant from which the method may be used in the channel; 0: it was never held."""
    key = {"workspace_id": workspace_id, "method": method, "channel": channel}
    return db.integer_or_none(FREE_AT, {**key, "now": now}) or 0


def list_holds(db: Database, now: int) -> dict[str, int]:
    """Return the ends of the holds of whole workspaces for posts, by workspace id."""
    holds = db.all(WorkspaceHold, HOLDS, {"now": now, "method": POST})
    return {hold.workspace_id: hold.free_at for hold in holds}


def reserve(db: Database, workspace_id: str, channel: str, now: int, until: int) -> bool:
    """Hold the channel for a post outside the queue. False: it is not free. Inside a transaction."""
    if get_free_at(db, workspace_id, POST, channel, now) > now:
        return False
    hold(db, workspace_id, POST, channel, now, until)
    return True


def release(db: Database, workspace_id: str, channel: str, kept_until: int, now: int, free_at: int) -> None:
    """Shorten a reservation until `kept_until` to `free_at`: its post is over. Inside a transaction."""
    release_channels(db, [ChannelRelease(workspace_id, channel, now, free_at, kept_until)])


def release_channels(db: Database, releases: Sequence[ChannelRelease]) -> None:
    """Shorten reservations whose posts are over, of a channel once. Inside a transaction."""
    db.execute(RELEASE, {"releases": json.dumps(releases)})


def postpone_jobs(db: Database, workspace_id: str, until: int, spread_ms: int) -> int:
    """Postpone the workspace's queued jobs beyond a hold. Returns their number. Inside a transaction."""
    return db.execute(POSTPONE, {"workspace_id": workspace_id, "free_at": until, "spread_ms": spread_ms})


def delete_expired(db: Database, now: int) -> None:
    """Delete holds that are over or void, so that the table stays small. Inside a transaction."""
    db.execute(DELETE_EXPIRED, {"now": now, "latest_valid_hold": latest_valid_hold(now)})


def latest_valid_hold(now: int) -> int:
    """Return the latest date of a hold that the present clock can have written."""
    return now + MAX_CLOCK_LEAD_MS
