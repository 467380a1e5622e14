"""Writes that wait for the pool's next commit: many results and intents share one transaction.

Nothing in memory changes before its commit: after a commit that fails (disk full, file locked), the same writes are
tried again. A write that fails by itself is undone and dropped, and the others are made. Where a newer program has
changed the tables, only writes that end something are still made.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from schedbot import log
from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database

Result = TypeVar("Result")
Callback = Callable[[], None]


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Unexpected error of a write, which is undone; or, if `is_committed`, of its callback after the commit."""

    error: Exception
    is_committed: bool


@dataclass(frozen=True, slots=True)
class QueuedWrite:
    """A write, and whether it ends something. `run` returns the callback for after the commit."""

    run: Callable[[Database], Callback]
    is_ending: bool
    on_failure: Callable[[WriteFailure], None]

    def call(self, callback: Callback) -> None:
        """Run the callback after the commit."""
        try:
            callback()
        except DatabaseUnusable:
            raise
        except Exception as error:
            self.on_failure(WriteFailure(error, is_committed=True))


def log_failure(failure: WriteFailure) -> None:
    """Log a failure that concerns no delivery."""
    log.failure("after_commit" if failure.is_committed else "write", failure.error)


@dataclass(slots=True)
class WriteQueue:
    """Writes in order, and the callbacks of those that are committed. `takes_only_endings`: see `keep_only_endings`."""

    _writes: list[QueuedWrite] = field(default_factory=list)
    _callbacks: deque[Callback] = field(default_factory=deque)
    takes_only_endings: bool = False

    def add(
        self,
        write: Callable[[Database], Result],
        on_commit: Callable[[Result], None] | None = None,
        on_failure: Callable[[WriteFailure], None] = log_failure,
        *,
        is_ending: bool = False,
    ) -> None:
        """Run `write` in the next transaction, and after its commit `on_commit` with the result.

        `on_failure` is called instead of, or after, `on_commit` where either fails. `is_ending`: it records the end of
        something that has begun, or gives it up.
        """
        if is_ending or not self.takes_only_endings:
            self._writes.append(QueuedWrite(partial(run_write, write, on_commit), is_ending, on_failure))

    def keep_only_endings(self) -> None:
        """Drop the writes that begin something, now and from now on."""
        self.takes_only_endings = True
        self._writes = [write for write in self._writes if write.is_ending]

    def __bool__(self) -> bool:
        return bool(self._writes or self._callbacks)

    def commit(self, db: Database) -> None:
        """Make all writes in one transaction. Raises DatabaseUnusable and DatabaseOutgrown; then all writes remain."""
        self._run_callbacks()
        if not self._writes:
            return
        writes = list(self._writes)
        try:
            with db.writing(self.takes_only_endings):
                callbacks: list[Callback] = [partial(write.call, write.run(db)) for write in writes]
        except DatabaseUnusable:
            raise
        except Exception:  # of one of them; the transaction is undone
            with db.writing(self.takes_only_endings):
                callbacks = [run_separately(write, db) for write in writes]
        del self._writes[: len(writes)]
        self._callbacks += callbacks
        self._run_callbacks()

    def _run_callbacks(self) -> None:
        """Run each callback once; a callback that raises does not drop the others."""
        while self._callbacks:
            callback = self._callbacks.popleft()
            callback()


def run_separately(write: QueuedWrite, db: Database) -> Callback:
    """Make a write that is undone alone if it fails. Return the callback for after the commit."""
    try:
        with db.savepoint():
            return partial(write.call, write.run(db))
    except DatabaseUnusable:
        raise
    except Exception as error:
        return partial(write.on_failure, WriteFailure(error, is_committed=False))


def run_write(
    write: Callable[[Database], Result], on_commit: Callable[[Result], None] | None, db: Database
) -> Callback:
    """Make a write. Return the callback with its result."""
    result = write(db)
    return partial(on_commit, result) if on_commit else do_nothing


def do_nothing() -> None:
    """Callback of a write without one."""
