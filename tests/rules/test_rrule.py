"""What cron can't say: its instants, by the same clock-change rule as all fixed times."""

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


def rule(phrase: str, tz: str = NEW_YORK, after: str = "2026-01-01") -> Recurrence:
    found = recurrence.to_recurrence(phrase, tz, datetime.fromisoformat(after))
    assert found.rrule
    return found


def fires(asked: Recurrence, after: str, count: int) -> list[str]:
    found = islice(recurrence.between(asked, ms(after), ms(after) + 1_500 * DAY), count)
    return [times.to_local_rfc3339(at, times.zone(asked.tz))[:16] for at in found]


def test_every_other_friday_is_counted_from_the_first_one_that_fits() -> None:
    asked = rule("2 weeks on friday at 16:00", after="2026-12-02 10:00")
    assert fires(asked, "2026-12-02T10:00-05:00", 3) == ["2026-12-04T16:00", "2026-12-18T16:00", "2027-01-01T16:00"]
    assert fires(asked, "2025-12-02T10:00-05:00", 1) == ["2026-12-04T16:00"]


def test_the_last_business_day_is_never_a_weekend() -> None:
    asked = rule("last business day at 9:00")
    assert fires(asked, "2027-01-01T00:00-05:00", 4) == [
        "2027-01-29T09:00",  # the 31st is a Sunday
        "2027-02-26T09:00",
        "2027-03-31T09:00",
        "2027-04-30T09:00",
    ]


def test_two_times_of_one_business_day_are_both_of_that_day() -> None:
    asked = rule("3rd business day at 8:30 and 17:30")
    assert fires(asked, "2026-08-01T00:00-04:00", 3) == ["2026-08-05T08:30", "2026-08-05T17:30", "2026-09-03T08:30"]


def test_a_time_in_the_gap_is_due_right_after_it() -> None:
    asked = rule("2 weeks on sunday at 2:30 from 2026-03-08")
    assert fires(asked, "2026-03-07T12:00Z", 2) == ["2026-03-08T03:00", "2026-03-22T02:30"]


def test_a_time_in_the_overlap_is_due_in_the_first_pass_alone() -> None:
    asked = rule("2 weeks on sunday at 1:30 from 2026-11-01")
    found = list(islice(recurrence.between(asked, ms("2026-10-31T12:00Z"), ms("2027-01-01T12:00Z")), 2))
    assert found == [ms("2026-11-01T01:30-04:00"), ms("2026-11-15T01:30-05:00")]


def test_the_clock_changes_that_touch_it_are_told() -> None:
    asked = rule("2 weeks on sunday at 2:30 from 2026-03-08")
    [change] = recurrence.clock_changes(asked, ms("2026-01-01T00:00Z"), ms("2026-12-31T00:00Z"))
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


@pytest.mark.parametrize(("phrase", "fits"), CASES)
def test_in_twenty_years_it_is_due_on_the_days_that_fit_and_on_no_other(
    phrase: str, fits: Callable[[date], bool]
) -> None:
    asked = rule(phrase, "UTC")
    start = recurrence.rrule_start(asked.rrule or "").date()
    days = [max(start, date(2026, 1, 1)) + timedelta(days=n) for n in range(7_300)]
    found = recurrence.between(asked, ms(f"{days[0]}T00:00Z") - 1, ms(f"{days[-1]}T23:59Z"))
    assert [f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}" for at in found] == [str(d) for d in days if fits(d)]


def test_it_does_not_matter_from_when_one_asks() -> None:
    asked = rule("2 weeks on sunday at 1:30 from 2020-01-05")
    whole = list(recurrence.between(asked, ms("2026-01-01T00:00Z"), ms("2027-01-01T00:00Z")))
    for earlier, later in pairwise(whole):
        assert recurrence.next_after(asked, earlier) == recurrence.next_after(asked, later - 1) == later


def test_a_rule_that_began_sixty_years_ago_is_as_fast_as_a_new_one() -> None:
    asked = rule("2 weeks on friday at 16:00 from 1970-01-02")
    recurrence.next_after(asked, ms("2026-06-01T00:00Z"))
    wall_times_of_year.cache_clear()
    begun = time.perf_counter()
    recurrence.next_after(asked, ms("2026-06-01T00:00Z"))
    assert time.perf_counter() - begun < 0.05  # from its first day on it would be 1,470 Fridays
