"""When several windows are open at once: what they have in common is a window again, or there is no such time. Pure.

Rule: a window is a set of minutes of the week, as the wall clock shows them; so it is known whether two ever meet.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce

from schedbot.rules.windows.parse import DAY, OpenInterval, Window, parse_window

Minutes = list[tuple[int, int]]  # of one day: from, and up to


@lru_cache(maxsize=1_024)
def intersect(texts: tuple[str, ...]) -> Window | None:
    """The window that is open while all of these are; None: they are never open at once. Raises BadInput."""
    windows = [parse_window(text) for text in texts if text]
    if len(windows) < 2:
        return windows[0] if windows else parse_window("")
    spans = tuple(
        OpenInterval(frozenset({day}), opens, closes)
        for day in range(7)
        for opens, closes in reduce(common, (list(minutes(window, day)) for window in windows))
    )
    return Window(" and ".join(window.text for window in windows), spans) if spans else None


def minutes(window: Window, day: int) -> Iterator[tuple[int, int]]:
    """When it is open on a weekday; what goes over midnight is that of two days."""
    for span in window.spans:
        if day in span.days:
            yield span.opens, min(span.closes, DAY)
        if (day - 1) % 7 in span.days and span.closes > DAY:
            yield 0, span.closes - DAY


def common(some: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> Minutes:
    pairs = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(opens, closes) for opens, closes in pairs if opens < closes]
