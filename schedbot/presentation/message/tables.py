"""Lines of a table block, drawn with its borders. A cell that is too wide goes on in the next line."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

ALIGNMENTS = ("left", "center", "right")


def table_lines(rows: Sequence[Sequence[str]], settings: Any, width: int) -> list[str]:
    """Return the lines of a table, at most `width` columns wide. `settings`: of its columns, as Slack has them."""
    from rich.box import SQUARE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SQUARE, show_header=False, padding=(0, 1) if width > 40 else 0)
    for column in range(max(map(len, rows), default=0)):
        table.add_column(justify=find_alignment(settings, column), overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*map(Text, row), end_section=number == 0)
    file = io.StringIO()
    Console(file=file, width=width, color_system=None, legacy_windows=False).print(table)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def find_alignment(settings: Any, column: int) -> Any:
    """Return the alignment of a column."""
    entry = settings[column] if isinstance(settings, list | tuple) and column < len(settings) else None
    align = entry.get("align") if isinstance(entry, Mapping) else None
    return align if align in ALIGNMENTS else "left"
