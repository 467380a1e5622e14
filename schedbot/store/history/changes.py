"""The record of changes: one row for each, with person, command, and fields before and after, in its transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schedbot.store.database import Database
from schedbot.store.sqlite import chain_entries

RECORD = """
INSERT INTO changes (changed_at, actor, host, command, workspace_id, kind, object_id, name, before, after, undoes)
VALUES (:changed_at, :actor, :host, :command, :workspace_id, :kind, :object_id, :name, :before, :after, :undoes)
"""

SELECT = """
SELECT changed_at, actor, host, command, kind, object_id, name, workspace_id, before, after, undoes
  FROM changes
"""

OF_OBJECT = f"""
{SELECT}
 WHERE kind = :kind AND object_id = :object_id
 ORDER BY id DESC
"""

LAST_NUMBER = "SELECT max(id) FROM changes"

OF_SOURCE_SINCE = """
SELECT DISTINCT s.name
  FROM changes c JOIN schedules s ON s.id = c.object_id
 WHERE c.id > :change AND c.kind = 'schedule' AND s.source = :source
 ORDER BY s.name
"""

# Changes of jobs that are deleted. The changes of schedules stay: they explain the occurrences that are left.
DELETE_OF = """
DELETE FROM changes
 WHERE kind = :kind AND changed_at < :cutoff AND object_id IN (SELECT CAST(value AS TEXT) FROM json_each(:ids))
"""
IS_JOB = (
    "+kind = 'job' AND {negation} EXISTS (SELECT 1 FROM jobs j WHERE j.id = CAST(object_id AS INTEGER) {condition})"
)
IS_SPAN = """
+kind = 'missed'
 AND {negation} EXISTS (SELECT 1 FROM missed_spans m WHERE m.id = CAST(object_id AS INTEGER) {condition})
"""
WITHOUT_OBJECT = f"""
({IS_JOB.format(negation="NOT", condition="")} OR {IS_SPAN.format(negation="NOT", condition="")})
"""
# Those that came after the job was deleted, or shortly before. They are read by their time.
DELETE_ORPHANS = f"""
DELETE FROM changes
 WHERE id IN (SELECT id FROM changes WHERE changed_at >= :since AND changed_at < :cutoff AND {WITHOUT_OBJECT}
               LIMIT :limit)
"""
COUNT_PRUNABLE = f"""
SELECT count(*) FROM changes
 WHERE kind IN ('job', 'missed') AND changed_at < :cutoff
   AND ({WITHOUT_OBJECT}
        OR {IS_JOB.format(negation="", condition="AND {jobs}")}
        OR {IS_SPAN.format(negation="", condition="AND m.last_due_at < :cutoff")})
"""

SELECTED = """
SELECT id, changed_at AS "change.changed_at", actor AS "change.actor", host AS "change.host",
       command AS "change.command", kind AS "change.kind", object_id AS "change.object_id", name AS "change.name",
       workspace_id AS "change.workspace_id", before AS "change.before", after AS "change.after",
       undoes AS "change.undoes", {hashed_text} AS hashed_text
  FROM changes r
 WHERE {conditions}
 ORDER BY id DESC
"""
HASHED_TEXT = f"json_array({chain_entries.TABLES[chain_entries.RowKind.CHANGE].columns})"
CONDITIONS = {
    "id": "id = :id",
    "undoes": "undoes = :undoes",
    # Objects that have, or had, the name are shown with their whole history.
    "name": "(kind, object_id) IN (SELECT kind, object_id FROM changes WHERE name = :name)",
    "since": "changed_at >= :since",
    "actor": "actor = :actor",
    "command": "command = :command",
}


LATER = """
SELECT id FROM changes
 WHERE kind = :kind AND object_id = :object_id AND id > :id AND (before ->> :path) IS NOT (after ->> :path)
 ORDER BY id LIMIT 1
"""
LAST_WITH = """
SELECT max(id) FROM changes WHERE kind = :kind AND object_id = :object_id AND (after ->> :path) = :value
"""
LEADING_TO = f"""
{SELECT}
 WHERE kind = 'schedule' AND object_id = :schedule_id
   AND (after ->> 'state') = :state AND (before ->> 'state') IS NOT :state
 ORDER BY id DESC LIMIT 1
"""
SKIP = f"""
{SELECT}
 WHERE kind = 'schedule' AND object_id = :schedule_id
   AND (after ->> 'due_at') = :due_at AND (after ->> 'skipped') = 1
 ORDER BY id DESC LIMIT 1
"""
UNDO_OF = "SELECT max(id) FROM changes WHERE undoes = :id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one object; `before` is None for a new object, `after` for a deleted one.

    `kind` is `schedule`, `workspace`, `job`, `missed` (a row of missed occurrences) or `calendar`.
    """

    changed_at: int
    actor: str
    command: str
    kind: str
    object_id: str
    name: str
    host: str | None = None
    workspace_id: str | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    undoes: int | None = None  # number of the change that this one took back


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change with its number, and its text in the hash chain."""

    id: int
    change: Change
    hashed_text: str

    @property
    def hash(self) -> str:
        """Hash of the row in the chain, in hexadecimal digits."""
        return chain_entries.digest(self.hashed_text).hex()


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Selected changes; None selects all. `since`: UTC milliseconds."""

    name: str | None = None
    since: int | None = None
    actor: str | None = None
    command: str | None = None
    id: int | None = None
    undoes: int | None = None


def select(db: Database, selection: ChangeFilter) -> Iterator[RecordedChange]:
    """Yield the selected changes, the newest first."""
    bindings = {name: getattr(selection, name) for name in CONDITIONS if getattr(selection, name) is not None}
    conditions = " AND ".join(CONDITIONS[name] for name in bindings) or "true"
    return db.each(RecordedChange, SELECTED.format(conditions=conditions, hashed_text=HASHED_TEXT), bindings)


def by_number(db: Database, number: int) -> RecordedChange | None:
    """Return the change with that number, or None."""
    return next(select(db, ChangeFilter(id=number)), None)


def find_later(db: Database, record: RecordedChange, field: str) -> int | None:
    """Return the first later change of the same object that altered a field, or None."""
    bindings = {"kind": record.change.kind, "object_id": record.change.object_id, "id": record.id}
    return db.integer_or_none(LATER, {**bindings, "path": f'$."{field}"'})


def find_last_with(db: Database, record: RecordedChange, field: str, value: str) -> int | None:
    """Return the last change of the same object that gave a field this value, or None."""
    bindings = {"kind": record.change.kind, "object_id": record.change.object_id, "value": value}
    return db.integer_or_none(LAST_WITH, {**bindings, "path": f'$."{field}"'})


def leading_to(db: Database, schedule_id: str, state: str) -> Change | None:
    """Return the last change that led a schedule to a state, or None."""
    return db.first(Change, LEADING_TO, {"schedule_id": schedule_id, "state": state})


def skip_of(db: Database, schedule_id: str, due_at: int) -> Change | None:
    """Return the last change that skipped an occurrence of a schedule, or None."""
    return db.first(Change, SKIP, {"schedule_id": schedule_id, "due_at": due_at})


def find_undo(db: Database, number: int) -> int | None:
    """Return the change that took a change back, or None."""
    return db.integer_or_none(UNDO_OF, {"id": number})


def is_name_on_record(db: Database, name: str) -> bool:
    """Has an object with that name ever been changed?"""
    return db.is_true("SELECT EXISTS (SELECT 1 FROM changes WHERE name = :name)", {"name": name})


def record(db: Database, change: Change) -> None:
    """Record a change, inside its transaction."""
    record_all(db, [change])


def record_all(db: Database, changes: Iterable[Change]) -> None:
    """Record several changes, inside their transaction."""
    db.execute_many(RECORD, [to_row(change) for change in changes])


def to_row(change: Change) -> dict[str, str | int | None]:
    return {
        "changed_at": change.changed_at,
        "actor": change.actor,
        "host": change.host,
        "command": change.command,
        "workspace_id": change.workspace_id,
        "kind": change.kind,
        "object_id": change.object_id,
        "name": change.name,
        "before": to_json(change.before),
        "after": to_json(change.after),
        "undoes": change.undoes,
    }


def to_json(fields: Mapping[str, object] | None) -> str | None:
    return None if fields is None else json.dumps(dict(fields), ensure_ascii=False)


def of_object(db: Database, kind: str, object_id: str) -> Iterator[Change]:
    """Yield the changes of one object, the newest first."""
    return db.each(Change, OF_OBJECT, {"kind": kind, "object_id": object_id})


def last(db: Database, kind: str, object_id: str) -> Change | None:
    """Return the newest change of one object, or None."""
    return db.first(Change, OF_OBJECT, {"kind": kind, "object_id": object_id})


def last_number(db: Database) -> int:
    """Return the number of the newest change on record; 0 if there is none."""
    return db.integer_or_none(LAST_NUMBER) or 0


def list_changed_of_source(db: Database, source: str, change: int) -> list[str]:
    """Return the names of a sync source's schedules that were changed, added or removed after a change."""
    return db.texts(OF_SOURCE_SINCE, {"source": source, "change": change})


def count_of_jobs(db: Database, jobs: str, bindings: Mapping[str, object]) -> int:
    """Return the number of changes before :cutoff of the jobs `j` of a condition, and of those that are gone."""
    return db.integer(COUNT_PRUNABLE.format(jobs=jobs), bindings)


def delete_of(db: Database, kind: str, ids: str, cutoff: int) -> int:
    """Delete the changes of jobs, or of rows of missed occurrences, before an instant. Returns their number.

    `ids`: a JSON array. Inside a transaction.
    """
    return db.execute(DELETE_OF, {"kind": kind, "ids": ids, "cutoff": cutoff})


def delete_orphans(db: Database, since: int, cutoff: int, limit: int) -> int:
    """Delete changes between the instants whose job is deleted. Returns their number. Inside a transaction."""
    return db.execute(DELETE_ORPHANS, {"since": since, "cutoff": cutoff, "limit": limit})
