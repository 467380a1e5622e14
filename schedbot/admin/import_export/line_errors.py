"""Errors of the lines of an import: each bad line with its first bad cell, equal errors as one.

Reading goes on after a bad line, so that all bad lines are listed at once.
"""

from dataclasses import dataclass, field

from schedbot.errors import BadInput

MAX_SHOWN = 100


@dataclass(slots=True)
class LineErrors:
    """Errors of an import by column, message and hint, each with the lines that have it."""

    lines: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    bad_lines: set[int] = field(default_factory=set)

    def add(self, line: int, column: str, error: BadInput) -> None:
        """Add the error of one line."""
        self.lines.setdefault((column, str(error), error.hint), []).append(line)
        self.bad_lines.add(line)

    def messages(self) -> list[str]:
        """Return one message for each error, in the order of their first lines. Errors beyond MAX_SHOWN are counted."""
        ordered = sorted(self.lines.items(), key=lambda item: min(item[1]))
        shown = [message(*error, lines) for error, lines in ordered[:MAX_SHOWN]]
        more = len(ordered) - len(shown)
        return [*shown, f"... and {more:,} more"] if more else shown


def message(column: str, problem: str, hint: str, lines: list[int]) -> str:
    """Return `line 3: column: problem hint`, with the number of lines if the same error is in several."""
    text = f"line {min(lines)}: {column}: {problem} {hint}".rstrip().replace("\n", " ")
    return text if len(lines) == 1 else f"{text} (in {len(lines):,} lines, first in line {min(lines)})"
