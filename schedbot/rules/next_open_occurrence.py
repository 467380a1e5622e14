"""Find the next occurrence that a calendar does not skip, without a look at each occurrence of a closed period.

Rule: a calendar may skip every occurrence, so the search ends after MAX_STEPS closed periods: years of send windows, or
decades of a rare recurrence. Pure.
"""

from functools import lru_cache

from schedbot import times
from schedbot.model import HolidayPolicy, Recurrence
from schedbot.rules import recurrence, windows
from schedbot.rules.calendar import Calendar, find_handled_holiday, find_opening, is_skipped

MAX_STEPS = 4_000


@lru_cache(maxsize=8_192)
def next_open_occurrence(calendar: Calendar, rule: Recurrence, due_at: int) -> int | None:
    """Return `due_at`, or the first occurrence after it that the calendar does not skip by itself; None: none found."""
    at: int | None = due_at
    for _ in range(MAX_STEPS):
        if at is None or not is_skipped(calendar, rule, at):
            return at
        at = recurrence.next_after(rule, closed_until(calendar, rule, at) - 1)
    return None


def closed_until(calendar: Calendar, rule: Recurrence, at: int) -> int:
    """Return the end of the holiday, or of the closed hours, that skip the occurrence `at`."""
    if calendar.policy is HolidayPolicy.SKIP and find_handled_holiday(calendar, rule, at):
        return windows.start_of_next_day(at, times.zone(rule.tz))
    return max(at + 1, find_opening(calendar, rule.tz, at) or 0)
