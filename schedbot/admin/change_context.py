"""ChangeContext: actor, host, command and instant of a change. Every administrative change is recorded through it."""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.operations import heartbeats

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """Object of a change. `kind`: `schedule`, `workspace`, `job`, `calendar`, `missed` (row of missed occurrences)."""

    kind: str
    id: str
    name: str
    workspace_id: str | None


@dataclass(frozen=True, slots=True)
class ChangeContext:
    """Actor, host, command and instant (UTC milliseconds) that all changes of one command have in common.

    `undoes`: number of the change that they take back.
    """

    actor: str
    host: str
    command: str
    now: int
    undoes: int | None = None

    @classmethod
    def begin(cls, session: Session, command: str, actor: str = "") -> Self:
        """Return the context of a command that starts now; `actor` is the session's if it is empty."""
        return cls(actor or session.actor, socket.gethostname(), command, session.now())

    def record(self, db: Database, changed: ChangedObject, before: Values | None, after: Values | None) -> None:
        """Record one change; None: the object does not exist. Inside the transaction that makes the change."""
        self.record_all(db, [(changed, before, after)])

    def record_all(self, db: Database, changed: Iterable[tuple[ChangedObject, Values | None, Values | None]]) -> None:
        """Record several changes, each with the object and its values before and after."""
        heartbeats.beat_command(db, self.now)
        changes.record_all(db, [self._change(*entry) for entry in changed])

    def _change(self, changed: ChangedObject, before: Values | None, after: Values | None) -> Change:
        return Change(
            changed_at=self.now,
            actor=self.actor,
            host=self.host,
            command=self.command,
            kind=changed.kind,
            object_id=changed.id,
            name=changed.name,
            workspace_id=changed.workspace_id,
            before=before,
            after=after,
            undoes=self.undoes,
        )
