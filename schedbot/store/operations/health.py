"""Vitals of the installation: figures that show whether posts go out.

Each is one read of an index, so that a monitor may read them every few seconds.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schedbot import __version__
from schedbot.store.database import Database, DatabaseLost
from schedbot.store.jobs import outage
from schedbot.store.operations import heartbeats, ownership, passing_failures, remaining_jobs
from schedbot.store.operations.passing_failures import PassingFailure
from schedbot.store.schedules import pauses_of_all
from schedbot.store.schedules.job_days import DAY_MS, on_days
from schedbot.store.schedules.pauses_of_all import PauseOfAll

COUNT_POOLS = "SELECT count(*) FROM heartbeats WHERE kind = 'pool' AND beat_at BETWEEN :since AND :latest"

OTHER_POOLS = """
SELECT name, program FROM heartbeats
 WHERE kind = 'pool' AND beat_at BETWEEN :since AND :latest AND program <> :program
 ORDER BY name
"""

# Jobs of a paused workspace are not late because of the pools.
OLDEST_DUE = "SELECT min(available_at) FROM jobs WHERE state = 'queued' AND parked = 0"

# Two reads: parked jobs have an index of their own.
COUNT_QUEUED = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'queued' AND parked = 0)
     + (SELECT count(*) FROM jobs WHERE state = 'queued' AND parked = 1)
"""

# Failures that a person has acknowledged do not count.
# Two reads: a deferred job counts by the instant it was deferred to. A job of a removed schedule cannot be sent again.
COUNT_FAILED = """
SELECT (SELECT count(*) FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
         WHERE j.state = 'failed' AND j.due_at > :since AND j.acknowledged IS NULL AND s.state <> 'removed')
     + (SELECT count(*) FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
         WHERE j.state = 'failed' AND j.deferred_to > :since AND +j.due_at <= :since AND j.acknowledged IS NULL
           AND s.state <> 'removed')
"""

# A span counts whole if its last occurrence is of the last 24 hours. Removed schedules owe nothing.
COUNT_MISSED_JOBS = """
SELECT count(*) FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'missed' AND j.due_at > :since AND j.acknowledged IS NULL AND s.state <> 'removed'
"""
COUNT_MISSED_IN_SPANS = """
SELECT coalesce(sum(m.count), 0) FROM missed_spans m CROSS JOIN schedules s ON s.id = m.schedule_id
 WHERE m.last_due_at > :since AND m.acknowledged IS NULL AND s.state <> 'removed'
"""

# Read only if occurrences were missed.
COUNT_ACCOUNTS_WITHOUT_POST = f"""
SELECT count(DISTINCT s.account) FROM schedules s
 WHERE s.account <> '' AND s.state <> 'removed'
   AND s.id IN (SELECT schedule_id FROM jobs WHERE state = 'missed' AND due_at > :since AND acknowledged IS NULL
                UNION ALL SELECT schedule_id FROM missed_spans WHERE last_due_at > :since AND acknowledged IS NULL)
   AND NOT EXISTS (SELECT 1 FROM schedules o
                    CROSS JOIN jobs j ON j.{on_days(":since")} AND j.schedule_id = o.id
                    WHERE o.account = s.account AND o.state <> 'removed'
                      AND j.due_at > :since AND j.state = 'succeeded')
"""

# Each is read from an index of its state.
COUNT_BY_STATE = f"""
SELECT 'queued' AS state, ({COUNT_QUEUED}) AS jobs
UNION ALL SELECT 'running', count(*) FROM jobs WHERE state = 'running'
UNION ALL SELECT 'unknown', count(*) FROM jobs WHERE state = 'unknown'
UNION ALL SELECT 'held', count(*) FROM jobs WHERE state = 'held'
"""

HAS_UNKNOWN = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown')"

NEXT_DUE = "SELECT min(next_due_at) FROM recurrences WHERE next_due_at IS NOT NULL"

PAUSED_WORKSPACES = """
SELECT name, paused_reason AS reason, stops_grace FROM workspaces
 WHERE paused_at IS NOT NULL AND removed_at IS NULL
 ORDER BY name
"""

COUNT_SUSPENDED = "SELECT count(*) FROM schedules WHERE state = 'suspended'"

HAS_ACTIVE_SCHEDULE = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state = 'active')"


class PausedWorkspace(NamedTuple):
    """A paused workspace, with the reason. `stops_grace`: a refused token paused it, so its jobs lose no grace."""

    name: str
    reason: str
    stops_grace: bool = False


class StateCount(NamedTuple):
    """Number of jobs in a state."""

    state: str
    jobs: int


class OtherPool(NamedTuple):
    """A pool of another version of schedbot."""

    name: str
    program: str


class Vitals(NamedTuple):
    """Figures of the installation at one instant. `*_at` are UTC milliseconds, or None."""

    now: int
    tick_at: int | None
    pools: int
    queued: int
    oldest_due_at: int | None
    failed_24h: int
    held: int  # of schedules that are not removed
    suspended: int
    unticked_at: int | None  # the first occurrence that is not enqueued
    is_used: bool  # some schedule is active
    paused: list[PausedWorkspace]
    other_pools: Sequence[OtherPool] = ()
    has_unknown: bool = False  # a job of unknown outcome
    unanswered_posts: int = 0  # in a row, the last within the hour
    missed_24h: int = 0
    missed_in_spans_24h: int = 0  # of these, those in rows of many
    accounts_without_post: int = 0  # of those with a missed occurrence, in the last 24 hours
    pause_of_all: PauseOfAll | None = None
    passing: Sequence[PassingFailure] = ()
    service_at: int | None = None  # last heartbeat of a pool that ran as a service
    ahead_at: int | None = None  # the newest heartbeat, if it lies in the future
    refused: DatabaseLost | None = None  # no tick and no pool works with this file


def read_vitals(db: Database, now: int) -> Vitals:
    """Read all figures from the same commit."""
    alive = {"since": now - heartbeats.POOL_ALIVE_MS + 1, "latest": now + heartbeats.MAX_CLOCK_LEAD_MS}
    day = {"since": now - DAY_MS}
    with db.reading():
        missed = db.integer(COUNT_MISSED_JOBS, day)
        missed_in_spans = db.integer(COUNT_MISSED_IN_SPANS, day)
        return Vitals(
            now=now,
            tick_at=heartbeats.get_last_beat(db, "tick", now),
            pools=db.integer(COUNT_POOLS, alive),
            queued=db.integer(COUNT_QUEUED),
            oldest_due_at=db.integer_or_none(OLDEST_DUE),
            failed_24h=db.integer(COUNT_FAILED, day),
            held=db.integer(remaining_jobs.COUNT_HELD),
            suspended=db.integer(COUNT_SUSPENDED),
            unticked_at=db.integer_or_none(NEXT_DUE),
            is_used=db.is_true(HAS_ACTIVE_SCHEDULE),
            paused=db.all(PausedWorkspace, PAUSED_WORKSPACES),
            other_pools=db.all(OtherPool, OTHER_POOLS, {**alive, "program": __version__}),
            has_unknown=db.is_true(HAS_UNKNOWN),
            unanswered_posts=outage.count_failures(db, now),
            missed_24h=missed + missed_in_spans,
            missed_in_spans_24h=missed_in_spans,
            accounts_without_post=db.integer(COUNT_ACCOUNTS_WITHOUT_POST, day) if missed + missed_in_spans else 0,
            pause_of_all=pauses_of_all.get_present(db, now),
            passing=passing_failures.list_recent(db, now),
            service_at=heartbeats.get_last_beat(db, "service", now),
            ahead_at=heartbeats.find_ahead(db, now),
            refused=ownership.find_problem(db),
        )


def count_by_state(db: Database) -> dict[str, int]:
    """Return the number of jobs in each state that is not settled."""
    return {each.state: each.jobs for each in db.all(StateCount, COUNT_BY_STATE)}


def find_oldest_due(db: Database) -> int | None:
    """Return the instant since which the oldest queued job is available, or None."""
    return db.integer_or_none(OLDEST_DUE)
