"""Schedules of a sync's source: those that the sync added, and that it changes and removes."""

from collections.abc import Iterator
from dataclasses import dataclass

from schedbot.model import ScheduleState
from schedbot.store.database import Database

OF_SOURCE = "SELECT id, name, version, state FROM schedules WHERE source = :source AND state <> 'removed'"


@dataclass(frozen=True, slots=True)
class SourceSchedule:
    """A schedule of a source, as far as it tells one version and state from another."""

    id: str
    name: str
    version: int
    state: ScheduleState


def list_of_source(db: Database, source: str) -> Iterator[SourceSchedule]:
    """Yield the schedules of a source that are not removed."""
    return db.each(SourceSchedule, OF_SOURCE, {"source": source})
