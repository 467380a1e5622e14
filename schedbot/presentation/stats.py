"""Statistics as a table with bars, and as a page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from schedbot import times
from schedbot.admin.operations.figures.stats import StatsRow
from schedbot.errors import SchedbotError
from schedbot.presentation import output
from schedbot.text_input import parse_path

if TYPE_CHECKING:
    from rich.text import Text

COLUMNS = ("POSTS", "FAILED", "RETRIED", "MISSED", "P50", "P95", "P99", "RENDER P95")
SHORT_COLUMNS = (*COLUMNS[:-1], "RENDER")
NARROW = 100  # columns of a terminal below which texts are short
BLOCK = "█"
WIDEST, LEAST = 20, 6  # columns of a bar
SHORTEST_KEY = 10

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>schedbot: by {{ by }}</title>
<style>
  body { font: 15px system-ui, sans-serif; margin: 2rem } table { border-collapse: collapse }
  th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #ddd }
  th:first-child, td:first-child { text-align: left } svg { display: block }
</style>
<h1>Posts by {{ by }}</h1>
<table><tr><th>{{ by }}</th>{% for name in columns %}<th>{{ name.lower() }}</th>{% endfor %}<th></th></tr>
{% for row in rows %}<tr>{% for cell in row.cells %}<td>{{ cell }}</td>{% endfor %}
<td><svg width="200" height="14" role="img" aria-label="{{ row.stats.posts }} posts, {{ row.stats.failed }} failed">
<rect width="{{ 200 * row.stats.posts / most }}" height="14" fill="#2e7d32"/>
<rect x="{{ 200 * row.stats.posts / most }}"
 width="{{ 200 * (row.stats.failed + row.stats.missed) / most }}" height="14"
 fill="#c62828"/></svg></td></tr>
{% endfor %}</table></html>
"""


def print_table(rows: Sequence[StatsRow]) -> None:
    """Print a row for each key, with a bar of posts (green), and of failed and missed jobs (red), as wide as fits."""
    if not rows:
        output.note("No job is on record for this time.")
        return
    from rich.table import Table
    from rich.text import Text

    layout = find_layout(rows, output.width())
    grid = Table(box=None, pad_edge=False, padding=(0, layout.gap, 0, 0), header_style="bold")
    grid.add_column(rows[0].by.upper(), overflow="ellipsis", no_wrap=True, max_width=layout.key)
    for column in layout.columns:
        grid.add_column(column, justify="right", no_wrap=True)
    if layout.bar:
        grid.add_column("", no_wrap=True)
    most = largest(rows)
    for row in rows:
        cells = [Text(output.printable(cell)) for cell in row_cells(row, layout.is_short)]
        grid.add_row(*cells, *([bar(row, most, layout.bar)] if layout.bar else []))
    output.console().print(grid)


class Layout(NamedTuple):
    """Titles after the key, and widths: of the key, of the gap between columns, and of the bar (0: none)."""

    columns: tuple[str, ...]
    is_short: bool
    key: int
    gap: int
    bar: int


def find_layout(rows: Sequence[StatsRow], width: int) -> Layout:
    """Return the layout in that many columns of the terminal. A long key is cut before the bars go."""
    is_short = width < NARROW
    columns, gap = (SHORT_COLUMNS, 1) if is_short else (COLUMNS, 2)
    cells = [row_cells(row, is_short) for row in rows]
    titles = (rows[0].by, *columns)
    widths = [max(len(title), *(output.cells(row[place]) for row in cells)) for place, title in enumerate(titles)]
    room = width - sum(widths[1:]) - gap * len(widths)
    key = max(min(widths[0], room - LEAST), SHORTEST_KEY)
    bar_width = min(WIDEST, room - key)
    if bar_width < LEAST:
        return Layout(columns, is_short, widths[0], gap, 0)
    return Layout(columns, is_short, key, gap, bar_width)


def bar(row: StatsRow, most: int, width: int) -> "Text":
    """Return the bar of a row; that of the largest row is `width` wide."""
    from rich.text import Text

    bad = -(-(row.failed + row.missed) * width // most)  # one failure among many posts is seen
    good = min(round(row.posts * width / most), width - bad)
    return Text.assemble((BLOCK * good, "green"), (BLOCK * bad, "red"))


def largest(rows: Sequence[StatsRow]) -> int:
    return max((row.posts + row.failed + row.missed for row in rows), default=0) or 1


def row_cells(row: StatsRow, is_short: bool = False) -> list[str]:
    """Return the cells of a row as texts."""
    counts = [f"{count:,}" for count in (row.posts, row.failed, row.retried, row.missed)]
    durations = (row.lateness_p50_ms, row.lateness_p95_ms, row.lateness_p99_ms, row.render_p95_ms)
    return [format_key(row, is_short), *counts, *("-" if ms is None else format_ms(ms) for ms in durations)]


def format_key(row: StatsRow, is_short: bool) -> str:
    """Return the key for a person: an hour in the zone of the terminal; '-' for no account."""
    if row.by == "hour":
        text = times.format_instant(times.parse_instant(row.key, None, 0), times.local_zone())
        _, day, month, _, clock, zone = text.split(" ")
        return f"{day} {month} {clock} {zone}" if is_short else text
    return row.key or "-"


def format_ms(ms: int) -> str:
    """Return `230 ms`, `4.2 s` or `3.5 min`."""
    if ms < 1_000:
        return f"{ms} ms"
    return f"{ms / 1_000:.1f} s" if ms < 120_000 else f"{ms / 60_000:,.1f} min"


def write_page(name: str, rows: Sequence[StatsRow]) -> None:
    """Write the rows as a page of HTML without links to anything else. Raises SchedbotError."""
    from jinja2 import Environment

    by = rows[0].by if rows else "day"
    shown = [{"cells": row_cells(row), "stats": row} for row in rows]
    template = Environment(autoescape=True).from_string(PAGE)
    text = template.render(by=by, columns=COLUMNS, rows=shown, most=largest(rows))
    try:
        parse_path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SchedbotError(f"The page '{name}' cannot be written: {reason}.", "Choose another place.") from None
    output.note(f"Wrote {name}.")
