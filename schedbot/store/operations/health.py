"""What shows whether posts go out: each figure is one read of an index, so that a monitor may ask every few seconds."""

from dataclasses import dataclass, field

from schedbot import __version__
from schedbot.store.database import Database
from schedbot.store.jobs import outage
from schedbot.store.operations import drain

TICK_AT = "SELECT max(beat_at) FROM heartbeats WHERE kind = 'tick'"

POOLS = "SELECT count(*) FROM heartbeats WHERE kind = 'pool' AND beat_at > :since"

OTHER_PROGRAMS = """
SELECT name, program FROM heartbeats WHERE kind = 'pool' AND beat_at > :since AND program <> :program ORDER BY name
"""

# What a paused workspace keeps waiting is not late by the pools' fault.
OLDEST_DUE = "SELECT min(available_at) FROM jobs WHERE state = 'queued' AND parked = 0"

# Two reads: what is parked has an index of its own.
QUEUED = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'queued' AND parked = 0)
     + (SELECT count(*) FROM jobs WHERE state = 'queued' AND parked = 1)
"""

# Two reads: what was put off has failed after it was to go.
FAILED = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'failed' AND due_at > :since)
     + (SELECT count(*) FROM jobs WHERE state = 'failed' AND deferred_to > :since AND due_at <= :since)
"""

UNKNOWN = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'unknown')"

UNTICKED = "SELECT min(next_due_at) FROM recurrences WHERE next_due_at IS NOT NULL"

PAUSED = "SELECT name, paused_reason FROM workspaces WHERE paused_at IS NOT NULL AND removed_at IS NULL ORDER BY name"

SUSPENDED = "SELECT count(*) FROM schedules WHERE state = 'suspended'"

ANY_SCHEDULE = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state = 'active')"

OWN = {"program": __version__}
POOL_ALIVE_MS = 90_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Vitals:
    """The state of the whole at one instant; `*_at` are UTC milliseconds, None where there is nothing of the kind."""

    now: int
    tick_at: int | None
    pools: int
    queued: int
    oldest_due_at: int | None
    failed_24h: int
    held: int  # of schedules that are there
    suspended: int
    unticked_at: int | None  # the first occurrence that is not yet enqueued
    is_used: bool  # some schedule is active
    paused: list[tuple[str, str]]  # workspaces, each with the reason
    other_programs: list[tuple[str, str]] = field(default_factory=list)  # pools of another version, each with it
    is_unsettled: bool = False  # some post left of which nobody knows whether it arrived
    silences: int = 0  # so many posts in a row had no answer from Slack, the last within the hour


def read_vitals(db: Database, now: int) -> Vitals:
    """Read them all from one and the same commit."""
    alive = {"since": now - POOL_ALIVE_MS}
    with db.reading():
        return Vitals(
            now=now,
            tick_at=db.value(TICK_AT),
            pools=int(db.value(POOLS, alive)),
            queued=int(db.value(QUEUED)),
            oldest_due_at=db.value(OLDEST_DUE),
            failed_24h=int(db.value(FAILED, {"since": now - DAY_MS})),
            held=int(db.value(drain.HELD)),
            suspended=int(db.value(SUSPENDED)),
            unticked_at=db.value(UNTICKED),
            is_used=bool(db.value(ANY_SCHEDULE)),
            paused=[(name, reason) for name, reason in db.rows(PAUSED)],
            other_programs=[(name, program) for name, program in db.rows(OTHER_PROGRAMS, {**OWN, **alive})],
            is_unsettled=bool(db.value(UNKNOWN)),
            silences=outage.count_failures(db, now),
        )
