"""The next occurrence that a calendar does not leave out: days and hours that are closed are passed over at once.

Rule: a calendar may leave out all that a rule has, for good; so it is given up after MOST of such leaps, which is years
of openings, or decades of a rare rule's occurrences. Pure.
"""

from functools import lru_cache

from schedbot import times
from schedbot.model import HolidayPolicy, Recurrence
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar, find_handled_holiday, find_opening, is_skipped

MOST = 4_000


@lru_cache(maxsize=8_192)
def next_open_occurrence(calendar: Calendar, rule: Recurrence, due_at: int) -> int | None:
    """The occurrence `due_at`, or the first after it that is not left out for its own sake; None: none is in sight."""
    at: int | None = due_at
    for _ in range(MOST):
        if at is None or not is_skipped(calendar, rule, at):
            return at
        at = rules.next_after(rule, over_at(calendar, rule, at) - 1)
    return None


def over_at(calendar: Calendar, rule: Recurrence, at: int) -> int:
    """The first instant at which what leaves out the occurrence `at` is over."""
    from schedbot.rules import windows

    if calendar.policy is HolidayPolicy.SKIP and find_handled_holiday(calendar, rule, at):
        return windows.start_of_next_day(at, times.zone(rule.tz))
    return max(at + 1, find_opening(calendar, rule.tz, at) or 0)
