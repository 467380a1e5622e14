"""Rows become a table for people, JSON Lines or CSV for programs.

Answers go to stdout; notes, progress and questions to stderr. Colours only on a terminal, and never with NO_COLOR.
A table fits the terminal (80 columns where there is none): long cells are cut; only a reason may go on below itself.
"""

import csv
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
# The columns that a cut cell keeps: a number or a word fits into it.
LEAST = 10


def json_lines(objects: Iterable[Json]) -> None:
    """One object a line on stdout; nothing for nothing."""
    for one in objects:
        print(json.dumps(one, ensure_ascii=False))


def csv_rows(columns: Sequence[str], objects: Iterable[Json]) -> None:
    """CSV with a header on stdout; what is not text or a number is written as JSON, None as an empty cell."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(one.get(column)) for column in columns] for one in objects)


def cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def width() -> int:
    """The columns to fit into."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: a wide letter takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    empty: str,
    styles: Mapping[str, str] | None = None,
    wraps_from: int = 0,
) -> None:
    """Print rows under their columns' names, or the sentence `empty` (to stderr) when there is none.

    `styles` gives a cell's text its colour, such as {"failed": "red"}. With `wraps_from` the last column is a text that
    goes on in the next line instead of being cut, and has at least so much room.
    """
    body = [[printable(str(text)).replace("\n", " ") for text in row] for row in rows]
    if not body:
        note(empty)
        return
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    wide = fitted([max(map(cells, texts)) for texts in zip(columns, *body, strict=True)], width(), wraps_from)
    for place, (column, most) in enumerate(zip(columns, wide, strict=True), start=1):
        wraps = wraps_from > 0 and place == len(columns)
        shown.add_column(column, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis", max_width=most)
    for row in body:
        shown.add_row(*(Text(text, style=(styles or {}).get(text, "")) for text in row))
    console().print(shown)


def fitted(wide: list[int], room: int, least: int = 0) -> list[int]:
    """The columns' widths, cut to `room` with 2 between them: the last first, down to LEAST, then the widest.

    `least` is what the last one keeps, where that is more.
    """
    *others, last = wide
    last = min(last, max(LEAST, least, room - sum(others) - 2 * len(others)))
    while others and sum(others) + 2 * len(others) + last > room and max(others) > LEAST:
        others[others.index(max(others))] -= 1
    return [*others, last]


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values below each other, further lines of a value indented; a pair without one is left out."""
    told = [(name, value) for name, value in pairs if value]
    wide = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        say(f"{name:<{wide}}  " + printable(value).replace("\n", "\n" + " " * (wide + 2)))


def printable(text: str) -> str:
    """The text without what would steer the reader's terminal, such as an escape sequence."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def say(text: str = "", style: str = "") -> None:
    """Print one line for a person on stdout."""
    text = printable(text)
    if style and coloured():
        from rich.text import Text

        console().print(Text(text, style=style), soft_wrap=True)
    else:
        print(text)


def note(text: str) -> None:
    """Print one line beside the answer, on stderr."""
    print(printable(text), file=sys.stderr)


def coloured() -> bool:
    """May stdout be coloured?"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def console() -> Any:
    """Rich's console on stdout, as wide as `width`."""
    from rich.console import Console

    return Console(width=width(), highlight=False, no_color=not coloured())


def ask(question: str, default: bool = False) -> bool:
    """Put a yes-or-no question on the terminal. Without a terminal the answer is no."""
    if not sys.stdin.isatty():
        note(f"{question} No terminal to ask: nothing was done. Say --yes in scripts.")
        return False
    from rich.console import Console
    from rich.prompt import Confirm

    return bool(Confirm.ask(question, default=default, console=Console(stderr=True)))


def progress(label: str, total: int) -> Any:
    """A progress bar on stderr as a context manager; `.advance(task, n)` moves it. Silent without a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    bar.add_task(label, total=total)
    return bar
