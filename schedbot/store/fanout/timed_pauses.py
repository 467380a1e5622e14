"""Pauses that end by themselves."""

from dataclasses import replace

from schedbot.model import ScheduleState
from schedbot.store.database import Database
from schedbot.store.fanout import advance
from schedbot.store.jobs import pending
from schedbot.store.schedules import recurrences, schedules

RESTED = "SELECT id FROM schedules WHERE state = 'paused' AND state_until <= :horizon ORDER BY state_until, id"


def has_ending(db: Database, horizon: int) -> bool:
    """Does a pause end up to `horizon`?"""
    sql = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state_until IS NOT NULL AND state_until <= :horizon)"
    return bool(db.value(sql, {"horizon": horizon}))


def end_pauses(db: Database, now: int, horizon: int) -> list[str]:
    """Let the pauses end that end by themselves up to `horizon`. Returns their schedules' ids. Inside a transaction.

    A pause until 09:00 is over at 09:00: the occurrence of that very instant is made.
    """
    ended = [schedules.by_id(db, row[0]) for row in db.rows(RESTED, {"horizon": horizon})]
    for rested in ended:
        effective_at = (rested.state_until or 0) - 1
        active = replace(rested, state=ScheduleState.ACTIVE, reason=None, state_by=None, state_until=None)
        schedules.update_state(db, replace(active, effective_at=effective_at), now)
        number = schedules.recurrence_id(db, rested.id)
        pending.requeue_deferred(db, rested, effective_at)
        if effective_at < now:
            recurrences.wake(db, number, effective_at)  # it ended while no tick ran: the misfire policy decides
        else:
            advance.enqueue_upcoming(db, rested.id, number, effective_at)
    return [rested.id for rested in ended]
