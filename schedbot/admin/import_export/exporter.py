"""What an export writes, an import takes: the same columns, each value as it would be typed.

Rule: schedules that are over are left out, since an import refuses what is never due; one that is suspended comes back
paused, so that nothing is posted before a person has looked.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export.formats import Format
from schedbot.admin.schedules import lookup, serialize
from schedbot.model import Schedule, ScheduleState
from schedbot.store.database import Database
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters

OFF = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


class Writable(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> Any:
        """Take the text."""


class NewlineWriter:
    """Ends each row of the csv module with a newline alone; told so itself, it would leave a lone return unquoted."""

    def __init__(self, out: Writable) -> None:
        self.out = out

    def write(self, row: str) -> None:
        """Take one row."""
        self.out.write(row.removesuffix("\r\n") + "\n")


def find_schedules(db: Database, names: Sequence[str]) -> Iterator[Schedule]:
    """The schedules of these names and globs, or all, one by one; those that are over left out. Raises NotFound."""
    found = iter(lookup.find_all(db, names).schedules) if names else schedules.named_like(db, Filters())
    return (one for one in found if one.state is not ScheduleState.FINISHED)


def write(found: Iterable[Schedule], form: Format, out: Writable) -> int:
    """Write them in that format. Returns how many."""
    return write_csv(found, out) if form is Format.CSV else write_json_lines(found, out)


def write_csv(found: Iterable[Schedule], out: Writable) -> int:
    """CSV with a header; nothing for nothing."""
    writer = csv.writer(NewlineWriter(out))
    count = 0
    for count, one in enumerate(found, start=1):
        if count == 1:
            writer.writerow(COLUMNS)
        writer.writerow(to_cells(one).values())
    return count


def write_json_lines(found: Iterable[Schedule], out: Writable) -> int:
    """One object a line."""
    count = 0
    for one in found:
        out.write(json.dumps(to_values(one), ensure_ascii=False) + "\n")
        count += 1
    return count


def to_values(schedule: Schedule) -> dict[str, Any]:
    """A schedule's values by column."""
    return {**serialize.to_columns(schedule), "paused": schedule.state in OFF}


def to_cells(schedule: Schedule) -> dict[str, str]:
    """A schedule's values by column, as text."""
    return {column: to_cell(value) for column, value in to_values(schedule).items()}


def to_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
