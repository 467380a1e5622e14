"""Instants as people type them."""

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
    ("2026-12-01 9am", "2026-12-01T09:00:00-05:00"),
    ("2026-12-01 noon", "2026-12-01T12:00:00-05:00"),
]
# The last one, the next one. NOW is Wednesday 10:00.
WITHOUT_A_DATE = [
    ("wednesday 9:00", "2026-11-25T09:00:00-05:00", "2026-12-02T09:00:00-05:00"),
    ("wednesday 10:30", "2026-11-18T10:30:00-05:00", "2026-11-25T10:30:00-05:00"),
    ("wednesday 10am", "2026-11-25T10:00:00-05:00", "2026-12-02T10:00:00-05:00"),
    ("mon at 9am", "2026-11-23T09:00:00-05:00", "2026-11-30T09:00:00-05:00"),
    ("9am", "2026-11-25T09:00:00-05:00", "2026-11-26T09:00:00-05:00"),
    ("9:30 pm", "2026-11-24T21:30:00-05:00", "2026-11-25T21:30:00-05:00"),
    ("noon", "2026-11-24T12:00:00-05:00", "2026-11-25T12:00:00-05:00"),
]
DAYS = [
    ("today", "2026-11-25T00:00:00-05:00"),
    ("yesterday", "2026-11-24T00:00:00-05:00"),
    ("tomorrow", "2026-11-26T00:00:00-05:00"),
    ("wednesday", "2026-11-25T00:00:00-05:00"),
    ("2026-12-01", "2026-12-01T00:00:00-05:00"),
]


@pytest.mark.parametrize(("text", "instant"), INSTANTS)
def test_instant_is_parsed(text: str, instant: str) -> None:
    for parse in (times.parse_instant, times.parse_future, times.parse_past):
        assert times.to_local_rfc3339(parse(text, NEW_YORK, NOW), NEW_YORK) == instant


@pytest.mark.parametrize(("text", "instant"), DAYS)
def test_day_is_its_first_instant_for_past_and_future_only(text: str, instant: str) -> None:
    for parse in (times.parse_future, times.parse_past):
        assert times.to_local_rfc3339(parse(text, NEW_YORK, NOW), NEW_YORK) == instant
    with pytest.raises(BadInput, match="is not a time"):
        times.parse_instant(text, NEW_YORK, NOW)


@pytest.mark.parametrize(("text", "last", "next_one"), WITHOUT_A_DATE)
def test_time_without_a_date_is_the_last_or_the_next(text: str, last: str, next_one: str) -> None:
    assert times.to_local_rfc3339(times.parse_past(text, NEW_YORK, NOW), NEW_YORK) == last
    for parse in (times.parse_instant, times.parse_future):
        assert times.to_local_rfc3339(parse(text, NEW_YORK, NOW), NEW_YORK) == next_one


@pytest.mark.parametrize(("text", "last", "coming"), [("Monday", "11-23", "11-30"), ("thu", "11-19", "11-26")])
def test_weekday_is_the_last_or_the_next(text: str, last: str, coming: str) -> None:
    past, future = (parse(text, NEW_YORK, NOW) for parse in (times.parse_past, times.parse_future))
    days = [times.to_local_rfc3339(instant, NEW_YORK)[5:16] for instant in (past, future)]
    assert days == [f"{last}T00:00", f"{coming}T00:00"]


@pytest.mark.parametrize(("text", "end"), [("monday", "11-23T23:59"), ("2026-11-20", "11-20T23:59")])
def test_day_as_an_end_is_included(text: str, end: str) -> None:
    assert times.to_local_rfc3339(times.parse_past_end(text, NEW_YORK, NOW), NEW_YORK)[5:16] == end


def test_duration_counts_from_now_back_or_ahead() -> None:
    assert times.parse_past("2h", None, NOW) == NOW - 7_200_000
    assert times.parse_past("2h ago", None, NOW) == NOW - 7_200_000
    assert times.parse_past("-2h", None, NOW) == NOW - 7_200_000
    assert times.parse_future("2h", None, NOW) == NOW + 7_200_000
    assert times.parse_future("-2h", None, NOW) == NOW - 7_200_000


@pytest.mark.parametrize(
    ("text", "problem", "instants"),
    [
        ("2026-03-08 02:30", "does not exist", ["2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"]),
        ("2026-11-01 01:30", "occurs twice", ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]),
    ],
)
def test_ambiguous_wall_clock_time_names_both_instants(text: str, problem: str, instants: list[str]) -> None:
    with pytest.raises(BadInput) as refusal:
        times.parse_instant(text, NEW_YORK, NOW)
    assert text in str(refusal.value)
    assert problem in str(refusal.value)
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
def test_day_starts_after_a_gap_at_midnight(zone: str, day: str, start: str) -> None:
    tz = times.zone(zone)
    assert times.to_local_rfc3339(times.parse_future(day, tz, NOW), tz) == start


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("", "is not a time", "2026-12-01 09:00"),
        ("next week", "is not a time", "2026-12-01 09:00"),
        ("2026-13-01 09:00", "no such day", "2026-12-01"),
        ("2026-13-45", "no such day", "2026-12-01"),
        ("2026-02-30 09:00", "no such day", "2026-12-01"),
        ("2026-12-01 24:00", "no such time", "00 to 23"),
        ("2026-12-01 09:60", "no such time", "00 to 23"),
        ("2026-12-01T09:00:00+25:00", "no such offset", "-05:00"),
        ("9999-12-01 09:00", "out of range", "1970 to 2199"),
        ("2026-W01-1T09:00", "is not a time", "2026-12-01 09:00"),
        ("٢٠٢٦-12-01 09:00", "is not a time", "2026-12-01 09:00"),
        ("x" * 5_000, "is not a time", "2026-12-01 09:00"),
    ],
)
def test_invalid_time_is_refused_with_an_example(text: str, problem: str, remedy: str) -> None:
    for parse in (times.parse_instant, times.parse_future, times.parse_past):
        with pytest.raises(BadInput, match=problem) as refusal:
            parse(text, NEW_YORK, NOW)
        assert remedy in refusal.value.hint


def test_day_without_a_time_of_day_gets_a_hint() -> None:
    with pytest.raises(BadInput, match="'2026-12-01' is not a time") as refusal:
        times.parse_instant("2026-12-01", NEW_YORK, NOW)
    assert refusal.value.hint == "Add the time of day: '2026-12-01 09:00'."


@pytest.mark.parametrize("text", ["2026-12-01 09:00", "today", "monday", "tomorrow 9am", "2026-12-01"])
def test_wall_clock_time_needs_a_zone(text: str) -> None:
    with pytest.raises(BadInput, match="needs a time zone") as refusal:
        times.parse_future(text, None, NOW)
    assert "--tz" in refusal.value.hint


@given(st.integers(86_400_000, 2**42))
def test_formatted_instant_parses_to_itself(instant: int) -> None:
    assert times.parse_instant(times.to_rfc3339(instant), None, NOW) == instant
    assert times.parse_instant(times.to_local_rfc3339(instant, NEW_YORK), None, NOW) == instant // 1000 * 1000
