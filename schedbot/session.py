"""Session of one command: its settings, database and clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from schedbot import clock, settings, times
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.open_database import open_database


@dataclass(frozen=True, slots=True)
class Session:
    """Settings, database and clock of one command. `now()` returns UTC milliseconds."""

    settings: Settings
    db: Database
    now: Callable[[], int] = clock.now_ms

    @property
    def actor(self) -> str:
        """Name of the person or program, for the record of changes."""
        return self.settings.actor

    @property
    def local_zone(self) -> ZoneInfo:
        """Time zone of the terminal's user."""
        return times.local_zone()


@contextmanager
def open_session() -> Iterator[Session]:
    """Load the settings, open their database and yield the session of a command.

    Raises BadInput for settings and DatabaseUnusable for a database that cannot be used.
    """
    loaded = settings.load()
    db = open_database(loaded.database)
    try:
        yield Session(loaded, db)
    finally:
        db.close()
