"""Intersection of windows, compared with a search minute by minute."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.model import OutsidePolicy, SendHours
from schedbot.rules import windows
from schedbot.rules.calendar import Calendar, find_closure, find_opening
from schedbot.store.schedules.shared_calendars import parse_calendar

MINUTE = 60_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Days near unusual clock changes.
ZONES = st.sampled_from(
    [
        ("America/New_York", "2026-03-07"),
        ("America/New_York", "2026-10-31"),
        ("Australia/Lord_Howe", "2026-10-03"),
        ("Africa/Cairo", "2026-04-23"),
        ("Pacific/Apia", "2011-12-29"),
        ("UTC", "2026-12-04"),
    ]
)
QUARTERS = st.integers(0, 95)


@st.composite
def draw_window(draw: st.DrawFn) -> str:
    """Return the text of a window with one or two openings, often past midnight."""
    spans = []
    for _ in range(draw(st.integers(1, 2))):
        opens, length = draw(QUARTERS), draw(st.integers(1, 95))
        first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
        clock = "-".join(f"{at // 4 % 24:02}:{at % 4 * 15:02}" for at in (opens, opens + length))
        spans.append(f"{first}-{last} {clock}")
    return "; ".join(spans)


def is_in_window(window: str, wall: datetime) -> bool:
    """Is the local time in the window, by an independent reading of its text?"""
    for span in window.split("; "):
        days, clock = span.split(" ")
        first, last = (DAYS.index(day) for day in days.split("-"))
        opens, closes = (int(at[:2]) * 60 + int(at[3:]) for at in clock.split("-"))
        for back in (0, 1):
            minute, day = wall.hour * 60 + wall.minute + back * 1_440, (wall.weekday() - back) % 7
            end = closes if closes > opens else closes + 1_440
            if opens <= minute < end and (day - first) % 7 <= (last - first) % 7:
                return True
    return False


def may_post(hours: tuple[SendHours, ...], wall: datetime) -> bool:
    is_blackout = any(str(wall.date()) == entry.blackout for entry in hours)
    return not is_blackout and all(is_in_window(entry.window, wall) for entry in hours)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(draw_window(), min_size=2, max_size=3), ZONES, st.integers(0, 2_880), st.integers(0, 4))
def test_opening_agrees_with_a_search_by_minutes(
    texts: list[str], zone_and_day: tuple[str, str], begin: int, blackout_day: int
) -> None:
    tz, day = times.zone(zone_and_day[0]), date.fromisoformat(zone_and_day[1])
    hours = tuple(SendHours(str(n), windows.parse_window(window).text) for n, window in enumerate(texts))
    hours = (
        SendHours("0", texts[0], OutsidePolicy.DEFER, str(day + timedelta(days=blackout_day))),
        *(SendHours(str(n), window) for n, window in enumerate(texts[1:], start=1)),
    )
    at = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000 + begin * MINUTE
    minutes = (at + n * MINUTE for n in range(16 * 1_440))
    expected = next((at for at in minutes if may_post(hours, datetime.fromtimestamp(at // 1000, tz))), None)
    assert find_opening(Calendar(hours=hours), zone_and_day[0], at) == expected
    assert (find_closure(Calendar(hours=hours), zone_and_day[0], at) is None) == (expected == at)


@settings(max_examples=60, deadline=None)
@given(draw_window(), draw_window())
def test_intersection_is_none_only_for_disjoint_windows(first: str, second: str) -> None:
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    week = (monday + timedelta(minutes=15 * n) for n in range(7 * 96))
    do_overlap = any(is_in_window(first, wall) and is_in_window(second, wall) for wall in week)
    assert (windows.intersect((first, second)) is not None) == do_overlap
    assume(do_overlap)
    assert windows.intersect((second, first, "")) is not None


def test_calendar_key_keeps_owners_and_drops_empty_hours() -> None:
    key = json.dumps(["", "skip", ["", "", "defer", ""], ["account 42", "08:00-18:00", "skip", ""], None])
    assert parse_calendar(key).hours == (SendHours("account 42", "08:00-18:00", OutsidePolicy.SKIP),)
    assert parse_calendar("").is_empty
