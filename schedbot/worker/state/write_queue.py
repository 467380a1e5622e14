"""What the pool has to write, gathered and committed in groups: many outcomes and intents, one wait for the disk.

Nothing in memory moves on before its commit: a commit that fails (the disk is full, the file is locked) is tried again
with the same entries. Where a newer program has changed the tables, only what ends something is still written.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schedbot.store.database import Database

Entry = Callable[[Database], Any]
After = Callable[[Any], None]


@dataclass(slots=True)
class Ledger:
    """Entries that wait for the next commit, in order."""

    _entries: list[tuple[Entry, After | None, bool]] = field(default_factory=list)
    _done: deque[tuple[After, Any]] = field(default_factory=deque)
    outgrown: bool = False

    def add(self, entry: Entry, after: After | None = None, *, ends: bool = False) -> None:
        """Run `entry` in the next transaction, and `after` with what it returned once that is committed.

        `ends`: it puts on record what was begun before, or lets it go.
        """
        if ends or not self.outgrown:
            self._entries.append((entry, after, ends))

    def outgrow(self) -> None:
        """Forget what would begin something, now and from now on."""
        self.outgrown = True
        self._entries = [entry for entry in self._entries if entry[2]]

    def __bool__(self) -> bool:
        return bool(self._entries or self._done)

    def commit(self, db: Database) -> None:
        """Write all that waits in one transaction. Raises DatabaseUnusable; everything then still waits."""
        self._finish()
        if not self._entries:
            return
        entries = list(self._entries)
        with db.writing(self.outgrown):
            answers = [entry(db) for entry, _, _ in entries]
        del self._entries[: len(entries)]
        self._done += [(after, answer) for (_, after, _), answer in zip(entries, answers, strict=True) if after]
        self._finish()

    def _finish(self) -> None:
        """Tell each of what was committed, once; one that fails keeps none of the others from it."""
        while self._done:
            after, answer = self._done.popleft()
            after(answer)
