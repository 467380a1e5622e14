"""Instants in few numbers: each run is a first instant, a step and a count, and nothing of them is lost.

A rule's instants are mostly an even row: two weeks of every five minutes are one run, business hours a run a day.
They are told apart by arithmetic, so a part is cut out without looking at the rest. Pure; UTC milliseconds.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """`length` instants from `first` on, `step_ms` apart; the step of a single one is 1."""

    first: int
    step_ms: int
    length: int

    @property
    def instants(self) -> range:
        """All of them, without a list."""
        return range(self.first, self.last + 1, self.step_ms)

    @property
    def last(self) -> int:
        """The last of them."""
        return self.first + self.step_ms * (self.length - 1)


def packed(instants: Iterable[int]) -> list[Run]:
    """Strictly increasing instants as runs, each as long as its step holds."""
    made: list[Run] = []
    first, step_ms, count, before = 0, 1, 0, 0
    for instant in instants:
        if count == 1:
            step_ms, count = instant - first, 2
        elif count and instant - before == step_ms:
            count += 1
        else:
            made.extend([Run(first, step_ms, count)] if count else [])
            first, step_ms, count = instant, 1, 1
        before = instant
    made.extend([Run(first, step_ms, count)] if count else [])
    return made


def unpacked(runs: Sequence[Run], newest_first: bool = False) -> Iterator[int]:
    """The instants one by one, in order of time or the newest first."""
    for run in reversed(runs) if newest_first else runs:
        yield from reversed(run.instants) if newest_first else run.instants


def total(runs: Iterable[Run]) -> int:
    """How many instants they are."""
    return sum(run.length for run in runs)


def within(runs: Iterable[Run], since: int | None, until: int | None) -> list[Run]:
    """What of them lies from `since` to `until`, both included; None is no bound."""
    cut = []
    for run in runs:
        low = 0 if since is None else bisect_left(run.instants, since)
        high = run.length if until is None else bisect_right(run.instants, until)
        cut.extend(part(run, low, high))
    return cut


def without(runs: Iterable[Run], gone: Iterable[int]) -> list[Run]:
    """The runs less some instants, which need not be in them."""
    leaving, left = sorted(set(gone)), []
    for run in runs:
        start = 0
        for instant in leaving[bisect_left(leaving, run.first) : bisect_right(leaving, run.last)]:
            place, rest = divmod(instant - run.first, run.step_ms)
            if rest == 0:
                left.extend(part(run, start, place))
                start = place + 1
        left.extend(part(run, start, run.length))
    return left


def part(run: Run, low: int, high: int) -> list[Run]:
    """The run's instants from place `low` up to `high`, not with it: one run, or none."""
    count = high - low
    if count <= 0:
        return []
    return [Run(run.first + run.step_ms * low, run.step_ms if count > 1 else 1, count)]


def common(runs: Sequence[Run], instants: Iterable[int]) -> list[int]:
    """Which of the instants the runs hold, in order of time."""
    firsts, found = [run.first for run in runs], []
    for instant in sorted(set(instants)):
        place = bisect_right(firsts, instant) - 1
        if place >= 0 and instant in runs[place].instants:
            found.append(instant)
    return found


def written(runs: Iterable[Run]) -> str:
    """As they stand in a table: a JSON array of arrays."""
    return json.dumps([list(run) for run in runs], separators=(",", ":"))


def read(text: str) -> list[Run]:
    """What `written` wrote."""
    return [Run(*one) for one in json.loads(text)]
