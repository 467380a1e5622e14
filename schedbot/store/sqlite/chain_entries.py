"""Rows of the hash chain: their tables, their text that is hashed, and the entries of a link.

The text of a row is a JSON array of the columns below, so a new column does not change it. An entry has the kind of the
row, its key, and the first half of the SHA-256 of its text.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

# In order: kind, key, number (of an attempt, else 0), hash. Big-endian, 29 bytes.
LAYOUT = struct.Struct(">BqI16s")
NO_HASH = bytes(16)
MOST_ENTRIES = 10_000  # of one link
DROPPED = 128  # added to the kind: the row is no settled one any more, by a retry or a prune


class RowKind(IntEnum):
    """Kind of a row in the chain."""

    CHANGE = 1
    ATTEMPT = 2
    LOOKUP = 3
    JOB = 4


class ChainedTable(NamedTuple):
    """A table of the chain: its name, key, hashed columns, and the conditions of a row in the chain and of any row."""

    table: str
    key: str
    columns: str
    condition: str = "r.id IS NOT NULL"
    present: str = "r.id IS NOT NULL"


SETTLED = ("succeeded", "failed", "missed", "skipped", "cancelled")
SETTLED_STATES = str(SETTLED)  # a tuple of texts looks the same in SQL

TABLES = {
    RowKind.CHANGE: ChainedTable(
        "changes",
        "r.id = u.key",
        "r.id, r.changed_at, r.actor, r.host, r.command, r.workspace_id, r.kind, r.object_id, r.name, r.before, "
        "r.after, r.undoes",
    ),
    RowKind.ATTEMPT: ChainedTable(
        "attempts",
        "r.job_id = u.key AND r.number = u.number",
        "r.job_id, r.number, r.workspace_id, r.version, r.channel, r.worker, r.started_at, r.sent_at, r.clock_ms, "
        "r.rendered_at, r.render_ms, r.report, r.part, r.thread_ts, r.method, r.ended_at, r.outcome, r.error, "
        "r.detail, r.http_status, r.ts, r.lateness_ms",
        "r.ended_at IS NOT NULL",
        "r.job_id IS NOT NULL",
    ),
    RowKind.LOOKUP: ChainedTable(
        "lookups",
        "r.id = u.key",
        "r.id, r.job_id, r.number, r.workspace_id, r.looked_up_at, r.answer, r.error, r.ts",
    ),
    RowKind.JOB: ChainedTable(
        "jobs",
        "r.id = u.key",
        "r.id, r.schedule_id, r.workspace_id, r.kind, r.due_at, r.deferred_to, r.deferred_by, r.state, r.attempts, "
        "r.error, r.cancel_reason, r.ts, r.lateness_ms",
        f"r.state IN {SETTLED_STATES}",
    ),
}


class Entry(NamedTuple):
    """Entry of a link. `kind` has DROPPED added, and `digest` is NO_HASH, for a row that left the chain."""

    kind: int
    key: int
    number: int
    digest: bytes


def select_texts(kind: RowKind, keys: str) -> str:
    """Return the SELECT of kind, key, number, was_sealed, is_there and text of rows whose keys are those of a subquery.

    The text is null for a row that is not in the chain.
    """
    table = TABLES[kind]
    return f"""
SELECT u.kind, u.key, u.number, u.was_sealed, {table.present} AS is_there,
       CASE WHEN {table.condition} THEN json_array({table.columns}) END AS text
  FROM {keys} u LEFT JOIN {table.table} r ON {table.key}
 WHERE u.kind = {kind:d}"""


def digest(text: str) -> bytes:
    """Return the hash of a row's text."""
    from hashlib import sha256  # slow to load, and most ticks write no such row

    return sha256(text.encode()).digest()[:16]


def unpack(blob: bytes) -> Iterator[Entry]:
    """Yield the entries of a link. Raises struct.error for a blob of a wrong length."""
    return map(Entry._make, LAYOUT.iter_unpack(blob))


def link_hash(previous: str, number: int, blob: bytes) -> str:
    """Return the hash of a link; `previous`: that of the link before, or of the first one the installation's id."""
    import hashlib

    return hashlib.sha256(f"{previous}:{number}:".encode() + blob).hexdigest()
