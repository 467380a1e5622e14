"""Connections of one handle: a call takes an idle connection, or opens one, and gives it back at its end.

So several threads never share a connection, and a thread that ends leaves none behind. A forked child abandons the
connections of its parent: SQLite allows neither their use nor their end there
(sqlite.org/howtocorrupt.html#_carrying_an_open_database_across_a_fork_). Nor may the child open such a database anew:
SQLite would count the parent's locks as the child's and take none, and what the child writes could be lost.
"""

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schedbot.errors import DatabaseUnusable, HandleUnusable
from schedbot.store.database import Database

MAX_IDLE = 40  # as many as the threads that FastAPI runs at once

AFTER_FORK = "Open handles after a fork only, and close those of before it first."

_inherited: set[Path] = set()  # databases that were open when this process was forked
_handles: "weakref.WeakSet[Connections]" = weakref.WeakSet()


class Connections:
    """Open connections of a handle to the database at `path`. `connect` opens one."""

    def __init__(self, path: Path, connect: Callable[[], Database]) -> None:
        self._path = path.resolve()
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: list[Database] = []
        self._open: set[Database] = set()
        self._process = os.getpid()
        self._is_closed = False
        _handles.add(self)

    @contextmanager
    def use(self) -> Iterator[Database]:
        """Lend a connection. Raises HandleUnusable for a closed handle and in a forked child."""
        db = self._take()
        is_sound = True
        try:
            yield db
        except DatabaseUnusable:
            is_sound = False
            raise
        finally:
            self._give_back(db, is_sound)

    def refuse_unusable(self) -> None:
        """Raise HandleUnusable for a closed handle and in a forked child."""
        if self._process != os.getpid():
            raise HandleUnusable(
                f"This handle was opened by process {self._process}, which forked this process {os.getpid()}.",
                AFTER_FORK,
            )
        if self._path in _inherited:
            raise HandleUnusable(f"This process was forked while '{self._path}' was open.", AFTER_FORK)
        if self._is_closed:
            raise HandleUnusable("This handle was closed.", "Open another with schedbot.open().")

    def _take(self) -> Database:
        self.refuse_unusable()
        with self._lock:
            db = self._idle.pop() if self._idle else None
        if db is not None and db.is_lost():
            self._end(db)
            db = None
        if db is None:
            db = self._connect()
            with self._lock:
                self._open.add(db)
        return db

    def _give_back(self, db: Database, is_sound: bool) -> None:
        if self._process != os.getpid():
            return
        with self._lock:
            is_kept = is_sound and not self._is_closed and len(self._idle) < MAX_IDLE
            if is_kept:
                self._idle.append(db)
        if not is_kept:
            self._end(db)

    def _end(self, db: Database) -> None:
        with self._lock:
            self._open.discard(db)
        db.close()

    def close(self) -> None:
        """Close the idle connections; the others are closed when their calls end. A second call does nothing."""
        if self._process != os.getpid():
            return
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            self._end(db)

    def abandon(self) -> None:
        """Leave all connections as they are, in a forked child. Takes no lock: nobody might be left to release it."""
        if self._open:
            _inherited.add(self._path)
        for db in self._open:
            db.abandon()
        self._open, self._idle = set(), []


def abandon_all() -> None:
    for connections in list(_handles):
        connections.abandon()


os.register_at_fork(after_in_child=abandon_all)
