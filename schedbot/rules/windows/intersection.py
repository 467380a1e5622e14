"""Intersection of send windows. Pure.

Rule: a window is a set of minutes of the week in local time, so the intersection is a window too, or empty.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce

from schedbot.rules.windows.parse import DAY, OpenHours, Window, parse_window

Interval = tuple[int, int]  # minutes of one day: from the first, until before the second


@lru_cache(maxsize=1_024)
def intersect(texts: tuple[str, ...]) -> Window | None:
    """Return the window that is open while all these windows are; None: never. Raises BadInput."""
    windows = [parse_window(text) for text in texts if text]
    if len(windows) < 2:
        return windows[0] if windows else parse_window("")
    open_hours = tuple(
        OpenHours(frozenset({day}), opens, closes)
        for day in range(7)
        for opens, closes in reduce(intersect_days, (list(open_intervals(window, day)) for window in windows))
    )
    return Window(" and ".join(window.text for window in windows), open_hours) if open_hours else None


def open_intervals(window: Window, day: int) -> Iterator[Interval]:
    """Return the open intervals of a weekday. Hours past midnight count for two days."""
    for hours in window.open_hours:
        if day in hours.days:
            yield hours.opens, min(hours.closes, DAY)
        if (day - 1) % 7 in hours.days and hours.closes > DAY:
            yield 0, hours.closes - DAY


def intersect_days(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Return the intersection of the open intervals of one day."""
    pairs = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return [(opens, closes) for opens, closes in pairs if opens < closes]
