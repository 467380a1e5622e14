"""Errors of the lines of an import: each bad line with its first bad cell, equal errors as one.

Reading goes on after a bad line, so that all bad lines are listed at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schedbot.errors import BadInput


@dataclass(slots=True)
class LineErrors:
    """Errors of an import by column, message and hint, each with the lines that have it. `noun`: `line` or `row`."""

    noun: str = "line"
    lines: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    bad_lines: set[int] = field(default_factory=set)

    def add(self, line: int, column: str, error: BadInput) -> None:
        """Add the error of one line."""
        self.lines.setdefault((column, str(error), error.hint), []).append(line)
        self.bad_lines.add(line)

    def messages(self) -> list[str]:
        """Return one message for each error, in the order of their first lines."""
        ordered = sorted(self.lines.items(), key=lambda item: min(item[1]))
        return [self.message(*error, lines) for error, lines in ordered]

    def message(self, column: str, problem: str, hint: str, lines: list[int]) -> str:
        """Return `line 3: column: problem hint`, with all line numbers if the same error is in several lines."""
        text = f"{self.noun} {min(lines)}: {column}: {problem} {hint}".rstrip().replace("\n", " ")
        return text if len(lines) == 1 else f"{text} (in {len(lines):,} {self.noun}s: {line_ranges(lines)})"


def line_ranges(lines: Sequence[int]) -> str:
    """Return line numbers as ranges: `3-102, 104`."""
    ordered = sorted(lines)
    starts = [line for line, before in zip(ordered, [-1, *ordered], strict=False) if line > before + 1]
    ends = [line for line, after in zip(ordered, [*ordered[1:], ordered[-1] + 2], strict=True) if after > line + 1]
    ranges = zip(starts, ends, strict=True)
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in ranges)
