"""Instants of RFC 5545 rules, with the clock-change rules of fixed times."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChangeEffect
from schedbot.rules.recurrence.rrule import wall_times_of_year

NEW_YORK = "America/New_York"
DAY = 86_400_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def make_rule(phrase: str, tz: str = NEW_YORK, after: str = "2026-01-01") -> Recurrence:
    rule = recurrence.to_recurrence(phrase, tz, datetime.fromisoformat(after))
    assert rule.rrule
    return rule


def fires(rule: Recurrence, after: str, count: int) -> list[str]:
    instants = islice(recurrence.between(rule, ms(after), ms(after) + 1_500 * DAY), count)
    return [times.to_local_rfc3339(at, times.zone(rule.tz))[:16] for at in instants]


def test_interval_counts_from_the_first_matching_day() -> None:
    rule = make_rule("2 weeks on friday at 16:00", after="2026-12-02 10:00")
    assert fires(rule, "2026-12-02T10:00-05:00", 3) == ["2026-12-04T16:00", "2026-12-18T16:00", "2027-01-01T16:00"]
    assert fires(rule, "2025-12-02T10:00-05:00", 1) == ["2026-12-04T16:00"]


def test_last_business_day_is_never_on_a_weekend() -> None:
    rule = make_rule("last business day at 9:00")
    assert fires(rule, "2027-01-01T00:00-05:00", 4) == [
        "2027-01-29T09:00",  # the 31st is a Sunday
        "2027-02-26T09:00",
        "2027-03-31T09:00",
        "2027-04-30T09:00",
    ]


def test_two_times_of_a_business_day_are_on_one_day() -> None:
    rule = make_rule("3rd business day at 8:30 and 17:30")
    assert fires(rule, "2026-08-01T00:00-04:00", 3) == ["2026-08-05T08:30", "2026-08-05T17:30", "2026-09-03T08:30"]


def test_rrule_time_in_a_gap_is_due_at_its_end() -> None:
    rule = make_rule("2 weeks on sunday at 2:30 from 2026-03-08")
    assert fires(rule, "2026-03-07T12:00Z", 2) == ["2026-03-08T03:00", "2026-03-22T02:30"]


def test_rrule_time_in_an_overlap_is_due_once() -> None:
    rule = make_rule("2 weeks on sunday at 1:30 from 2026-11-01")
    instants = list(islice(recurrence.between(rule, ms("2026-10-31T12:00Z"), ms("2027-01-01T12:00Z")), 2))
    assert instants == [ms("2026-11-01T01:30-04:00"), ms("2026-11-15T01:30-05:00")]


def test_rrule_has_clock_changes() -> None:
    rule = make_rule("2 weeks on sunday at 2:30 from 2026-03-08")
    [change] = recurrence.clock_changes(rule, ms("2026-01-01T00:00Z"), ms("2026-12-31T00:00Z"))
    assert (change.at, change.effect) == (ms("2026-03-08T07:00Z"), ClockChangeEffect.MOVED)


def nth_business_day(day: date) -> int:
    return sum(date(day.year, day.month, n).weekday() < 5 for n in range(1, day.day + 1)) if day.weekday() < 5 else 0


CASES: list[tuple[str, Callable[[date], bool]]] = [
    (
        "2 weeks on monday and friday at 9:00 from 2026-01-05",
        lambda day: day.weekday() in (0, 4) and weeks(day) % 2 == 0,
    ),
    ("5 weeks on sunday at 9:00 from 2026-01-11", lambda day: day.weekday() == 6 and weeks(day) % 5 == 0),
    ("3 days at 9:00 from 2026-01-05", lambda day: (day - date(2026, 1, 5)).days % 3 == 0),
    ("20th business day at 9:00", lambda day: nth_business_day(day) == 20),
    ("5 months on the 31st at 9:00 from 2026-01-31", lambda day: day.day == 31 and months(day) % 5 == 0),
    ("2 months on the last day at 9:00 from 2026-01-31", lambda day: is_last(day) and months(day) % 2 == 0),
    ("7 months on the last friday at 9:00 from 2026-01-30", lambda day: is_last_friday(day) and months(day) % 7 == 0),
    ("1st business day of the quarter at 9:00", lambda day: nth_business_day(day) == 1 and day.month % 3 == 1),
]


def weeks(day: date) -> int:
    return (day - date(2026, 1, 5)).days // 7


def months(day: date) -> int:
    return (day.year - 2026) * 12 + day.month - 1


def is_last(day: date) -> bool:
    return (day + timedelta(days=1)).month != day.month


def is_last_friday(day: date) -> bool:
    return day.weekday() == 4 and (day + timedelta(days=7)).month != day.month


@pytest.mark.parametrize(("phrase", "matches"), CASES)
def test_rrule_is_due_on_exactly_the_matching_days(phrase: str, matches: Callable[[date], bool]) -> None:
    rule = make_rule(phrase, "UTC")
    start = recurrence.rrule_start(rule.rrule or "").date()
    days = [max(start, date(2026, 1, 1)) + timedelta(days=n) for n in range(7_300)]
    instants = recurrence.between(rule, ms(f"{days[0]}T00:00Z") - 1, ms(f"{days[-1]}T23:59Z"))
    assert [f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}" for at in instants] == [
        str(d) for d in days if matches(d)
    ]


def test_rrule_instants_do_not_depend_on_the_start() -> None:
    rule = make_rule("2 weeks on sunday at 1:30 from 2020-01-05")
    instants = list(recurrence.between(rule, ms("2026-01-01T00:00Z"), ms("2027-01-01T00:00Z")))
    for earlier, later in pairwise(instants):
        assert recurrence.next_after(rule, earlier) == recurrence.next_after(rule, later - 1) == later


def test_rrule_with_an_old_start_is_fast() -> None:
    rule = make_rule("2 weeks on friday at 16:00 from 1970-01-02")
    recurrence.next_after(rule, ms("2026-06-01T00:00Z"))
    wall_times_of_year.cache_clear()
    started = time.perf_counter()
    recurrence.next_after(rule, ms("2026-06-01T00:00Z"))
    assert time.perf_counter() - started < 0.05  # 1,470 Fridays since the start
