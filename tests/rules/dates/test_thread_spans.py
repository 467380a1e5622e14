"""Spans of threads, by the calendar of the schedule's time zone."""

from datetime import datetime

import pytest

from schedbot.model import ThreadSpan
from schedbot.rules.thread_spans import find_span


@pytest.mark.parametrize(
    ("thread", "at", "tz", "span"),
    [
        (ThreadSpan.NONE, "2026-11-30T12:00Z", "UTC", ""),
        (ThreadSpan.DAILY, "2026-11-30T23:30Z", "UTC", "2026-11-30"),
        (ThreadSpan.DAILY, "2026-11-30T23:30Z", "Europe/Berlin", "2026-12-01"),
        (ThreadSpan.DAILY, "2026-11-30T03:30Z", "America/New_York", "2026-11-29"),
        (ThreadSpan.WEEKLY, "2026-11-30T12:00Z", "UTC", "2026-W49"),
        (ThreadSpan.WEEKLY, "2027-01-03T12:00Z", "UTC", "2026-W53"),
        (ThreadSpan.MONTHLY, "2026-12-31T23:30Z", "Europe/Berlin", "2027-01"),
        (ThreadSpan.ALWAYS, "2026-12-31T23:30Z", "UTC", "always"),
    ],
)
def test_span_follows_the_calendar_of_the_zone(thread: ThreadSpan, at: str, tz: str, span: str) -> None:
    instant = int(datetime.fromisoformat(at).timestamp() * 1000)
    assert find_span(thread, instant, tz) == span
