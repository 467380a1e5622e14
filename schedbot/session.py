"""What one call of schedbot has in hand: settings, database, clock, and who asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from schedbot import clock, settings, times
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.opening import open_database


@dataclass(frozen=True, slots=True)
class Session:
    """One call: all that a rule needs to know of the world outside. `now()` is UTC milliseconds."""

    settings: Settings
    db: Database
    now: Callable[[], int] = clock.now_ms

    @property
    def actor(self) -> str:
        """Who asks, for the record of changes."""
        return self.settings.actor

    @property
    def local_zone(self) -> ZoneInfo:
        """The time zone of the person at the terminal."""
        return times.local_zone()


@contextmanager
def open_session() -> Iterator[Session]:
    """The session of a command: the settings as they are said, the database that they name.

    Raises BadInput for settings and DatabaseUnusable for a database that cannot be used.
    """
    said = settings.load()
    db = open_database(said.database)
    try:
        yield Session(said, db)
    finally:
        db.close()
