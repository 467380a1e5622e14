"""StagingProcess: a child process that stages the rows of an import in a file. See `staging_child` for its frames.

The child gets no variable of the environment but the folder for temporary files: there is no token in its rows.
"""

import marshal
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database
from schedbot.store.imports.row_builder import NewRow, Origin, TermsText

CODE = """
import sys
from pathlib import Path
sys.path[:] = sys.argv[2:]
from schedbot.store.imports import staging_child
staging_child.main(Path(sys.argv[1]))
"""
Frame = tuple[object, ...] | None
VARIABLES = ("TMPDIR", "LANG", "LC_ALL")
HINT = "Import again. With fewer than 10,000 lines there is no such process."


class StagingProcess:
    """Rows in a file, which a child writes and `end` attaches to the connection."""

    def __init__(self, db: Database, origin: Origin) -> None:
        self.db = db
        self.is_attached = False
        self.folder = TemporaryDirectory(prefix="schedbot-")
        self.path = Path(self.folder.name) / "staged.db"
        self.child = subprocess.Popen(
            [sys.executable, "-c", CODE, str(self.path), *sys.path],
            env={name: text for name, text in os.environ.items() if name in VARIABLES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.send(tuple(origin))

    def add(self, terms: Mapping[int, TermsText], new: Sequence[NewRow]) -> None:
        """Send rows to the child. Raises DatabaseUnusable where it has ended."""
        self.send(({number: tuple(text) for number, text in terms.items()}, list(new)))

    def send(self, frame: Frame) -> None:
        assert self.child.stdin
        try:
            self.child.stdin.write(marshal.dumps(frame))  # type: ignore[arg-type]
        except OSError:
            self.read_reply()  # raises what ended the child
            raise

    def end(self) -> list[bytes]:
        """Wait for the child and attach the file. Returns the links. Raises DatabaseUnusable."""
        self.send(None)
        links = self.read_reply()
        self.db.select("ATTACH DATABASE :path AS stage", {"path": str(self.path)})
        self.is_attached = True
        self.folder.cleanup()  # the open file stays readable, and vanishes with the connection
        return links

    def read_reply(self) -> list[bytes]:
        """Return the links of the child. Raises DatabaseUnusable if it reports an error, or ended without a reply."""
        assert self.child.stdin
        assert self.child.stdout
        with suppress(OSError):
            self.child.stdin.close()
        reply = self.child.stdout.read()
        code = self.child.wait()
        if not reply:
            raise DatabaseUnusable(f"The process that stages the lines has ended (exit code {code}).", HINT)
        links = marshal.loads(reply)
        if isinstance(links, tuple):
            raise DatabaseUnusable(*links)
        return list(links)

    def remove(self) -> None:
        """End the child, and delete the file."""
        self.child.kill()
        self.child.wait()
        for pipe in filter(None, (self.child.stdin, self.child.stdout)):
            with suppress(OSError):  # rows that the child has not read
                pipe.close()
        if self.is_attached:
            self.db.select("DETACH DATABASE stage")
        self.folder.cleanup()
