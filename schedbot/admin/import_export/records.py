"""What is read from a line of an import, and what is wrong with it: a complaint names line, column, reason, remedy."""

from dataclasses import dataclass, field
from difflib import get_close_matches

from schedbot import times
from schedbot.admin.fields.parsers import COLUMNS
from schedbot.errors import BadInput

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One schedule as the file says it: text by column. Empty is the default, what is missing was not said."""

    line: int
    fields: dict[str, str]


@dataclass(slots=True)
class Complaints:
    """What is wrong, a sentence each, and in which lines; sentences beyond SHOWN are only counted."""

    count: int = 0
    bad: set[int] = field(default_factory=set)
    lines: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, column: str, error: BadInput) -> None:
        """Take down what is wrong in a line, and what to do."""
        self.count += 1
        self.bad.add(line)
        if len(self.lines) < SHOWN:
            said = f"line {line}: {column}: {error} {error.hint}".rstrip()
            self.lines.append((line, said.replace("\n", " ")))

    def in_order(self) -> list[str]:
        """The sentences by line, and how many more there are."""
        told = [said for _, said in sorted(self.lines)]
        more = self.count - len(told)
        return [*told, f"... and {more:,} more"] if more else told


def unknown(column: str) -> BadInput:
    """A column's name that is not known, with the nearest."""
    near = get_close_matches(column.lower(), COLUMNS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(COLUMNS)}."
    return BadInput(f"No column is called {times.quote(column)}.", hint)
