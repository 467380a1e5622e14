"""Numbered SQL files: each says its effect in its name, is never edited once released, and runs with its number.

An older pool that still runs ends what it had sent by its own statements (`attempts.end`, `claims.give_back`). Where a
migration takes away what these write, the posts in flight during the upgrade are looked up in the history instead.
"""

from collections.abc import Iterator
from pathlib import Path

APPLICATION_ID = 0x53434842  # "SCHB", in the file's header: whose it is
FOLDER = Path(__file__).parent


def newest(folder: Path = FOLDER) -> int:
    """The number of the newest migration that this program knows."""
    return max(int(path.name[:4]) for path in folder.glob("[0-9]*.sql"))


def after(seen: int, folder: Path = FOLDER) -> Iterator[tuple[int, str]]:
    """Number and script of each migration that comes after number `seen`, in order."""
    for path in sorted(folder.glob("[0-9]*.sql")):
        number = int(path.name[:4])
        if number > seen:
            yield number, path.read_text(encoding="utf-8")
