"""Who makes a change, by which command and when: what every written row is made with, the same for a whole import."""

import secrets
import uuid
from dataclasses import dataclass, field

from schedbot.admin.fields.parsers import read
from schedbot.admin.schedules import serialize
from schedbot.admin.workspaces import lookup
from schedbot.model import Recurrence, Schedule, SendHours
from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.schedules import recurrences, shared_calendars


@dataclass(frozen=True, slots=True)
class Facts:
    """One act of administration. What it looked up once in its transaction it remembers."""

    actor: str
    command: str
    now: int
    _workspaces: dict[str, str] = field(default_factory=dict)
    _recurrences: dict[Recurrence, int] = field(default_factory=dict)
    _shared: dict[tuple[str, str], tuple[SendHours, ...]] = field(default_factory=dict)

    def new_id(self) -> str:
        """A UUID for a schedule, of version 7: rows that are made together lie together (RFC 9562)."""
        bits = self.now << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
        return str(uuid.UUID(int=bits))

    def workspace_id(self, db: Database, name: str) -> str:
        """The id of the workspace of that name. Raises BadField with the nearest name."""
        if name not in self._workspaces:
            self._workspaces[name] = read("workspace", lambda text: lookup.find(db, text), name).id
        return self._workspaces[name]

    def recurrence_id(self, db: Database, rule: Recurrence) -> int:
        """The id of a recurrence, made if it is new. Inside a transaction."""
        if rule not in self._recurrences:
            self._recurrences[rule] = recurrences.known(db, rule)
        return self._recurrences[rule]

    def shared(self, db: Database, account: str, workspace_id: str) -> tuple[SendHours, ...]:
        """What is said for an account and a workspace of when may be posted."""
        key = account, workspace_id
        if key not in self._shared:
            self._shared[key] = shared_calendars.of(db, *key)
        return self._shared[key]

    def record(self, db: Database, before: Schedule | None, after: Schedule) -> None:
        """Record the change of one schedule. Inside its transaction."""
        changes.record(db, self.change(before, after))

    def change(self, before: Schedule | None, after: Schedule) -> Change:
        """The change of one schedule, as it is to be recorded."""
        return Change(
            changed_at=self.now,
            actor=self.actor,
            command=self.command,
            kind="schedule",
            object_id=after.id,
            name=after.name,
            workspace_id=after.workspace_id,
            before=serialize.recorded(before) if before else None,
            after=serialize.recorded(after),
        )
