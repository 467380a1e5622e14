"""Child process of an import of many lines: it builds the rows of new schedules and writes them into a file.

So the other processor checks lines meanwhile. Frames are marshalled, on stdin and stdout: the origin, then (new shared
values, new rows) as often as there are some, then None. The reply is a list of the links of the hash chain, or the text
and the hint of an error. Where the import was killed, its folder is deleted.
"""

import marshal
import sys
from pathlib import Path
from shutil import rmtree

from schedbot.errors import SchedbotError
from schedbot.store.imports.row_builder import Origin, RowBuilder, TermsText
from schedbot.store.imports.staged_tables import ADD_SCHEDULES, CREATE_SCHEDULES
from schedbot.store.sqlite.stage_file import StageFile


def main(path: Path) -> None:
    """Serve one import. `path`: the file to write."""
    try:
        marshal.dump(reply(path), sys.stdout.buffer)
        sys.stdout.flush()
    except (EOFError, OSError):  # the import was killed
        rmtree(path.parent, ignore_errors=True)


def reply(path: Path) -> list[bytes] | tuple[str, str]:
    """Return the links, or an error. Raises EOFError where the import was killed."""
    try:
        return stage_rows(path)
    except SchedbotError as error:
        return str(error), error.hint


def stage_rows(path: Path) -> list[bytes]:
    """Write the rows into the file. Returns the links. Raises DatabaseUnusable."""
    builder, file = RowBuilder(Origin(*marshal.load(sys.stdin.buffer))), StageFile(path)
    file.begin(CREATE_SCHEDULES)
    while frame := marshal.load(sys.stdin.buffer):
        terms, rows = frame
        file.add(ADD_SCHEDULES, builder.build({number: TermsText(*text) for number, text in terms.items()}, rows))
    file.end()
    return builder.links.end()
