"""Writes that wait for the pool's next commit: many results and intents share one transaction.

Neighbours of one kind are made together, by statements for all of them. Nothing in memory changes before its commit:
after a commit that fails (disk full, file locked), the same writes are tried again. A write that fails by itself is
undone and dropped, and the others are made. Where a newer program has changed the tables, only writes that end
something are still made.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeVar, cast

from schedbot import log
from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database

Item = TypeVar("Item")
Result = TypeVar("Result")
Callback = Callable[[], None]
OnCommit = Callable[[object], None]
WriteSet = Callable[[Database, Sequence[object]], Sequence[object]]


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Unexpected error of a write, which is undone; or, if `is_committed`, of its callback after the commit."""

    error: Exception
    is_committed: bool


class QueuedWrite(NamedTuple):
    """A write, and whether it ends something. `write` returns the results of `items` in their order."""

    write: WriteSet
    item: object
    on_commit: OnCommit
    on_failure: Callable[[WriteFailure], None]
    is_ending: bool

    def call(self, result: object) -> None:
        """Run the callback after the commit."""
        try:
            self.on_commit(result)
        except DatabaseUnusable:
            raise
        except Exception as error:
            self.on_failure(WriteFailure(error, is_committed=True))


def log_failure(failure: WriteFailure) -> None:
    """Log a failure that concerns no delivery."""
    log.failure("after_commit" if failure.is_committed else "write", failure.error)


def ignore(result: object) -> None:
    """Callback of a write without one."""


@dataclass(slots=True)
class WriteQueue:
    """Writes in order, and the callbacks of those that are committed. `takes_only_endings`: see `keep_only_endings`."""

    _writes: list[QueuedWrite] = field(default_factory=list)
    _callbacks: deque[Callback] = field(default_factory=deque)
    takes_only_endings: bool = False

    def add(
        self,
        write: Callable[[Database], Result],
        on_commit: Callable[[Result], None] = ignore,
        on_failure: Callable[[WriteFailure], None] = log_failure,
        *,
        is_ending: bool = False,
    ) -> None:
        """Run `write` in the next transaction, and after its commit `on_commit` with the result.

        `on_failure` is called instead of, or after, `on_commit` where either fails. `is_ending`: it records the end of
        something that has begun, or gives it up.
        """
        self.add_to_set(partial(write_alone, write), None, on_commit, on_failure, is_ending=is_ending)

    def add_to_set(
        self,
        write: Callable[[Database, Sequence[Item]], Sequence[Result]],
        item: Item,
        on_commit: Callable[[Result], None],
        on_failure: Callable[[WriteFailure], None],
        *,
        is_ending: bool = False,
    ) -> None:
        """Do as `add`, with one call of `write` for the items that follow each other, or for each item if that fails.

        `write` returns a result for each item, in their order.
        """
        if is_ending or not self.takes_only_endings:
            self._writes.append(
                QueuedWrite(cast(WriteSet, write), item, cast(OnCommit, on_commit), on_failure, is_ending)
            )

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
                callbacks = [callback for group in group_neighbours(writes) for callback in run_set(group, db)]
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


def group_neighbours(writes: Iterable[QueuedWrite]) -> Iterator[list[QueuedWrite]]:
    """Yield the writes in their order, neighbours of one kind together."""
    for _, group in groupby(writes, key=attrgetter("write")):
        yield list(group)


def run_set(group: Sequence[QueuedWrite], db: Database) -> list[Callback]:
    """Make writes of one kind. Return their callbacks for after the commit."""
    results = group[0].write(db, [write.item for write in group])
    return [partial(write.call, result) for write, result in zip(group, results, strict=True)]


def run_separately(write: QueuedWrite, db: Database) -> Callback:
    """Make a write that is undone alone if it fails. Return the callback for after the commit."""
    try:
        with db.savepoint():
            return run_set([write], db)[0]
    except DatabaseUnusable:
        raise
    except Exception as error:
        return partial(write.on_failure, WriteFailure(error, is_committed=False))


def write_alone(write: Callable[[Database], Result], db: Database, items: Sequence[None]) -> list[Result]:
    """Make a write that has no set."""
    return [write(db) for _ in items]
