"""Writes that wait for the pool's next commit: many results and intents share one transaction.

Neighbours of one kind are made together, by statements for all of them. Nothing in memory changes before its commit:
after a commit that fails (disk full, file locked), the same writes are tried again. A write that fails by itself is
undone and dropped, and the others are made. Where a newer program has changed the tables, only writes that end
something are still made.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import length_hint
from typing import Generic, NamedTuple, TypeVar, cast

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database

GAP_MS = 3  # between the starts of two commits: each has a cost, whatever it writes
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Unexpected error of a write, which is undone; or, if `is_committed`, of its callback after the commit."""

    error: Exception
    is_committed: bool


def log_failure(failure: WriteFailure) -> None:
    """Log a failure that concerns no delivery."""
    log.failure("after_commit" if failure.is_committed else "write", failure.error)


def ignore(result: object) -> None:
    """Callback of a write without one."""


@dataclass(frozen=True, slots=True, eq=False)
class WriteKind(Generic[Item, Result]):
    """Kind of writes that are made together. Make it once, and add many items of it.

    `write` returns the results of the items in their order. After the commit `on_commit` takes the items with their
    results. If it raises, `on_failure` gets the item that it took last, and `on_commit` goes on with the rest.
    `on_failure` also gets an item whose write fails. `is_ending`: it records the end of something that has begun, or
    gives it up.
    """

    write: Callable[[Database, Sequence[Item]], Sequence[Result]]
    on_commit: Callable[[Iterator[tuple[Item, Result]]], None]
    on_failure: Callable[[Item, WriteFailure], None]
    is_ending: bool = False


AnyKind = WriteKind[object, object]


class WriteGroup(NamedTuple):
    """Writes of one kind that follow each other."""

    kind: AnyKind
    items: list[object]


class CommittedGroup(NamedTuple):
    """Items that are committed, with their results; `rest` are those that `on_commit` has not taken."""

    kind: AnyKind
    written: Sequence[tuple[object, object]]
    rest: Iterator[tuple[object, object]]


class UndoneWrite(NamedTuple):
    """An item whose write is undone for its error."""

    kind: AnyKind
    item: object
    error: Exception


@dataclass(slots=True)
class WriteQueue:
    """Writes in order, and the callbacks of those that are committed. `takes_only_endings`: see `keep_only_endings`.

    `next_at`: writes that come soon after a commit wait until then for others (steady milliseconds).
    """

    _groups: list[WriteGroup] = field(default_factory=list)
    _committed: deque[CommittedGroup | UndoneWrite] = field(default_factory=deque)
    takes_only_endings: bool = False
    next_at: int = 0

    def add(
        self,
        write: Callable[[Database], Result],
        on_commit: Callable[[Result], None] = ignore,
        on_failure: Callable[[WriteFailure], None] = log_failure,
        *,
        is_ending: bool = False,
    ) -> None:
        """Run `write` in the next transaction, and after its commit `on_commit` with the result.

        The parameters are as in WriteKind; the write is the only one of its kind.
        """
        kind: WriteKind[None, Result] = WriteKind(
            lambda db, items: [write(db) for _ in items],
            lambda written: on_commit(next(written)[1]),
            lambda _, failure: on_failure(failure),
            is_ending,
        )
        self.add_to_set(kind, None)

    def add_to_set(self, kind: WriteKind[Item, Result], item: Item) -> None:
        """Do as `add`, with one call of `kind.write` for items that follow each other, or for each if that fails."""
        if self.takes_only_endings and not kind.is_ending:
            return
        groups = self._groups
        if groups and groups[-1].kind is kind:
            groups[-1].items.append(item)
        else:
            groups.append(WriteGroup(cast(AnyKind, kind), [item]))

    def keep_only_endings(self) -> None:
        """Drop the writes that begin something, now and from now on."""
        self.takes_only_endings = True
        self._groups = [group for group in self._groups if group.kind.is_ending]

    def __bool__(self) -> bool:
        return bool(self._groups or self._committed)

    def due_at(self) -> int | None:
        """Return when the writes are to be committed (steady milliseconds); None without any."""
        return self.next_at if self else None

    def commit_if_due(self, db: Database) -> None:
        """Commit, unless the writes wait for others."""
        if self and steady_ms() >= self.next_at:
            self.commit(db)

    def commit(self, db: Database) -> None:
        """Make all writes in one transaction. Raises DatabaseUnusable and DatabaseOutgrown; then all writes remain."""
        self._run_callbacks()
        if not self._groups:
            return
        groups, self.next_at = self._groups, steady_ms() + GAP_MS
        try:
            with db.writing(self.takes_only_endings):
                committed: list[CommittedGroup | UndoneWrite] = [make_together(group, db) for group in groups]
        except DatabaseUnusable:
            raise
        except Exception:  # of one of them; the transaction is undone
            with db.writing(self.takes_only_endings):
                committed = [make_alone(group.kind, item, db) for group in groups for item in group.items]
        self._groups = []
        self._committed += committed
        self._run_callbacks()

    def _run_callbacks(self) -> None:
        """Run the callbacks of all writes, each once."""
        committed = self._committed
        while committed:
            first = committed[0]
            if isinstance(first, UndoneWrite):
                committed.popleft()
                first.kind.on_failure(first.item, WriteFailure(first.error, is_committed=False))
            elif length_hint(first.rest):
                run_callback(first)
            else:
                committed.popleft()


def run_callback(group: CommittedGroup) -> None:
    """Pass the items on; where that raises, the item that was taken last is given up, and the others remain."""
    kind, written, rest = group
    before = length_hint(rest)
    try:
        kind.on_commit(rest)
    except DatabaseUnusable:
        raise
    except Exception as unexpected:
        if length_hint(rest) == before:
            next(rest)
        item, _ = written[-1 - length_hint(rest)]
        kind.on_failure(item, WriteFailure(unexpected, is_committed=True))


def make_together(group: WriteGroup, db: Database) -> CommittedGroup:
    """Make writes of one kind. Return what to do after the commit."""
    kind, items = group
    written = list(zip(items, kind.write(db, items), strict=True))
    return CommittedGroup(kind, written, iter(written))


def make_alone(kind: AnyKind, item: object, db: Database) -> CommittedGroup | UndoneWrite:
    """Make a write that is undone alone if it fails. Return what to do after the commit."""
    try:
        with db.savepoint():
            return make_together(WriteGroup(kind, [item]), db)
    except DatabaseUnusable:
        raise
    except Exception as error:
        return UndoneWrite(kind, item, error)
