"""Export schedules in a format that an import reads: the same columns, each value as a person types it.

Finished schedules are left out, since an import refuses schedules without future occurrences. A suspended schedule is
exported as paused, so that nothing is posted before a person has checked it.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export.formats import Format
from schedbot.admin.schedules import selection, serialize
from schedbot.model import Schedule, ScheduleState
from schedbot.store.database import Database
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter
from schedbot.text_input import defuse_formula

PAUSED = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


class TextWriter(Protocol):
    """File or stream that text can be written to."""

    def write(self, text: str, /) -> Any:
        """Write the text."""


class NewlineWriter:
    """Ends rows of the csv module with a newline alone.

    With newlines as its own row ends, the csv module leaves a single carriage return in a cell unquoted.
    """

    def __init__(self, out: TextWriter) -> None:
        self.out = out

    def write(self, row: str) -> None:
        """Write one row."""
        self.out.write(row.removesuffix("\r\n") + "\n")


def find_schedules(db: Database, names: Sequence[str]) -> Iterator[Schedule]:
    """Yield the schedules of these names and globs, or all, without finished schedules. Raises NotFound."""
    selected = iter(selection.find_all(db, names).schedules) if names else schedules.list_matching(db, ScheduleFilter())
    return (schedule for schedule in selected if schedule.state is not ScheduleState.FINISHED)


def write(exported: Iterable[Schedule], form: Format, out: TextWriter, is_safe: bool = False) -> int:
    """Write schedules in a format. Returns their number. `is_safe`: no cell of CSV is a formula of a spreadsheet."""
    return write_csv(exported, out, is_safe) if form is Format.CSV else write_json_lines(exported, out)


def write_csv(exported: Iterable[Schedule], out: TextWriter, is_safe: bool = False) -> int:
    """Write CSV with a header; nothing if there is no schedule."""
    writer = csv.writer(NewlineWriter(out))
    count = 0
    for count, schedule in enumerate(exported, start=1):
        if count == 1:
            writer.writerow(COLUMNS)
        cells = to_cells(schedule).values()
        writer.writerow(map(defuse_formula, cells) if is_safe else cells)
    return count


def write_json_lines(exported: Iterable[Schedule], out: TextWriter) -> int:
    """Write one JSON object a line, with the column `source`, which an import leaves out."""
    count = 0
    for schedule in exported:
        count += 1
        values = {**to_values(schedule), "source": schedule.source}
        out.write(json.dumps(values, ensure_ascii=False) + "\n")
    return count


def to_values(schedule: Schedule) -> dict[str, Any]:
    """Return the values of a schedule by column."""
    return {**serialize.to_columns(schedule), "paused": schedule.state in PAUSED}


def to_cells(schedule: Schedule) -> dict[str, str]:
    """Return the values of a schedule by column, as text."""
    return {column: to_cell(value) for column, value in to_values(schedule).items()}


def to_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
