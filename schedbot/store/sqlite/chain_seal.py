"""Seal the rows that a transaction writes into the hash chain, at its end: nothing to do for those who write them.

Triggers of this connection alone note the keys of such rows in a temporary table. So the chain has exactly the rows
that schedbot wrote, and a transaction costs a few statements more, however many rows it writes. The tables' own
triggers (migration chain_records) forbid changes by any program.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import cast

import apsw

from schedbot.store.sqlite.chain_entries import (
    DROPPED,
    LAYOUT,
    MOST_ENTRIES,
    NO_HASH,
    SETTLED,
    RowKind,
    link_hash,
    select_texts,
)

CHANGE, ATTEMPT, LOOKUP, JOB = RowKind
# Without attempts: only a running job begins one.
HASHED_OF_JOBS = (
    "schedule_id, workspace_id, kind, due_at, deferred_to, deferred_by, state, error, cancel_reason, ts, lateness_ms"
)


def is_settled(row: str) -> str:
    """Return the condition of a settled job. SQLite would build an index for each run of an IN of many values."""
    return "(" + " OR ".join(f"{row}.state = '{state}'" for state in SETTLED) + ")"


def note(kind: RowKind, row: str, key: str, number: str, was_sealed: str) -> str:
    """Return the statement of a trigger that notes a row once. The first note says whether it was in the chain."""
    return f"  INSERT INTO unsealed VALUES ({kind:d}, {row}.{key}, {number}, {was_sealed}) ON CONFLICT DO NOTHING;\n"


def trigger(name: str, event: str, condition: str, statement: str) -> str:
    """Return a trigger of this connection alone."""
    return f"CREATE TEMP TRIGGER {name} AFTER {event} WHEN {condition}\nBEGIN{statement}END;\n"


SEAL_CHANGE = trigger("seal_change", "INSERT ON main.changes", "true", note(CHANGE, "NEW", "id", "0", "0"))

CAPTURE = "\n".join(
    [
        """
CREATE TEMP TABLE unsealed (
  kind INTEGER NOT NULL, key INTEGER NOT NULL, number INTEGER NOT NULL, was_sealed INTEGER NOT NULL,
  PRIMARY KEY (kind, key, number)
) WITHOUT ROWID;
""",
        SEAL_CHANGE,
        trigger("drop_change", "DELETE ON main.changes", "true", note(CHANGE, "OLD", "id", "0", "1")),
        trigger("seal_lookup", "INSERT ON main.lookups", "true", note(LOOKUP, "NEW", "id", "0", "0")),
        trigger("drop_lookup", "DELETE ON main.lookups", "true", note(LOOKUP, "OLD", "id", "0", "1")),
        trigger(
            "seal_new_attempt",
            "INSERT ON main.attempts",
            "NEW.ended_at IS NOT NULL",
            note(ATTEMPT, "NEW", "job_id", "NEW.number", "0"),
        ),
        trigger(
            "seal_attempt",
            "UPDATE OF ended_at ON main.attempts",
            "NEW.ended_at IS NOT NULL",
            note(ATTEMPT, "NEW", "job_id", "NEW.number", "0"),
        ),
        trigger(
            "drop_attempt",
            "DELETE ON main.attempts",
            "OLD.ended_at IS NOT NULL",
            note(ATTEMPT, "OLD", "job_id", "OLD.number", "1"),
        ),
        trigger("seal_new_job", "INSERT ON main.jobs", is_settled("NEW"), note(JOB, "NEW", "id", "0", "0")),
        trigger(
            "seal_job",
            f"UPDATE OF {HASHED_OF_JOBS} ON main.jobs",
            f"{is_settled('NEW')} OR {is_settled('OLD')}",
            note(JOB, "OLD", "id", "0", is_settled("OLD")),
        ),
        trigger("drop_job", "DELETE ON main.jobs", is_settled("OLD"), note(JOB, "OLD", "id", "0", "1")),
    ]
)

STOP = "DROP TABLE unsealed"
HAS_UNSEALED = "SELECT 1 FROM unsealed LIMIT 1"
UNSEALED = " UNION ALL ".join(select_texts(kind, "unsealed") for kind in RowKind)
LAST_LINK = "SELECT id, hash FROM links ORDER BY id DESC LIMIT 1"
INSTALLATION = "SELECT id FROM installation"
ADD = "INSERT INTO links (id, hash, entries) VALUES (?, ?, ?)"


def start(connection: apsw.Connection) -> None:
    """Note from now on the rows of the chain that this connection writes."""
    connection.execute(CAPTURE).fetchall()


def stop(connection: apsw.Connection) -> None:
    """Note no rows any more: the database is a copy for this process alone."""
    names = connection.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER temp.{name}")
    connection.execute(STOP)


def seal(connection: apsw.Connection) -> None:
    """Add links for the rows that this transaction wrote. Inside it, at its end."""
    if not connection.execute(HAS_UNSEALED).fetchall():
        return
    add_links(connection, pack_unsealed(connection))
    connection.execute("DELETE FROM unsealed").fetchall()


@contextmanager
def sealed_changes(connection: apsw.Connection, links: Iterable[bytes]) -> Iterator[None]:
    """Let the block insert changes whose entries are `links`, and note no row for the end of the transaction."""
    connection.execute("DROP TRIGGER temp.seal_change").fetchall()
    yield
    connection.execute(SEAL_CHANGE).fetchall()
    add_links(connection, links)


def pack_unsealed(connection: apsw.Connection) -> Iterator[bytes]:
    """Yield the entries of the noted rows, link by link."""
    unsealed = connection.execute(UNSEALED)
    while rows := list(islice(unsealed, MOST_ENTRIES)):
        yield pack_rows(cast("list[tuple[int, int, int, int, int, str | None]]", rows))


def add_links(connection: apsw.Connection, blobs: Iterable[bytes]) -> None:
    """Add a link for each blob of entries that is not empty."""
    last, previous = last_link(connection)
    for number, blob in enumerate(filter(None, blobs), last + 1):
        previous = link_hash(previous, number, blob)
        connection.execute(ADD, (number, previous, blob)).fetchall()


def pack_rows(rows: Iterable[tuple[int, int, int, int, int, str | None]]) -> bytes:
    """Return the entries of rows: that it left the chain, if it was in it, and its hash, if it is in it now."""
    from hashlib import sha256  # slow to load, and most ticks write no such row

    pack, entries = LAYOUT.pack, []
    for kind, key, number, was_sealed, _, text in rows:
        if was_sealed:
            entries.append(pack(kind + DROPPED, key, number, NO_HASH))
        if text is not None:
            entries.append(pack(kind, key, number, sha256(text.encode()).digest()))  # the layout has the first half
    return b"".join(entries)


def last_link(connection: apsw.Connection) -> tuple[int, str]:
    """Return number and hash of the last link; without one, 0 and the id of the installation."""
    for number, link in connection.execute(LAST_LINK):
        return int(str(number)), str(link)
    [(installation,)] = connection.execute(INSTALLATION).fetchall() or [("",)]
    return 0, str(installation)
