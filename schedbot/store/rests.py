"""Pauses that end by themselves."""

from schedbot.store.database import Database


def to_end(db: Database, horizon: int) -> bool:
    """Does a pause end up to `horizon`?"""
    sql = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state_until IS NOT NULL AND state_until <= :horizon)"
    return bool(db.value(sql, {"horizon": horizon}))
