"""SessionHandle: life of a handle, and a session with a connection for each call."""

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from schedbot.admin.schedules import serialize
from schedbot.api.connections import Connections
from schedbot.api.values import Schedule, from_object
from schedbot.model import Schedule as StoredSchedule
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import open_database


class SessionHandle:
    """Settings and connections of a handle, which is a context manager."""

    def __init__(self, loaded: Settings) -> None:
        self._settings = loaded
        self._connections = Connections(loaded.database, lambda: open_database(loaded.database))
        # Connections of a handle that nobody closes end with it.
        self._finalizer = weakref.finalize(self, self._connections.close)
        with self._session():
            pass

    def __enter__(self) -> Self:
        self._connections.refuse_unusable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def database(self) -> Path:
        """Path of the database."""
        return self._settings.database

    def close(self) -> None:
        """Close the handle. Calls in other threads end first; a later call raises HandleUnusable.

        A second call of `close` does nothing.
        """
        self._connections.close()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._connections.use() as db:
            yield Session(self._settings, db)


def to_schedules(session: Session, schedules: Iterable[StoredSchedule]) -> list[Schedule]:
    """Return stored schedules as values."""
    return [from_object(Schedule, values) for values in serialize.to_json_each(session, schedules)]


def to_schedule(session: Session, schedule: StoredSchedule) -> Schedule:
    """Return one stored schedule as a value."""
    return to_schedules(session, [schedule])[0]
