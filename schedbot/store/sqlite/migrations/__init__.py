"""Migrations: numbered SQL files, each named for its effect, never edited after a release, and run with its number.

An older pool that still runs records the end of its posts with its own statements (`attempt_ends.end_all`,
`claims.release`). If a migration removes their columns, the posts in flight are settled by look-ups instead.
"""

from collections.abc import Iterator
from pathlib import Path

APPLICATION_ID = 0x53434842  # "SCHB", in the file's header
FOLDER = Path(__file__).parent


def newest(folder: Path = FOLDER) -> int:
    """Return the number of the newest migration."""
    return max(int(path.name[:4]) for path in folder.glob("[0-9]*.sql"))


def after(schema: int, folder: Path = FOLDER) -> Iterator[tuple[int, str]]:
    """Yield number and script of each migration after number `schema`, in order."""
    for path in sorted(folder.glob("[0-9]*.sql")):
        number = int(path.name[:4])
        if number > schema:
            yield number, path.read_text(encoding="utf-8")
