"""Spans of time whose messages share a thread. Pure."""

from schedbot.model import ThreadSpan
from schedbot.times import zone
from schedbot.times.format import to_datetime


def find_span(thread: ThreadSpan, at: int, tz: str) -> str:
    """Return the name of the span that an instant is in, by the calendar of a time zone; '' if it has no thread.

    `2026-11-30` for a day, `2026-W49` for an ISO week, `2026-11` for a month, `always`.
    """
    local = to_datetime(at, zone(tz))
    match thread:
        case ThreadSpan.NONE:
            return ""
        case ThreadSpan.DAILY:
            return local.date().isoformat()
        case ThreadSpan.WEEKLY:
            week = local.isocalendar()
            return f"{week.year}-W{week.week:02}"
        case ThreadSpan.MONTHLY:
            return f"{local.year}-{local.month:02}"
        case ThreadSpan.ALWAYS:
            return "always"
