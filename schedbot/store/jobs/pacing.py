"""Holds: the instant from which a channel, or a method in a workspace, may be used again.

Slack counts one post a second a channel, and a Retry-After holds a method in a workspace:
https://docs.slack.dev/apis/web-api/rate-limits

A hold of a method in a workspace is always written here. The hold of a channel by a post of the queue is written only
while another pool is registered: a pool that is alone has its holds in memory. So a process that posts beside a pool
checks this table and the open attempts, each of which holds its channel until its message must have arrived. It also
waits a second, because posts that ended within the last second are in neither. A pool that starts beside another sends
nothing for a second (`worker/state/registration.py`). A post outside the queue reserves its channel here first
(`admin/workspaces/channel_turns.py`). A pool that starts or ends writes the holds of all open attempts, and the pool of
such an attempt ends its hold, also when it is alone. Nobody else makes a hold shorter.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schedbot.store.database import Database

# A hold that is dated later than this after now was written before somebody set the clock back: it is void.
MAX_CLOCK_LEAD_MS = 1_000

POST = "chat.postMessage"

# Of two holds the longer one lasts.
ON_HELD = f"""
ON CONFLICT (workspace_id, method, channel) DO UPDATE
   SET held_at = excluded.held_at,
       free_at = CASE WHEN pacing.held_at <= excluded.held_at + {MAX_CLOCK_LEAD_MS}
                      THEN max(pacing.free_at, excluded.free_at) ELSE excluded.free_at END
"""
HOLD = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
VALUES (:workspace_id, :method, :channel, :now, :free_at) {ON_HELD}
"""
# The channels of attempts that begin, in the table of `attempts.begin_all`.
HOLD_FOR_STARTS = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT j.workspace_id, '{POST}', starts.channel, :now, starts.held_until
  FROM starts CROSS JOIN jobs j ON j.id = starts.job_id
 WHERE starts.sent_at IS NOT NULL {ON_HELD}
"""

# End of the hold of an open attempt. An instant of the future was written before somebody set the clock back.
ATTEMPT_HELD_UNTIL = f"CASE WHEN sent_at > :now + {MAX_CLOCK_LEAD_MS} THEN :now ELSE sent_at END + :hold_ms"
# The same instants as the pools of the attempts have, so that each of them may shorten its own.
HOLD_FOR_OPEN_ATTEMPTS = f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT workspace_id, '{POST}', channel, :now, {ATTEMPT_HELD_UNTIL}
  FROM attempts INDEXED BY attempts_open
 WHERE ended_at IS NULL AND {ATTEMPT_HELD_UNTIL} > :now {ON_HELD}
"""
OPEN_ATTEMPTS_HOLD_UNTIL = f"""
SELECT max({ATTEMPT_HELD_UNTIL}) FROM attempts INDEXED BY attempts_open
 WHERE ended_at IS NULL AND sent_at IS NOT NULL AND workspace_id = :workspace_id AND channel = :channel
"""


def release_of(rows: str) -> str:
    """Return the statement that releases the channels of `rows`: workspace_id, channel, ended_at, free_at, kept_until.

    Only the owner of a hold shortens it: if another one holds the channel by now, its hold stays.
    """
    return f"""
INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
SELECT ends.workspace_id, '{POST}', ends.channel, ends.ended_at,
       CASE WHEN p.free_at <> ends.kept_until AND p.held_at <= ends.ended_at + {MAX_CLOCK_LEAD_MS}
            THEN max(p.free_at, ends.free_at) ELSE ends.free_at END
  FROM {rows} ends
  LEFT JOIN pacing p ON p.workspace_id = ends.workspace_id AND p.method = '{POST}' AND p.channel = ends.channel
 WHERE ends.free_at IS NOT NULL
ON CONFLICT (workspace_id, method, channel) DO UPDATE SET held_at = excluded.held_at, free_at = excluded.free_at
"""


RELEASE = release_of(
    "(SELECT :workspace_id AS workspace_id, :channel AS channel, :now AS ended_at, :free_at AS free_at,"
    " :kept_until AS kept_until)"
)
RELEASE_FOR_ENDS = release_of("ends")  # the table of `attempt_ends.end_all`

FREE_AT = f"""
SELECT max(free_at) FROM pacing
 WHERE workspace_id = :workspace_id AND method = :method AND channel IN ('', :channel)
   AND held_at <= :now + {MAX_CLOCK_LEAD_MS}
"""

HAS_CHANNEL_HOLDS = f"SELECT EXISTS (SELECT 1 FROM pacing WHERE method = '{POST}' AND channel <> '' AND free_at > :now)"
# `channels`: JSON of pairs.
HELD = f"""
SELECT p.workspace_id, p.channel
  FROM json_each(:channels) c
 CROSS JOIN pacing p
    ON p.workspace_id = c.value ->> 0 AND p.method = '{POST}' AND p.channel = c.value ->> 1
 WHERE p.free_at > :now
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


class ChannelKey(NamedTuple):
    """A channel of a workspace."""

    workspace_id: str
    channel: str


class ChannelRelease(NamedTuple):
    """End of a channel's hold until `kept_until`: from `free_at` on it may be posted to."""

    workspace_id: str
    channel: str
    free_at: int
    kept_until: int


def hold(db: Database, workspace_id: str, method: str, channel: str, now: int, free_at: int) -> None:
    """Hold the method in the channel ('': in the whole workspace) until `free_at`. Inside a transaction."""
    key = {"workspace_id": workspace_id, "method": method, "channel": channel}
    db.execute(HOLD, {**key, "now": now, "free_at": free_at})


def get_free_at(db: Database, workspace_id: str, method: str, channel: str, now: int) -> int:
    """Return the instant from which the method may be used in the channel; 0: it was never held."""
    key = {"workspace_id": workspace_id, "method": method, "channel": channel}
    return db.integer_or_none(FREE_AT, {**key, "now": now}) or 0


def list_holds(db: Database, now: int) -> dict[str, int]:
    """Return the ends of the holds of whole workspaces for posts, by workspace id."""
    holds = db.all(WorkspaceHold, HOLDS, {"now": now, "method": POST})
    return {hold.workspace_id: hold.free_at for hold in holds}


def hold_channels(db: Database, free_at: Mapping[ChannelKey, int], now: int) -> None:
    """Hold channels for posts, each until its own instant. Inside a transaction."""
    held = {"method": POST, "now": now}
    rows = [{**held, **key._asdict(), "free_at": until} for key, until in free_at.items()]
    db.execute_many(HOLD, rows)


def list_held(db: Database, channels: Sequence[ChannelKey], now: int) -> list[ChannelKey]:
    """Return those of the channels that have a hold here. Cheap where no channel has."""
    if not db.is_true(HAS_CHANNEL_HOLDS, {"now": now}):
        return []
    return db.all(ChannelKey, HELD, {"channels": json.dumps(channels), "now": now})


def hold_for_open_attempts(db: Database, now: int, hold_ms: int) -> None:
    """Hold the channels of all attempts that have not ended, each for `hold_ms` from its intent. In a transaction."""
    db.execute(HOLD_FOR_OPEN_ATTEMPTS, {"now": now, "hold_ms": hold_ms})


def get_open_hold_end(db: Database, workspace_id: str, channel: str, now: int, hold_ms: int) -> int:
    """Return the instant until which attempts that have not ended hold the channel; 0: there is none."""
    key = {"workspace_id": workspace_id, "channel": channel}
    return db.integer_or_none(OPEN_ATTEMPTS_HOLD_UNTIL, {**key, "now": now, "hold_ms": hold_ms}) or 0


def release(db: Database, released: ChannelRelease, now: int) -> None:
    """Shorten a reservation: its post is over. Inside a transaction."""
    db.execute(RELEASE, {**released._asdict(), "now": now})


def postpone_jobs(db: Database, workspace_id: str, until: int, spread_ms: int) -> int:
    """Postpone the workspace's queued jobs beyond a hold. Returns their number. Inside a transaction."""
    return db.execute(POSTPONE, {"workspace_id": workspace_id, "free_at": until, "spread_ms": spread_ms})


def delete_expired(db: Database, now: int) -> None:
    """Delete holds that are over or void, so that the table stays small. Inside a transaction."""
    db.execute(DELETE_EXPIRED, {"now": now, "latest_valid_hold": latest_valid_hold(now)})


def latest_valid_hold(now: int) -> int:
    """Return the latest date of a hold that the present clock can have written."""
    return now + MAX_CLOCK_LEAD_MS
