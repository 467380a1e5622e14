"""Who changed what, when, from what to what: one row for each change, in the transaction of the change itself."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schedbot.store.database import Database, Row

RECORD = """
INSERT INTO changes (changed_at, actor, command, workspace_id, kind, object_id, name, before, after)
VALUES (:changed_at, :actor, :command, :workspace_id, :kind, :object_id, :name, :before, :after)
"""

OF_OBJECT = """
SELECT changed_at, actor, command, kind, object_id, name, workspace_id, before, after
  FROM changes
 WHERE kind = :kind AND object_id = :object_id
 ORDER BY id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one object; `before` None: it was not there.

    `kind` is `schedule`, `workspace`, `job` or `calendar`.
    """

    changed_at: int
    actor: str
    command: str
    kind: str
    object_id: str
    name: str
    workspace_id: str | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


def record(db: Database, change: Change) -> None:
    """Write the change. Inside the transaction that makes it."""
    record_all(db, [change])


def record_all(db: Database, made: Iterable[Change]) -> None:
    """Write several changes. Inside the transaction that makes them."""
    db.execute_many(RECORD, [as_row(change) for change in made])


def as_row(change: Change) -> dict[str, str | int | None]:
    return {
        "changed_at": change.changed_at,
        "actor": change.actor,
        "command": change.command,
        "workspace_id": change.workspace_id,
        "kind": change.kind,
        "object_id": change.object_id,
        "name": change.name,
        "before": as_json(change.before),
        "after": as_json(change.after),
    }


def of_object(db: Database, kind: str, object_id: str) -> Iterator[Change]:
    """The changes of one object, the newest first."""
    return map(change, db.stream(OF_OBJECT, {"kind": kind, "object_id": object_id}))


def last(db: Database, kind: str, object_id: str) -> Change | None:
    """The newest change of one object, or None."""
    row = db.row(OF_OBJECT, {"kind": kind, "object_id": object_id})
    return change(row) if row else None


def change(row: Row) -> Change:
    changed_at, actor, command, kind, object_id, name, workspace_id, before, after = row
    return Change(
        changed_at=changed_at,
        actor=actor,
        command=command,
        kind=kind,
        object_id=object_id,
        name=name,
        workspace_id=workspace_id,
        before=json.loads(before) if before else None,
        after=json.loads(after) if after else None,
    )


def as_json(fields: Mapping[str, object] | None) -> str | None:
    return None if fields is None else json.dumps(dict(fields), ensure_ascii=False)
