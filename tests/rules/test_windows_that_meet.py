"""Several windows are open at once by a second statement: go minute by minute and ask each of them."""

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.model import OutsidePolicy, SendHours
from schedbot.rules import windows
from schedbot.rules.calendar import Calendar, find_closure, find_opening
from schedbot.store.schedules.shared_calendars import parse_calendar

MINUTE = 60_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Days around clock changes, in zones where these are odd.
PLACES = st.sampled_from(
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
def a_window(draw: st.DrawFn) -> str:
    """One or two spans, often over midnight."""
    spans = []
    for _ in range(draw(st.integers(1, 2))):
        opens, long = draw(QUARTERS), draw(st.integers(1, 95))
        first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
        clock = "-".join(f"{at // 4 % 24:02}:{at % 4 * 15:02}" for at in (opens, opens + long))
        spans.append(f"{first}-{last} {clock}")
    return "; ".join(spans)


def shows(window: str, wall: datetime) -> bool:
    """Is the wall clock within, by the text alone?"""
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


def may_go(hours: tuple[SendHours, ...], wall: datetime) -> bool:
    dark = any(str(wall.date()) == one.blackout for one in hours)
    return not dark and all(shows(one.window, wall) for one in hours)


@settings(max_examples=60, deadline=None)
@given(st.lists(a_window(), min_size=2, max_size=3), PLACES, st.integers(0, 2_880), st.integers(0, 4))
def test_all_are_open_at_the_first_minute_at_which_each_is(
    said: list[str], place: tuple[str, str], begin: int, dark: int
) -> None:
    tz, day = times.zone(place[0]), date.fromisoformat(place[1])
    hours = tuple(SendHours(str(n), windows.parse_window(window).text) for n, window in enumerate(said))
    hours = (
        SendHours("0", said[0], OutsidePolicy.DEFER, str(day + timedelta(days=dark))),
        *(SendHours(str(n), window) for n, window in enumerate(said[1:], start=1)),
    )
    at = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000 + begin * MINUTE
    minutes = (at + n * MINUTE for n in range(16 * 1_440))
    slow = next((one for one in minutes if may_go(hours, datetime.fromtimestamp(one // 1000, tz))), None)
    assert find_opening(Calendar(hours=hours), place[0], at) == slow
    assert (find_closure(Calendar(hours=hours), place[0], at) is None) == (slow == at)


@settings(max_examples=60, deadline=None)
@given(a_window(), a_window())
def test_windows_that_never_meet_are_known_and_no_others(one: str, other: str) -> None:
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    week = (monday + timedelta(minutes=15 * n) for n in range(7 * 96))
    meet = any(shows(one, wall) and shows(other, wall) for wall in week)
    assert (windows.intersect((one, other)) is not None) == meet
    assume(meet)
    assert windows.intersect((other, one, "")) is not None


def test_a_key_says_whose_each_window_is_and_drops_what_says_nothing() -> None:
    key = json.dumps(["", "skip", ["", "", "defer", ""], ["account 42", "08:00-18:00", "skip", ""], None])
    assert parse_calendar(key).hours == (SendHours("account 42", "08:00-18:00", OutsidePolicy.SKIP),)
    assert parse_calendar("").is_empty
