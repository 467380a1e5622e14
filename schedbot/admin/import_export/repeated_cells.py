"""RepeatedCells: names and errors that earlier lines of the same list have, so that an error is looked up once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schedbot import times
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export.formats import Record
from schedbot.slack.user_ids import is_user_zone

SLOW_COLUMNS = ("tz", "workspace", "skip_holidays")  # their errors search for the nearest name


@dataclass(slots=True)
class RepeatedCells:
    """Names of earlier lines, and the errors of their cells in SLOW_COLUMNS. `noun`: `line` or `row`."""

    noun: str = "line"
    first_lines: dict[str, int] = field(default_factory=dict)  # by name
    known_errors: dict[tuple[str, str], BadField] = field(default_factory=dict)  # by column and text

    def refuse(self, record: Record) -> None:
        """Raise BadField for a known error, and for a name that an earlier line has."""
        for column in SLOW_COLUMNS if self.known_errors else ():
            error = self.known_errors.get((column, record.fields.get(column, "")))
            if error is not None:
                raise BadField(column, str(error), error.hint)
        line, name = record.line, record.name
        first = self.first_lines.setdefault(name, line)
        if first != line and name:
            hint = "Names are unique: rename one of the two."
            raise BadField("name", f"The name {times.quote(name)} is also in {self.noun} {first}.", hint)

    def add_new(self, names: Sequence[str], lines: Sequence[int]) -> bool:
        """Add names that neither an earlier line nor two of these have. Returns False, and adds none, otherwise."""
        new = dict(zip(names, lines, strict=True))
        is_new = len(new) == len(names) and self.first_lines.keys().isdisjoint(new)
        if is_new:
            self.first_lines.update(new)
        return is_new

    def remember(self, record: Record, error: BadField) -> None:
        """Keep an error that the same text has in every line."""
        text = record.fields.get(error.column, "")
        if error.column in SLOW_COLUMNS and text and not is_user_zone(text):
            self.known_errors[error.column, text] = error
