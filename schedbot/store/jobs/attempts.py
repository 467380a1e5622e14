"""Begin attempts to post jobs: the intent is on the disk before the first byte of a request leaves.

`BEGIN` is the write-ahead of promise 3 and the guard of promises 4 and 6 in one statement: it writes nothing unless the
token still holds the lease, and `pacing` has no hold of the channel or its workspace. The send queue of a pool keeps
its own posts apart. The functions take many attempts at once, for one commit.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from schedbot.store.database import Database
from schedbot.store.jobs import claims, pacing

# The attempts of one commit: the fields of AttemptStart in their order.
STARTS = """
CREATE TEMP TABLE IF NOT EXISTS starts (
  place INTEGER PRIMARY KEY, job_id, token, version, channel, worker, started_at, sent_at, clock_ms, rendered_at,
  render_ms, report, part, thread_ts, method, held_until
)
"""
ADD_START = "INSERT INTO starts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
CLEAR_STARTS = "DELETE FROM starts"

BEGIN = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, clock_ms,
                      rendered_at, render_ms, report, part, thread_ts, method)
SELECT j.id, j.attempts + 1, j.workspace_id, version, channel, worker, started_at, sent_at, clock_ms, rendered_at,
       render_ms, report, part, starts.thread_ts, method
  FROM starts
 CROSS JOIN jobs j ON j.id = starts.job_id
 WHERE j.token = starts.token AND j.state = 'running' AND j.lease_until > :now
   AND (starts.sent_at IS NULL
        OR j.deadline_at >= :now
           AND NOT EXISTS (SELECT 1 FROM pacing p
                            WHERE p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage'
                              AND p.channel IN ('', starts.channel) AND p.free_at > max(:now, starts.sent_at)
                              AND p.held_at <= :latest_valid_hold))
"""

# Starts that were refused: their attempts are not written. Before COUNT.
REFUSED = """
DELETE FROM starts
 WHERE NOT EXISTS (SELECT 1 FROM jobs j CROSS JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts + 1
                    WHERE j.id = starts.job_id AND j.token = starts.token)
"""
PLACES = "SELECT place FROM starts"

COUNT = """
UPDATE jobs
   SET attempts = attempts + 1, thread_ts = CASE WHEN parts_posted = 0 THEN starts.thread_ts ELSE jobs.thread_ts END
  FROM starts
 WHERE jobs.id = starts.job_id AND jobs.token = starts.token
"""

HAS_TWINS = """
SELECT 1 FROM starts CROSS JOIN jobs j ON j.id = starts.job_id
 WHERE starts.sent_at IS NOT NULL GROUP BY j.workspace_id, starts.channel HAVING count(*) > 1
"""


class AttemptStart(NamedTuple):
    """An attempt that is about to begin. `sent_at` None: no request is sent (its report could not be rendered).

    `held_until`: it holds its channel until then.
    """

    job_id: int
    token: int
    version: int
    channel: str
    worker: str
    started_at: int
    sent_at: int | None
    clock_ms: int | None = None  # Slack's clock minus ours, if known
    rendered_at: int | None = None  # instant of the report's data
    render_ms: int | None = None
    report: str | None = None  # name of its named report
    part: int = 1
    thread_ts: str | None = None  # thread that it goes to
    method: str = "post"
    held_until: int = 0


class IntentResult(NamedTuple):
    """Result of `write_intents`. If it was not written: end of the claim (None: lost) and of the channel's hold."""

    is_written: bool
    lease_until: int | None = None
    channel_free_at: int = 0


WRITTEN = IntentResult(True)


def write_intents(
    db: Database, starts: Sequence[AttemptStart], now: int, *, is_sharing: bool = True
) -> list[IntentResult]:
    """Begin attempts, or return why that is impossible now. `is_sharing`: see `begin_all`. Inside a transaction.

    Raises ValueError for two posts to one channel: in one statement for all, the first would not refuse the second.
    """
    begun = begin_all(db, starts, now, is_sharing=is_sharing)
    return [WRITTEN if place in begun else explain_refusal(db, start, now) for place, start in enumerate(starts)]


def explain_refusal(db: Database, start: AttemptStart, now: int) -> IntentResult:
    """Return why an attempt was not begun."""
    workspace_id = db.text("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
    return refuse(db, start, pacing.get_free_at(db, workspace_id, pacing.POST, start.channel, now))


def refuse(db: Database, start: AttemptStart, channel_free_at: int) -> IntentResult:
    """Return the result of an attempt that is not begun, because its claim is lost or its channel is not free."""
    lease_until = claims.get_lease_end(db, start.job_id, start.token)
    return IntentResult(False) if lease_until is None else IntentResult(False, lease_until, channel_free_at)


def begin(db: Database, start: AttemptStart, now: int) -> bool:
    """Write one attempt, as `begin_all`. Return whether it is written."""
    return bool(begin_all(db, [start], now))


def begin_all(db: Database, starts: Sequence[AttemptStart], now: int, *, is_sharing: bool = True) -> Collection[int]:
    """Write attempts; if `is_sharing`, other pools see that they hold their channels. Inside a transaction.

    Return the places of those that are written.

    Nothing is written of an attempt whose claim is lost or its lease passed, or whose channel has a hold.
    """
    db.execute(STARTS)
    db.execute_many(ADD_START, [(place, *start) for place, start in enumerate(starts)])
    places: Collection[int] = range(len(starts))
    if db.execute(BEGIN, {"now": now, "latest_valid_hold": pacing.latest_valid_hold(now)}) < len(starts):
        db.execute(REFUSED)
        places = set(db.integers(PLACES))
    channels = [start.channel for start in starts if start.sent_at is not None]
    if len(set(channels)) < len(channels) and db.is_true(HAS_TWINS):
        raise ValueError("two posts to one channel")
    db.execute(COUNT)
    if is_sharing:
        db.execute(pacing.HOLD_FOR_STARTS, {"now": now})
    db.execute(CLEAR_STARTS)
    return places
