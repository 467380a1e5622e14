"""Occurrences on a public holiday move to the last business day before it."""

from datetime import datetime
from itertools import islice

import pytest

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChangeEffect

NEW_YORK, BERLIN, CAIRO = "America/New_York", "Europe/Berlin", "Africa/Cairo"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def upcoming(rule: Recurrence, after: str, count: int) -> list[int]:
    return list(islice(recurrence.between(rule, ms(after), ms(after) + 400 * 86_400_000), count))


@pytest.mark.parametrize(
    ("cron", "zone", "region", "after", "fires"),
    [
        pytest.param(
            *("0 9 * * thu", NEW_YORK, "US", "2026-11-20T00:00-05:00"),
            ["2026-11-25T09:00-05:00", "2026-12-03T09:00-05:00"],
            id="Thanksgiving moves to Wednesday",
        ),
        pytest.param(
            *("0 9 * * thu", NEW_YORK, "US", "2026-11-25T09:00-05:00"),
            ["2026-12-03T09:00-05:00"],
            id="after the moved occurrence it is not due again",
        ),
        pytest.param(
            *("0 9 * * *", NEW_YORK, "US", "2026-11-24T10:00-05:00"),
            ["2026-11-25T09:00-05:00", "2026-11-27T09:00-05:00"],
            id="two times on one day are one occurrence",
        ),
        pytest.param(
            *("0 9 25,26 12 *", BERLIN, "DE-BY", "2026-12-01T00:00+01:00"),
            ["2026-12-24T09:00+01:00", "2027-12-24T09:00+01:00"],
            id="both days of Christmas move to Christmas Eve",
        ),
        pytest.param(
            *("0 9 * * sat,mon", BERLIN, "DE-BY", "2026-04-01T00:00+02:00"),
            ["2026-04-02T09:00+02:00", "2026-04-04T09:00+02:00", "2026-04-11T09:00+02:00"],
            id="Easter Monday moves before Good Friday, a normal Saturday stays",
        ),
        pytest.param(
            *("30 8 * * mon", BERLIN, "DE-BY", "2024-03-26T00:00+01:00"),
            ["2024-03-28T08:30+01:00", "2024-04-08T08:30+02:00"],
            id="same local time across a clock change",
        ),
        pytest.param(
            *("30 0 29 4 *", CAIRO, "JP", "2024-04-01T00:00+02:00"),
            ["2024-04-26T01:00+03:00"],
            id="a time moved into a gap is due at its end",
        ),
        pytest.param(
            *("30 23 1 11 *", CAIRO, "DE-BY", "2024-10-01T00:00+03:00"),
            ["2024-10-31T23:30+03:00", "2025-10-31T23:30+02:00"],
            id="a time moved into an overlap is due in the first pass",
        ),
        pytest.param(
            *("0 */8 26 11 *", NEW_YORK, "US", "2026-11-25T00:00-05:00"),
            ["2026-11-25T08:00-05:00", "2026-11-25T16:00-05:00"],
            id="several times keep their order",
        ),
    ],
)
def test_holiday_moves_to_the_business_day_before(
    cron: str, zone: str, region: str, after: str, fires: list[str]
) -> None:
    assert upcoming(Recurrence(zone, cron, before_holidays=region), after, len(fires)) == [
        ms(instant) for instant in fires
    ]


def test_rrule_moves_before_a_holiday() -> None:
    rule = recurrence.to_recurrence("2 weeks on friday at 16:00", NEW_YORK, datetime(2026, 12, 11))
    assert rule.rrule
    instants = upcoming(Recurrence(NEW_YORK, rrule=rule.rrule, before_holidays="US"), "2026-12-12T00:00-05:00", 2)
    assert instants == [ms("2026-12-24T16:00-05:00"), ms("2027-01-08T16:00-05:00")]


def test_single_instant_moves_before_a_holiday() -> None:
    christmas = Recurrence(BERLIN, once_at=ms("2026-12-26T09:00+01:00"), before_holidays="DE-BY")
    assert recurrence.next_after(christmas, ms("2026-12-01T00:00+01:00")) == ms("2026-12-24T09:00+01:00")
    assert recurrence.next_after(christmas, ms("2026-12-24T09:00+01:00")) is None


def test_latest_instant_is_the_moved_one() -> None:
    rule = Recurrence(NEW_YORK, "0 9 * * thu", before_holidays="US")
    for at in ("2026-11-25T09:00-05:00", "2026-11-26T10:00-05:00", "2026-12-03T08:59-05:00"):
        assert recurrence.latest_at_or_before(rule, ms(at), 0) == ms("2026-11-25T09:00-05:00")


def test_clock_change_affects_the_moved_time() -> None:
    rule = Recurrence(CAIRO, "30 0 29 4 *", before_holidays="JP")
    (change,) = recurrence.clock_changes(rule, ms("2024-01-01T00:00+02:00"), ms("2024-12-31T00:00+02:00"))
    assert change == (ms("2024-04-26T01:00+03:00"), ClockChangeEffect.MOVED)


def test_description_mentions_holidays() -> None:
    weekly = Recurrence(NEW_YORK, "0 9 * * 4", before_holidays="US")
    description = "at 09:00 on Thursday, New York time; if that is a holiday of US, on the business day before it"
    assert recurrence.describe(weekly) == description
    once = Recurrence(NEW_YORK, once_at=ms("2026-11-26T09:00-05:00"), before_holidays="US")
    assert recurrence.describe(once) == "once, Wed 25 Nov 2026 09:00 EST, the business day before a holiday of US"
