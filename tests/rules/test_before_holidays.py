"""What is due on a public holiday is due on the last business day before it: each line is a claim."""

from datetime import datetime
from itertools import islice

import pytest

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChangeEffect

NEW_YORK, BERLIN, CAIRO = "America/New_York", "Europe/Berlin", "Africa/Cairo"


def ms(said: str) -> int:
    return int(datetime.fromisoformat(said).timestamp() * 1000)


def coming(rule: Recurrence, after: str, count: int) -> list[int]:
    return list(islice(recurrence.between(rule, ms(after), ms(after) + 400 * 86_400_000), count))


@pytest.mark.parametrize(
    ("cron", "zone", "region", "after", "fires"),
    [
        pytest.param(
            *("0 9 * * thu", NEW_YORK, "US", "2026-11-20T00:00-05:00"),
            ["2026-11-25T09:00-05:00", "2026-12-03T09:00-05:00"],
            id="Thanksgiving's is due on Wednesday",
        ),
        pytest.param(
            *("0 9 * * thu", NEW_YORK, "US", "2026-11-25T09:00-05:00"),
            ["2026-12-03T09:00-05:00"],
            id="asked on the day between, it is not due again",
        ),
        pytest.param(
            *("0 9 * * *", NEW_YORK, "US", "2026-11-24T10:00-05:00"),
            ["2026-11-25T09:00-05:00", "2026-11-27T09:00-05:00"],
            id="where the day before has its own, the two are one",
        ),
        pytest.param(
            *("0 9 25,26 12 *", BERLIN, "DE-BY", "2026-12-01T00:00+01:00"),
            ["2026-12-24T09:00+01:00", "2027-12-24T09:00+01:00"],
            id="both days of Christmas are due on Christmas Eve",
        ),
        pytest.param(
            *("0 9 * * sat,mon", BERLIN, "DE-BY", "2026-04-01T00:00+02:00"),
            ["2026-04-02T09:00+02:00", "2026-04-04T09:00+02:00", "2026-04-11T09:00+02:00"],
            id="Easter Monday's is due before Good Friday, and a Saturday that is none stays",
        ),
        pytest.param(
            *("30 8 * * mon", BERLIN, "DE-BY", "2024-03-26T00:00+01:00"),
            ["2024-03-28T08:30+01:00", "2024-04-08T08:30+02:00"],
            id="the same wall-clock time on the other side of a clock change",
        ),
        pytest.param(
            *("30 0 29 4 *", CAIRO, "JP", "2024-04-01T00:00+02:00"),
            ["2024-04-26T01:00+03:00"],
            id="moved into a gap it is due at the gap's end",
        ),
        pytest.param(
            *("30 23 1 11 *", CAIRO, "DE-BY", "2024-10-01T00:00+03:00"),
            ["2024-10-31T23:30+03:00", "2025-10-31T23:30+02:00"],
            id="moved into an overlap it is due in the first pass alone",
        ),
        pytest.param(
            *("0 */8 26 11 *", NEW_YORK, "US", "2026-11-25T00:00-05:00"),
            ["2026-11-25T08:00-05:00", "2026-11-25T16:00-05:00"],
            id="a rule of many times keeps their order",
        ),
    ],
)
def test_before_a_holiday(cron: str, zone: str, region: str, after: str, fires: list[str]) -> None:
    assert coming(Recurrence(zone, cron, before_holidays=region), after, len(fires)) == [ms(one) for one in fires]


def test_a_rhythm_comes_earlier_too() -> None:
    rule = recurrence.to_recurrence("2 weeks on friday at 16:00", NEW_YORK, datetime(2026, 12, 11))
    assert rule.rrule
    found = coming(Recurrence(NEW_YORK, rrule=rule.rrule, before_holidays="US"), "2026-12-12T00:00-05:00", 2)
    assert found == [ms("2026-12-24T16:00-05:00"), ms("2027-01-08T16:00-05:00")]


def test_a_single_instant_comes_earlier_too() -> None:
    christmas = Recurrence(BERLIN, once_at=ms("2026-12-26T09:00+01:00"), before_holidays="DE-BY")
    assert recurrence.next_after(christmas, ms("2026-12-01T00:00+01:00")) == ms("2026-12-24T09:00+01:00")
    assert recurrence.next_after(christmas, ms("2026-12-24T09:00+01:00")) is None


def test_the_last_one_before_an_instant_is_found_where_it_was_moved_to() -> None:
    rule = Recurrence(NEW_YORK, "0 9 * * thu", before_holidays="US")
    for at in ("2026-11-25T09:00-05:00", "2026-11-26T10:00-05:00", "2026-12-03T08:59-05:00"):
        assert recurrence.latest_at_or_before(rule, ms(at), 0) == ms("2026-11-25T09:00-05:00")


def test_a_clock_change_is_told_where_it_meets_the_moved_time() -> None:
    rule = Recurrence(CAIRO, "30 0 29 4 *", before_holidays="JP")
    (change,) = recurrence.clock_changes(rule, ms("2024-01-01T00:00+02:00"), ms("2024-12-31T00:00+02:00"))
    assert change == (ms("2024-04-26T01:00+03:00"), ClockChangeEffect.MOVED)


def test_the_words_say_what_a_holiday_does() -> None:
    weekly = Recurrence(NEW_YORK, "0 9 * * 4", before_holidays="US")
    said = "at 09:00 on Thursday, New York time; if that is a holiday of US, on the business day before it"
    assert recurrence.describe(weekly) == said
    once = Recurrence(NEW_YORK, once_at=ms("2026-11-26T09:00-05:00"), before_holidays="US")
    assert recurrence.describe(once) == "once, Wed 25 Nov 2026 09:00 EST, the business day before a holiday of US"
