"""Send windows and blackouts: parsing, and opening times around midnight and clock changes."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedbot import times
from schedbot.errors import BadInput
from schedbot.rules import windows

NEW_YORK = times.zone("America/New_York")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "normal_form"),
    [
        ("mon-fri 08:00-18:00", "mon-fri 08:00-18:00"),
        ("Monday - Friday 8:00 - 18:00", "mon-fri 08:00-18:00"),
        ("weekdays 8:00-18:00", "mon-fri 08:00-18:00"),
        ("mon, wed 09:00-12:00; sat 10:00-12:00", "mon,wed 09:00-12:00; sat 10:00-12:00"),
        ("mon-fri 9:00-12:00, mon-fri 13:00-17:00", "mon-fri 09:00-12:00; mon-fri 13:00-17:00"),
        ("fri 22:00-02:00", "fri 22:00-02:00"),
        ("sat-sun 00:00-24:00", "sat-sun 00:00-24:00"),
        ("08:00-18:00", "08:00-18:00"),
        ("fri-mon 08:00-18:00", "mon,fri,sat,sun 08:00-18:00"),
    ],
)
def test_window_has_a_normal_form(text: str, normal_form: str) -> None:
    assert windows.parse_window(text).text == normal_form
    assert windows.parse_window(normal_form) == windows.parse_window(text)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("mon 8-18", "not a send window", "08:00-18:00"),
        ("mon-fri", "not a send window", "08:00-18:00"),
        ("xyz 08:00-18:00", "'xyz'", "mon, tue"),
        ("mon 08:00-08:00", "never opens", "00:00-24:00"),
        ("mon 08:00-25:00", "'25:00'", "24:00"),
        ("mon 08:00-18:00 " * 90, "not a send window", "08:00-18:00"),
    ],
)
def test_invalid_window_is_refused_with_a_hint(text: str, problem: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        windows.parse_window(text)
    assert problem in str(refused.value)
    assert hint in refused.value.hint


@pytest.mark.parametrize("text", ["24 Dec", "2026-12-27/2026-12-24", "2026-02-30", "2026-12-24 18:00"])
def test_invalid_blackout_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"not a blackout|before it begins|no such day"):
        windows.parse_blackouts(text)


@pytest.mark.parametrize(
    ("window", "blackout", "at", "opens"),
    [
        pytest.param("mon-fri 08:00-18:00", "", "2026-12-04T17:59-05:00", "2026-12-04T17:59-05:00", id="open"),
        pytest.param("mon-fri 08:00-18:00", "", "2026-12-04T18:00-05:00", "2026-12-07T08:00-05:00", id="the weekend"),
        pytest.param("fri 22:00-02:00", "", "2026-12-05T01:59-05:00", "2026-12-05T01:59-05:00", id="past midnight"),
        pytest.param("fri 22:00-02:00", "", "2026-12-05T02:00-05:00", "2026-12-11T22:00-05:00", id="and then closed"),
        pytest.param("sun 02:30-09:00", "", "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00", id="opens in a gap"),
        pytest.param("sun 02:00-02:30", "", "2026-03-08T01:00-05:00", "2026-03-15T02:00-04:00", id="all in a gap"),
        pytest.param("sun 01:00-01:30", "", "2026-11-01T01:40-04:00", "2026-11-01T01:00-05:00", id="shown twice"),
        pytest.param("", "2026-12-24/2026-12-27", "2026-12-24T00:00-05:00", "2026-12-28T00:00-05:00", id="a blackout"),
        pytest.param(
            "mon-fri 08:00-18:00",
            "2026-12-24/2026-12-27",
            "2026-12-24T09:00-05:00",
            "2026-12-28T08:00-05:00",
            id="both",
        ),
        pytest.param("", "2026-12-24, 2026-12-25", "2026-12-24T09:00-05:00", "2026-12-26T00:00-05:00", id="one by one"),
    ],
)
def test_first_open_instant_in_new_york(window: str, blackout: str, at: str, opens: str) -> None:
    instant = windows.first_open_at(windows.parse_window(window), windows.parse_blackouts(blackout), NEW_YORK, ms(at))
    assert times.to_local_rfc3339(instant, NEW_YORK) == times.to_local_rfc3339(ms(opens), NEW_YORK)


def test_blackout_uses_the_local_day() -> None:
    evening = ms("2026-12-24T22:00-05:00")  # in UTC it is the 25th
    blackouts = windows.parse_blackouts("2026-12-25")
    assert windows.blackout_at(blackouts, NEW_YORK, evening) is None
    assert windows.blackout_at(blackouts, times.zone("UTC"), evening) is not None


def test_time_moved_into_a_gap_is_the_end_of_the_gap() -> None:
    cairo = times.zone("Africa/Cairo")  # on Friday 24 April 2026 midnight becomes 01:00
    moved = windows.same_time_next_business_day(ms("2026-04-23T00:30+02:00"), cairo, set())
    assert times.to_local_rfc3339(moved, cairo) == "2026-04-24T01:00:00+03:00"


STRANGE = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Africa/Cairo": ("2026-04-24", "2026-10-30"),
    "Pacific/Apia": ("2011-12-30", "2011-09-24"),
    "Pacific/Chatham": ("2026-04-05", "2026-09-27"),
}
SHAPES = ("{a}-{b} 01:00-03:30", "{a} 22:00-02:15", "{a} 23:30-00:30; {b} 02:10-02:40", "{a}-{b} 00:00-24:00")


def is_in_window(text: str, wall: datetime) -> bool:
    """Is the local time in the window, by an independent reading of its text?"""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for span in text.split("; "):
        weekdays, clock = span.split(" ")
        first, last = days.index(weekdays[:3]), days.index(weekdays[-3:])
        opens, closes = (int(at[:2]) * 60 + int(at[3:]) for at in clock.split("-"))
        for back in (0, 1):
            minute = wall.hour * 60 + wall.minute + back * 1_440
            day = (wall.weekday() - back) % 7
            if (
                opens <= minute < (closes if closes > opens else closes + 1_440)
                and (day - first) % 7 <= (last - first) % 7
            ):
                return True
    return False


def search_by_minutes(text: str, tz: ZoneInfo, at: int) -> int:
    second = at // 1000
    while not is_in_window(text, datetime.fromtimestamp(second, tz)):
        second += 60
    return second * 1000


@pytest.mark.parametrize("name", STRANGE)
def test_first_open_instant_agrees_with_a_search_by_minutes(name: str) -> None:
    rng, tz = random.Random(name), times.zone(name)
    for number in range(24):
        day = datetime.fromisoformat(STRANGE[name][number % 2]).replace(tzinfo=UTC) - timedelta(days=1)
        a, b = rng.sample(("thu", "fri", "sat", "sun", "mon"), 2)
        text = SHAPES[number % 4].format(a=a, b=b)
        at = round(day.timestamp() + rng.randrange(0, 3_600) * 60) * 1000
        window = windows.parse_window(text)
        assert windows.first_open_at(window, (), tz, at) == search_by_minutes(text, tz, at), (text, at)
