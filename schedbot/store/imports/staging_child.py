"""Child process of an import of many lines: it builds the rows of new schedules and writes them into a file.

So the other processor checks lines meanwhile. Frames are marshalled, on stdin and stdout: (origin, path of the file),
then (new shared values, new rows) as often as there are some, then None. The reply is a list of the links of the hash
chain, or the text and the hint of an error.
"""

import marshal
import sys
from pathlib import Path
from shutil import rmtree

from schedbot.errors import SchedbotError
from schedbot.store.imports.row_builder import Origin, RowBuilder, TermsText
from schedbot.store.imports.staged_tables import ADD_SCHEDULES, CREATE_SCHEDULES
from schedbot.store.sqlite.stage_file import StageFile


def main() -> None:
    """Serve one import."""
    reply: list[bytes] | tuple[str, str]
    try:
        reply = stage_rows()
    except SchedbotError as error:
        reply = str(error), error.hint
    except EOFError:  # the import was killed
        return
    marshal.dump(reply, sys.stdout.buffer)


def stage_rows() -> list[bytes]:
    """Write the rows into the file. Returns the links. Raises DatabaseUnusable."""
    origin, path = marshal.load(sys.stdin.buffer)
    builder, file = RowBuilder(Origin(*origin)), StageFile(Path(path))
    file.begin(CREATE_SCHEDULES)
    try:
        while frame := marshal.load(sys.stdin.buffer):
            terms, rows = frame
            file.add(ADD_SCHEDULES, builder.build({number: TermsText(*text) for number, text in terms.items()}, rows))
    except EOFError:
        rmtree(file.path.parent, ignore_errors=True)
        raise
    file.end()
    return builder.links.end()
