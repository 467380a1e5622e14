"""The record of changes, with the fields that each change altered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schedbot import times
from schedbot.errors import NotFound
from schedbot.session import Session
from schedbot.store.history import changes
from schedbot.store.history.changes import Change, ChangeFilter, RecordedChange

UNLISTED = ("version", "clock_ms")  # it changes with every edit; clock_ms repeats clock


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that a change altered; None: it was not there, or is not any more."""

    name: str
    before: Any
    after: Any


def list_changes(session: Session, selection: ChangeFilter) -> Iterator[RecordedChange]:
    """Yield the selected changes, the newest first. Raises NotFound for a name that was never on record."""
    if selection.name is not None and not changes.is_name_on_record(session.db, selection.name):
        hint = "'schedbot list' shows the schedules, 'schedbot workspace list' the workspaces."
        raise NotFound(f"Nothing named {times.quote(selection.name)} was ever changed.", hint)
    return changes.select(session.db, selection)


def compare(change: Change) -> list[FieldChange]:
    """Return the fields that the change altered, in the order of the record."""
    before, after = change.before or {}, change.after or {}
    names = [name for name in {**before, **after} if name not in UNLISTED]
    different = [name for name in names if before.get(name) != after.get(name)]
    return [FieldChange(name, before.get(name), after.get(name)) for name in different]
