"""Verify the hash chain: each link's hash, each row's hash, and that no row is outside of the chain.

Links are read in order, their rows by key. A row that was settled, queued again and settled again has several entries;
only the last one has to fit. Memory grows by a bit for each such row.
"""

import json
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from schedbot.store.database import Database
from schedbot.store.sqlite.chain_entries import (
    DROPPED,
    TABLES,
    Entry,
    RowKind,
    digest,
    link_hash,
    select_texts,
    unpack,
)

LINKS = "SELECT id, hash, entries FROM links ORDER BY id"
HEAD = "SELECT id, hash, X'' AS entries FROM links ORDER BY id DESC LIMIT 1"
INSTALLATION = "SELECT id FROM installation"
# Keys come as JSON lists of [key, number].
KEYS = "(SELECT :kind AS kind, value ->> 0 AS key, value ->> 1 AS number, 0 AS was_sealed FROM json_each(:keys))"
TEXTS = {kind: select_texts(kind, KEYS) for kind in RowKind}
COUNTS = {kind: f"SELECT count(*) FROM {table.table} r WHERE {table.condition}" for kind, table in TABLES.items()}
BATCH = 2_000  # entries whose rows are read by one statement for each table

PAGE_BITS = 512

Ident = tuple[int, int, int]  # kind, key, number


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the chain."""

    id: int
    hash: str
    entries: bytes


RowText = tuple[bool, str | None]  # is there such a row; its text, or None if it is not in the chain


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Number and hash of the last link; 0 and '' for an empty chain."""

    link: int
    hash: str


@dataclass(slots=True)
class ChainReport:
    """Result of a verification. `problem` is a sentence about the first fault; '' for none."""

    links: int = 0
    rows: int = 0
    head: str = ""
    problem: str = ""


class BrokenChain(Exception):
    """A link or a row does not fit. The text is a sentence."""


def get_head(db: Database) -> ChainHead:
    """Return the last link."""
    link = db.first(Link, HEAD)
    return ChainHead(link.id, link.hash) if link else ChainHead(0, "")


def verify(db: Database, known_head: str = "", progress: Callable[[int], None] = lambda rows: None) -> ChainReport:
    """Verify the whole chain, as of one commit. `known_head`: hash of a former head that must be in it.

    `progress` is called with the number of entries done.
    """
    report = ChainReport()
    with db.reading():
        try:
            Verification(db, report, progress).run(known_head)
        except BrokenChain as broken:
            report.problem = str(broken)
    return report


class IdentSet:
    """A set of rows that takes a bit for each: after a prune there are millions until the links of the prune come."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int, int], int] = {}  # kind, number, key / PAGE_BITS

    def add(self, ident: Ident) -> None:
        """Add a row."""
        page, bit = self._place(ident)
        self._pages[page] = self._pages.get(page, 0) | bit

    def discard(self, ident: Ident) -> None:
        """Take a row out, if it is in."""
        page, bit = self._place(ident)
        if bits := self._pages.get(page, 0) & ~bit:
            self._pages[page] = bits
        else:
            self._pages.pop(page, None)

    def __contains__(self, ident: Ident) -> bool:
        page, bit = self._place(ident)
        return bool(self._pages.get(page, 0) & bit)

    def __bool__(self) -> bool:
        return bool(self._pages)

    @staticmethod
    def _place(ident: Ident) -> tuple[tuple[int, int, int], int]:
        kind, key, number = ident
        return (kind, number, key // PAGE_BITS), 1 << key % PAGE_BITS


@dataclass(slots=True)
class Verification:
    """State of a verification. `suspects`: rows that do not fit their last entry."""

    db: Database
    report: ChainReport
    progress: Callable[[int], None]
    suspects: IdentSet = field(default_factory=IdentSet)
    counts: Counter[int] = field(default_factory=Counter)

    def run(self, known_head: str) -> None:
        """Raise BrokenChain for the first fault."""
        is_known = not known_head
        batch: list[Entry] = []
        for link, entries in self.checked_links():
            is_known = is_known or link.hash == known_head
            batch += entries
            if len(batch) >= BATCH:
                self.compare(batch)
                batch.clear()
        self.compare(batch)
        if self.suspects:
            raise BrokenChain(self.describe_first_suspect())
        self.report.rows = self.counts.total()
        self.refuse_inserted()
        if not is_known:
            raise BrokenChain(f"no link has the hash {known_head}: links were removed or written anew")

    def checked_links(self) -> Iterator[tuple[Link, list[Entry]]]:
        """Yield the links whose number and hash follow from the link before, with their entries."""
        if (previous := self.db.text_or_none(INSTALLATION)) is None:
            raise BrokenChain("the row of the installation was removed")
        for number, link in enumerate(self.db.each(Link, LINKS), start=1):
            if link.id != number:
                raise BrokenChain(f"link {number} was removed")
            try:
                entries = list(unpack(link.entries))
            except struct.error:
                entries = []
            if link_hash(previous, number, link.entries) != link.hash or not entries:
                raise BrokenChain(f"link {number} was altered: its hash does not follow from link {number - 1}")
            previous = self.report.head = link.hash
            self.report.links = number
            yield link, entries

    def compare(self, batch: list[Entry]) -> None:
        """Compare the entries with the rows."""
        rows = self.read_texts(batch)
        for kind, key, number, expected in batch:
            ident = (kind & ~DROPPED, key, number)
            if kind & DROPPED:
                self.suspects.discard(ident)
                self.counts[ident[0]] -= 1
                continue
            self.counts[kind] += 1
            row = rows.get(ident)
            if row is None or row[1] is None or digest(row[1]) != expected:
                self.suspects.add(ident)
        self.progress(len(batch))

    def describe_first_suspect(self) -> str:
        """Return the sentence about the first row that does not fit. Reads the links again."""
        entries = (entry for link in self.db.each(Link, LINKS) for entry in unpack(link.entries))
        first = next(entry for entry in entries if (entry.kind, entry.key, entry.number) in self.suspects)
        rows = self.read_texts([first])
        ident = (first.kind, first.key, first.number)
        is_there = ident in rows and rows[ident][0]
        return f"{describe(ident)} was {'altered' if is_there else 'removed'}"

    def read_texts(self, batch: list[Entry]) -> Mapping[Ident, RowText]:
        keys: dict[int, dict[tuple[int, int], None]] = {kind: {} for kind in RowKind}
        for kind, key, number, _ in batch:
            if not kind & DROPPED and kind in keys:
                keys[kind][key, number] = None
        rows: dict[Ident, RowText] = {}
        for kind in RowKind:
            if keys[kind]:
                bindings = {"kind": int(kind), "keys": json.dumps(list(keys[kind]))}
                for row in self.db.select(TEXTS[kind], bindings).rows:
                    each, key, number, _, is_there, text = cast("tuple[int, int, int, int, int, str | None]", row)
                    rows[each, key, number] = bool(is_there), text
        return rows

    def refuse_inserted(self) -> None:
        """Raise BrokenChain for the first row that is in no link."""
        for kind in RowKind:
            if self.db.integer(COUNTS[kind]) != self.counts[kind]:
                raise BrokenChain(f"{describe(self.find_inserted(kind))} was inserted")

    def find_inserted(self, kind: RowKind) -> Ident:
        """Return the first row of a table that is in no link. Reads all links again."""
        list(self.db.select("CREATE TEMP TABLE IF NOT EXISTS sealed (key, number, PRIMARY KEY (key, number))").rows)
        list(self.db.select("DELETE FROM temp.sealed").rows)
        for link in self.db.each(Link, LINKS):
            rows = [(key, number) for each, key, number, _ in unpack(link.entries) if each == kind]
            insert = "INSERT OR IGNORE INTO temp.sealed SELECT value ->> 0, value ->> 1 FROM json_each(:rows)"
            list(self.db.select(insert, {"rows": json.dumps(rows)}).rows)
        table = TABLES[kind]
        key, number = ("r.job_id", "r.number") if kind is RowKind.ATTEMPT else ("r.id", "0")
        sql = f"""
SELECT {key}, {number} FROM {table.table} r
 WHERE {table.condition} AND NOT EXISTS (SELECT 1 FROM temp.sealed u WHERE u.key = {key} AND u.number = {number})
 ORDER BY 1, 2 LIMIT 1
"""
        row = next(self.db.select(sql).rows, (0, 0))
        return int(kind), int(str(row[0])), int(str(row[1]))


def describe(ident: Ident) -> str:
    """Return `job 12`, `attempt 2 of job 12`, `change 57` or `look-up 3`."""
    kind, key, number = ident
    if kind == RowKind.ATTEMPT:
        return f"attempt {number} of job {key}"
    return f"{'look-up' if kind == RowKind.LOOKUP else RowKind(kind).name.lower()} {key}"
