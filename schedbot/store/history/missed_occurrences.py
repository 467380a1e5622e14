"""The occurrences of missed spans, told one by one like rows of `jobs`, but without a number.

They are worked out as they are asked for: the newest twenty of millions cost twenty, and a span's own bounds are all
that is read of those that come later. The same filters hold as for jobs, since the spans stand in their place.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import heappop, heappush, heapreplace
from typing import Protocol, TypeVar

from schedbot.model import JobState
from schedbot.rules import instant_runs
from schedbot.store.database import Database, Row
from schedbot.store.history import filters
from schedbot.store.history.filters import Filter

# What a statement over `jobs j` reads, from spans. The first or last instant stands for the span as its due_at.
SPANS = """(SELECT id AS span, schedule_id, workspace_id, NULL AS id, {edge} AS due_at, {edge} AS available_at,
               {edge} + grace_ms AS deadline_at, 'missed' AS state, NULL AS error, NULL AS cancel_reason,
               NULL AS ts, NULL AS lateness_ms,
               NULL AS deferred_to, NULL AS deferred_by, instants
          FROM missed_spans WHERE {reaches}) j"""
FROM_JOBS = "\n  FROM jobs j\n"


class Due(Protocol):
    """What a span's row becomes: all that its occurrences share, told for one of them."""

    @property
    def due_at(self) -> int:
        """When that one was due."""


Told = TypeVar("Told", bound=Due)


def may_hold(chosen: Filter) -> bool:
    """Can the filter let an occurrence through that is in a span? It has no number, no error, and was missed."""
    return chosen.jobs is None and chosen.errors is None and (chosen.states is None or JobState.MISSED in chosen.states)


def statement(select: str, chosen: Filter, newest_first: bool) -> str:
    """`select`, a statement over `jobs j`, over spans: two more columns, and in order of where each span begins."""
    bounds = {"last_due_at >= :since": chosen.since, "first_due_at <= :until": chosen.until}
    reaches = " AND ".join(bound for bound, said in bounds.items() if said is not None) or "true"
    source = SPANS.format(edge="last_due_at" if newest_first else "first_due_at", reaches=reaches)
    of_spans = select.replace(FROM_JOBS, f", j.instants, j.span AS span\n  FROM {source}\n")
    order = "due_at DESC, span DESC" if newest_first else "due_at, span"
    return filters.statement(of_spans, replace(chosen, since=None, until=None), order)


def every(db: Database, select: str, make: Callable[[Row], Told], chosen: Filter) -> Iterator[tuple[int, Told]]:
    """Each occurrence that the filter lets through, in due order: its due_at, and what `make` makes of its span."""
    if not may_hold(chosen):
        return iter(())
    found = db.stream(statement(select, chosen, False), filters.bindings(chosen))
    return merged(map(parted(make), found), chosen, False)


def newest(
    db: Database, select: str, make: Callable[[Row], Told], chosen: Filter, limit: int
) -> Iterator[tuple[int, Told]]:
    """The same, the newest first, and at least `limit` of them where there are so many."""
    if not may_hold(chosen):
        return iter(())
    sql = statement(select, chosen, True)
    if chosen.until is None:
        sql += " LIMIT :limit"  # each of these spans has one that is newer than all of the spans behind them
    found = db.stream(sql, {**filters.bindings(chosen), "limit": limit})
    return merged(map(parted(make), found), chosen, True)


def parted(make: Callable[[Row], Told]) -> Callable[[Row], tuple[Told, str, int]]:
    """A span's row as what is made of it, its instants, and its number."""
    return lambda row: (make(row[:-2]), row[-2], row[-1])


def merged(spans: Iterator[tuple[Told, str, int]], chosen: Filter, newest_first: bool) -> Iterator[tuple[int, Told]]:
    """The occurrences of all spans (told, instants, number) in one order, and each instant's by the spans' numbers.

    The spans come in that order by the bound that stands as their due_at.
    """
    sign = -1 if newest_first else 1
    walks: list[tuple[int, int, Iterator[int], Told]] = []
    coming = next(spans, None)
    while walks or coming:
        while coming and (not walks or sign * coming[0].due_at <= walks[0][0]):
            # A filter's bounds may leave less of it than it said, never more.
            walk = instant_runs.unpacked(
                instant_runs.within(instant_runs.read(coming[1]), chosen.since, chosen.until), newest_first
            )
            if (first := next(walk, None)) is not None:
                heappush(walks, (sign * first, sign * coming[2], walk, coming[0]))
            coming = next(spans, None)
        if walks:
            yield step(walks, sign)


def step(walks: list[tuple[int, int, Iterator[int], Told]], sign: int) -> tuple[int, Told]:
    """The first occurrence of all; its span goes on with the next, or is over."""
    key, number, walk, told = walks[0]
    following = next(walk, None)
    if following is None:
        heappop(walks)
    else:
        heapreplace(walks, (sign * following, number, walk, told))
    return sign * key, told
