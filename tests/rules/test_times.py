"""How people write instants and spans, and how they are written back."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot import times
from schedbot.errors import BadInput

NEW_YORK = times.zone("America/New_York")
NOW = round(datetime.fromisoformat("2026-11-25T10:00:00-05:00").timestamp() * 1000)  # a Wednesday
INSTANTS = [
    ("2026-12-01 09:00", "2026-12-01T09:00:00-05:00"),
    ("2026-12-01T09:00", "2026-12-01T09:00:00-05:00"),
    ("2026-12-01 9:00", "2026-12-01T09:00:00-05:00"),
    (" 2026-07-01 09:00:30 ", "2026-07-01T09:00:30-04:00"),
    ("2026-12-01T09:00:00-08:00", "2026-12-01T12:00:00-05:00"),
    ("2026-12-01T14:00:00Z", "2026-12-01T09:00:00-05:00"),
    ("2026-12-01T14:00:00.000Z", "2026-12-01T09:00:00-05:00"),
    ("2026-12-01T19:45+05:45", "2026-12-01T09:00:00-05:00"),
    ("now", "2026-11-25T10:00:00-05:00"),
    ("tomorrow 9am", "2026-11-26T09:00:00-05:00"),
    ("today at 17:30", "2026-11-25T17:30:00-05:00"),
    ("wednesday 9:00", "2026-12-02T09:00:00-05:00"),
    ("wednesday 10:30", "2026-11-25T10:30:00-05:00"),
]
ONLY_FROM_AND_SINCE = [
    ("today", "2026-11-25T00:00:00-05:00"),
    ("yesterday", "2026-11-24T00:00:00-05:00"),
    ("tomorrow", "2026-11-26T00:00:00-05:00"),
    ("Monday", "2026-11-23T00:00:00-05:00"),
    ("wednesday", "2026-11-25T00:00:00-05:00"),
    ("thu", "2026-11-19T00:00:00-05:00"),
    ("2026-12-01", "2026-12-01T00:00:00-05:00"),
]


@pytest.mark.parametrize(("written", "meant"), INSTANTS)
def test_an_instant_is_read(written: str, meant: str) -> None:
    for read in (times.parse_instant, times.parse_future, times.parse_past):
        assert times.to_local_rfc3339(read(written, NEW_YORK, NOW), NEW_YORK) == meant


@pytest.mark.parametrize(("written", "meant"), ONLY_FROM_AND_SINCE)
def test_a_day_is_its_first_instant(written: str, meant: str) -> None:
    for read in (times.parse_future, times.parse_past):
        assert times.to_local_rfc3339(read(written, NEW_YORK, NOW), NEW_YORK) == meant
    with pytest.raises(BadInput, match="is not a time"):
        times.parse_instant(written, NEW_YORK, NOW)


def test_a_span_looks_back_after_since_and_ahead_after_from() -> None:
    assert times.parse_past("2h", None, NOW) == NOW - 7_200_000
    assert times.parse_past("2h ago", None, NOW) == NOW - 7_200_000
    assert times.parse_past("-2h", None, NOW) == NOW - 7_200_000
    assert times.parse_future("2h", None, NOW) == NOW + 7_200_000
    assert times.parse_future("-2h", None, NOW) == NOW - 7_200_000


@pytest.mark.parametrize(
    ("written", "told", "instants"),
    [
        ("2026-03-08 02:30", "does not exist", ["2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"]),
        ("2026-11-01 01:30", "is there twice", ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]),
    ],
)
def test_a_wall_clock_that_is_not_one_instant_is_refused_with_both(
    written: str, told: str, instants: list[str]
) -> None:
    with pytest.raises(BadInput) as refusal:
        times.parse_instant(written, NEW_YORK, NOW)
    assert written in str(refusal.value)
    assert told in str(refusal.value)
    assert all(f"'{instant}'" in refusal.value.hint for instant in instants)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00"),
        ("America/Havana", "2024-11-03", "2024-11-03T00:00:00-04:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_begins_where_its_clock_does(zone: str, day: str, start: str) -> None:
    tz = times.zone(zone)
    assert times.to_local_rfc3339(times.parse_future(day, tz, NOW), tz) == start


@pytest.mark.parametrize(
    ("written", "told", "remedy"),
    [
        ("", "is not a time", "2026-12-01 09:00"),
        ("next week", "is not a time", "2026-12-01 09:00"),
        ("2026-13-01 09:00", "no such day", "2026-12-01"),
        ("2026-13-45", "no such day", "2026-12-01"),
        ("2026-02-30 09:00", "no such day", "2026-12-01"),
        ("2026-12-01 24:00", "no such time", "00 to 23"),
        ("2026-12-01 09:60", "no such time", "00 to 23"),
        ("2026-12-01T09:00:00+25:00", "no such offset", "-05:00"),
        ("9999-12-01 09:00", "out of reach", "1970 to 2199"),
        ("2026-W01-1T09:00", "is not a time", "2026-12-01 09:00"),
        ("٢٠٢٦-12-01 09:00", "is not a time", "2026-12-01 09:00"),
        ("x" * 5_000, "is not a time", "2026-12-01 09:00"),
    ],
)
def test_what_is_not_a_time_is_refused_with_how_to_write_it(written: str, told: str, remedy: str) -> None:
    for read in (times.parse_instant, times.parse_future, times.parse_past):
        with pytest.raises(BadInput, match=told) as refusal:
            read(written, NEW_YORK, NOW)
        assert remedy in refusal.value.hint


def test_a_day_that_is_there_lacks_the_time_of_day_alone() -> None:
    with pytest.raises(BadInput, match="'2026-12-01' is not a time") as refusal:
        times.parse_instant("2026-12-01", NEW_YORK, NOW)
    assert refusal.value.hint == "Add the time of day: '2026-12-01 09:00'."


@pytest.mark.parametrize("written", ["2026-12-01 09:00", "today", "monday", "tomorrow 9am", "2026-12-01"])
def test_a_wall_clock_needs_a_zone(written: str) -> None:
    with pytest.raises(BadInput, match="no time zone is said") as refusal:
        times.parse_future(written, None, NOW)
    assert "--tz" in refusal.value.hint


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h", 7_200),
        ("3d", 259_200),
        ("1w", 604_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        (" 2H ", 7_200),
        ("520w", 314_496_000),
        ("0s", 0),
    ],
)
def test_a_span_is_read(written: str, seconds: int) -> None:
    assert times.parse_duration(written) == seconds * 1_000


@pytest.mark.parametrize(
    ("written", "told", "remedy"),
    [
        ("90", "'90' is not a span", "'90s'"),
        ("-2h", "'-2h' is not a span", "minus"),
        ("", "'' is not a span", "1h30m"),
        ("2 fortnights", "not a span", "1h30m"),
        ("1.5h", "not a span", "1h30m"),
        ("999w", "too long", "ten years"),
        ("9" * 5_000 + "s", "not a span", "1h30m"),
        ("999999999999w", "too long", "ten years"),
    ],
)
def test_what_is_not_a_span_is_refused_with_how_to_write_it(written: str, told: str, remedy: str) -> None:
    with pytest.raises(BadInput, match=told) as refusal:
        times.parse_duration(written)
    assert remedy in refusal.value.hint


@given(st.integers(0, 3_650 * 86_400))
def test_a_span_that_is_written_is_read_back(seconds: int) -> None:
    assert times.parse_duration(times.unparse_duration(seconds * 1_000)) == seconds * 1_000


@given(st.integers(86_400_000, 2**42))
def test_an_instant_that_is_written_is_read_back(instant: int) -> None:
    assert times.parse_instant(times.to_rfc3339(instant), None, NOW) == instant
    assert times.parse_instant(times.to_local_rfc3339(instant, NEW_YORK), None, NOW) == instant // 1000 * 1000


def test_programs_get_utc_with_milliseconds() -> None:
    assert times.to_rfc3339(1_796_133_600_007) == "2026-12-01T14:00:00.007Z"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "Tue 1 Dec 2026 09:00 EST"),
        ("Asia/Kathmandu", "Tue 1 Dec 2026 19:45 UTC+05:45"),
        ("America/Sao_Paulo", "Tue 1 Dec 2026 11:00 UTC-03:00"),
        ("UTC", "Tue 1 Dec 2026 14:00 UTC"),
    ],
)
def test_people_get_the_wall_clock_and_the_zone(zone: str, said: str) -> None:
    assert times.format_instant(1_796_133_600_000, times.zone(zone)) == said


def test_people_are_spared_the_year_that_it_is() -> None:
    assert times.format_instant(1_796_133_600_000, NEW_YORK, NOW) == "Tue 1 Dec 09:00 EST"
    assert times.format_instant(1_796_133_600_000, NEW_YORK, NOW + 40 * 86_400_000) == "Tue 1 Dec 2026 09:00 EST"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 s"),
        (250, "250 ms"),
        (1_500, "1 s"),
        (90_000, "1 min 30 s"),
        (5_400_000, "1 h 30 min"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(ms: int, said: str) -> None:
    assert times.format_duration(ms) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (0, "now"),
        (0.999, "now"),
        (30, "in 30 s"),
        (-90, "90 s ago"),
        (5_400, "in 90 min"),
        (10_800, "in 3 h"),
        (86_400, "in 24 h"),
        (-172_800, "2 d ago"),
        (400 * 86_400, "in 400 d"),
    ],
)
def test_how_far_off_is_said_in_one_unit(away: float, said: str) -> None:
    assert times.format_relative(NOW + round(away * 1_000), NOW) == said
