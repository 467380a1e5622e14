"""Stage: new schedules in tables beside the database, which are written while no lock is held.

Few are staged in a temporary table, many by a child process in a file that is attached at the end: so one processor
checks lines while the other one builds their rows.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Protocol

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.imports.row_builder import NewRow, Origin, RowBuilder, TermsText
from schedbot.store.imports.staged_tables import (
    ADD_SCHEDULES,
    ADD_TERMS,
    CREATE_TEMPORARY_SCHEDULES,
    CREATE_TERMS,
    TERMS,
)
from schedbot.store.imports.staging_process import StagingProcess
from schedbot.store.schedules import recurrences
from schedbot.store.schedules import schedules as schedule_rows


class RowStage(Protocol):
    """Place of the rows. Methods raise DatabaseUnusable."""

    def add(self, terms: Mapping[int, TermsText], new: Sequence[NewRow]) -> None:
        """Stage rows; `terms` has their shared values that are new, by number."""

    def end(self) -> list[bytes]:
        """Stage what is left. Returns the entries of the hash chain, link by link."""

    def remove(self) -> None:
        """Give the room of the rows back."""


class TemporaryRows:
    """Rows in a temporary table of the connection."""

    def __init__(self, db: Database, origin: Origin) -> None:
        self.db = db
        self.builder = RowBuilder(origin)
        self.remove()
        db.stage_many(CREATE_TEMPORARY_SCHEDULES, [()])

    def add(self, terms: Mapping[int, TermsText], new: Sequence[NewRow]) -> None:
        """Stage rows."""
        self.db.stage_many(ADD_SCHEDULES, self.builder.build(terms, new))

    def end(self) -> list[bytes]:
        """Return the entries of the hash chain."""
        return self.builder.links.end()

    def remove(self) -> None:
        """Drop the table."""
        self.db.stage_many("DROP TABLE IF EXISTS temp.staged_schedules", [()])


class Stage:
    """New schedules of one import, and the values that they share. `is_large`: many may come."""

    def __init__(self, db: Database, origin: Origin, is_large: bool) -> None:
        self.db = db
        self.numbers = count()
        self.rows: RowStage = StagingProcess(db, origin) if is_large else TemporaryRows(db, origin)
        self.drop_terms()
        db.stage_many(CREATE_TERMS, [()])

    def add_terms(self, schedule: Schedule, first_due_at: int | None) -> int:
        """Stage the values that the schedule shares with others. Returns their number.

        `first_due_at`: first occurrence of the recurrence after now.
        """
        number = next(self.numbers)
        row = {
            **schedule_rows.version_to_row(schedule, 0, 0),
            **schedule_rows.to_row(schedule),
            **recurrences.to_row(schedule.recurrence),
            "number": number,
            "first_due_at": first_due_at,
        }
        self.db.stage_many(ADD_TERMS, [{name: row[name] for name in TERMS}])
        return number

    def remove(self) -> None:
        """Give the room of all back."""
        self.rows.remove()
        self.drop_terms()

    def drop_terms(self) -> None:
        self.db.stage_many("DROP TABLE IF EXISTS temp.staged_terms", [()])
