"""Tables for people, JSON Lines and CSV for programs.

Answers go to stdout; notes, progress and questions to stderr. Colours appear only on a terminal, and never with
NO_COLOR. A table fits the terminal (80 columns without one): long cells are cut in the middle, the last column at its
end or wrapped. On a terminal long sentences wrap between words, but not inside a command, so that it can be copied.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from schedbot.presentation.text_width import cells as cells
from schedbot.presentation.text_width import cut as cut
from schedbot.presentation.text_width import shorten_names
from schedbot.text_input import JOINERS, defuse_formula, escape_unseen

Json = Mapping[str, Any]
# A cut cell keeps this many columns: enough for a number or a word.
MIN_CELL = 10
COMMAND = r"'schedbot [^']*'|Next: +schedbot .*"  # compiled when it is used, which few commands do
HANG_OF_NOTES = len("Error: ")
NO_BREAK = "\N{NO-BREAK SPACE}"
KEPT_CHARACTERS = "\n" + JOINERS
PRIVATE_USE = "\ue000"  # a blank inside a command, among wide letters


def json_lines(objects: Iterable[Json]) -> None:
    """Print one object a line on stdout; nothing for no objects."""
    import json

    for entry in objects:
        stdout().write(json.dumps(entry, ensure_ascii=False) + "\n")


class EscapingWriter:
    """Writes text to a terminal: characters that steer it or reorder text are escapes of JSON (`\\u202e`)."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write text; it may have line breaks."""
        if not text.isprintable():
            text = "".join(
                char if char.isprintable() or char in KEPT_CHARACTERS else to_json_escape(char) for char in text
            )
        return self._out.write(text)


def to_json_escape(char: str) -> str:
    """Return `\\u202e`; two such escapes for a character beyond U+FFFF."""
    import json

    return json.dumps(char)[1:-1] if ord(char) > 126 else f"\\u{ord(char):04x}"


def stdout() -> TextIO | EscapingWriter:
    """Return stdout for data: as it is in a file or a pipe, with escapes on a terminal."""
    return EscapingWriter(sys.stdout) if sys.stdout.isatty() else sys.stdout


def csv_rows(columns: Sequence[str], objects: Iterable[Json]) -> None:
    """Print CSV with a header, for a spreadsheet: a text that it would take for a formula gets a `'` before it.

    Lists and objects are written as JSON, None as an empty cell.
    """
    import csv

    writer = csv.writer(stdout(), lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(entry.get(column)) for column in columns] for entry in objects)


def csv_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return defuse_formula(value) if isinstance(value, str) else value


def width() -> int:
    """Return the columns of the terminal; 80 without one."""
    if not sys.stdout.isatty():
        return 80
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def count(number: int, singular: str, plural: str = "") -> str:
    """Return `1 job` or `1,200 jobs`; the plural ends in `s` unless it is given."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    empty: str,
    styles: Mapping[str, str] | None = None,
    wraps_from: int = 0,
    is_wide: bool = False,
) -> None:
    """Print rows under column heads, or the sentence `empty` (to stderr) without rows.

    `styles` maps a cell's text to its colour, such as {"failed": "red"}. With `wraps_from` the last column wraps
    instead of being cut, and has at least that width. `is_wide`: nothing is cut, whatever the terminal's width is.
    """
    body = [[printable(str(text)).replace("\n", " ") for text in row] for row in rows]
    if not body:
        note(empty)
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    natural = [max(map(cells, texts)) for texts in zip(columns, *body, strict=True)]
    widths = natural if is_wide else fit_widths(natural, width(), wraps_from)
    for place, max_width in enumerate(widths[:-1]):
        short = shorten_names((row[place] for row in body), max_width)
        for row in body:
            row[place] = short[row[place]]
    for place, (column, max_width) in enumerate(zip(columns, widths, strict=True), start=1):
        wraps = wraps_from > 0 and place == len(columns)
        grid.add_column(column, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis", max_width=max_width)
    for row in body:
        grid.add_row(*(Text(text, style=(styles or {}).get(text, "")) for text in row))
    console(sum(natural) + 2 * len(natural) if is_wide else 0).print(grid)


def fit_widths(widths: list[int], room: int, min_last: int = 0) -> list[int]:
    """Return column widths that fit into `room` with 2 between them: the last is cut first, then the widest.

    No column is cut below MIN_CELL, nor the last one below `min_last`.
    """
    *others, last = widths
    last = min(last, max(MIN_CELL, min_last, room - sum(others) - 2 * len(others)))
    while others and sum(others) + 2 * len(others) + last > room and max(others) > MIN_CELL:
        others[others.index(max(others))] -= 1
    return [*others, last]


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values below each other, further lines of a value indented. Empty values are not printed."""
    shown = [(name, value) for name, value in pairs if value]
    name_width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *rest = printable(value).splitlines() or [""]
        print_line(f"{name:<{name_width}}  {first}", hang=name_width + 2)
        for line in rest:
            print_line(" " * (name_width + 2) + line, hang=name_width + 2)


def printable(text: str) -> str:
    """Return the text with escapes for what cannot be seen or could steer the terminal. Line breaks stay."""
    text = escape_unseen(text)
    return text if text.isprintable() else "".join(char if char == "\n" or not char.isspace() else " " for char in text)


def wrap(text: str, hang: int) -> str:
    """Return the text wrapped between words, further lines indented by `hang`. Commands are not broken."""
    if cells(text) <= width():
        return text
    indent = text[: len(text) - len(text.lstrip())]
    unbroken = re.sub(COMMAND, lambda match: match[0].replace(" ", NO_BREAK), text.lstrip())
    if cells(unbroken) != len(unbroken):
        from schedbot.presentation.column_wrap import wrap_line

        lines = wrap_line(unbroken.replace(NO_BREAK, PRIVATE_USE), width() - max(hang, len(indent)))
        return f"\n{' ' * hang}".join([indent + lines[0], *lines[1:]]).replace(PRIVATE_USE, " ")
    import textwrap

    wrapper = textwrap.TextWrapper(width(), indent, " " * hang, break_long_words=False, break_on_hyphens=False)
    return wrapper.fill(unbroken).replace(NO_BREAK, " ")


def print_line(text: str = "", style: str = "", hang: int = 0, bar: tuple[str, int, int] | None = None) -> None:
    """Print one line on stdout; a terminal shows further lines indented by `hang`.

    `bar`: a colour, and the start and the end of the part of the line that has it.
    """
    text = printable(text)
    if sys.stdout.isatty() and text:
        text = wrap(text, hang)
    if (style or bar) and is_coloured():
        from rich.text import Text

        line = Text(text, style=style)
        if bar:
            line.stylize(*bar)
        console().print(line, soft_wrap=True)
    else:
        print(text)


def note(text: str) -> None:
    """Print one line on stderr."""
    text = printable(text)
    if sys.stderr.isatty():
        text = wrap(text, HANG_OF_NOTES if text.startswith(("Error: ", "Hint:  ")) else 0)
    print(text, file=sys.stderr)


def is_coloured() -> bool:
    """May stdout be coloured?"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def console(columns: int = 0) -> Any:
    """Return rich's console on stdout, as wide as the terminal or with so many columns."""
    from rich.console import Console

    return Console(width=columns or width(), highlight=False, no_color=not is_coloured())


def ask(question: str, default: bool = False) -> bool:
    """Ask a yes-or-no question. Without a terminal the answer is no."""
    if not sys.stdin.isatty():
        note(f"{question} No terminal to ask on, so nothing was changed. Use --yes in scripts.")
        return False
    from rich.console import Console
    from rich.prompt import Confirm
    from rich.text import Text

    return bool(Confirm.ask(Text(printable(question)), default=default, console=Console(stderr=True)))


def progress(label: str, total: int) -> Any:
    """Return a progress bar on stderr as a context manager; invisible without a terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    bar.add_task(escape(label), total=total)
    return bar
