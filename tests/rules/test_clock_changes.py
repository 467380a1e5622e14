"""Rules for clock changes as literal instants, and bugs of other schedulers.

A row: name, expression, zone, instant to start after, expected instants.
"""

from datetime import datetime
from itertools import islice

import pytest

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence

RULES = [
    ("a fixed time in the gap fires right after it", "30 2 * * *", "America/New_York",
     "2026-03-07T02:30-05:00", "2026-03-08T03:00-04:00 2026-03-09T02:30-04:00"),
    ("right after the gap, a fixed time waits for the next day", "30 2 * * *", "America/New_York",
     "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"),
    ("several fixed times in one gap are one occurrence", "0,20,40 2 * * *", "America/New_York",
     "2026-03-07T02:40-05:00", "2026-03-08T03:00-04:00 2026-03-09T02:00-04:00"),
    ("a time in the gap and one right after it are one occurrence", "0 2,3 * * *", "America/New_York",
     "2026-03-07T03:00-05:00", "2026-03-08T03:00-04:00 2026-03-09T02:00-04:00"),
    ("a fixed time in the overlap fires in the first pass only", "30 1 * * *", "America/New_York",
     "2026-10-31T12:00-04:00", "2026-11-01T01:30-04:00 2026-11-02T01:30-05:00"),
    ("in the second pass, a fixed time waits for the next day", "30 1 * * *", "America/New_York",
     "2026-11-01T01:10-05:00", "2026-11-02T01:30-05:00"),
    ("a wildcard time skips the gap", "*/30 * * * *", "America/New_York",
     "2026-03-08T01:00-05:00", "2026-03-08T01:30-05:00 2026-03-08T03:00-04:00 2026-03-08T03:30-04:00"),
    ("a wildcard hour in the gap is skipped", "15 */2 * * *", "America/New_York",
     "2026-03-08T00:00-05:00", "2026-03-08T00:15-05:00 2026-03-08T04:15-04:00"),
    ("a wildcard time fires in both passes", "*/30 * * * *", "America/New_York",
     "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00 2026-11-01T01:00-05:00 2026-11-01T01:30-05:00"),
    ("a wildcard minute in one hour fires in both passes", "*/30 1 * * *", "America/New_York",
     "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00 2026-11-01T01:00-05:00 2026-11-01T01:30-05:00"),
    ("an hour range is fixed", "0 0-23 * * *", "America/New_York",
     "2026-11-01T00:30-04:00", "2026-11-01T01:00-04:00 2026-11-01T02:00-05:00"),
    ("a minute range with a wildcard hour is wildcard", "0-59 * * * *", "America/New_York",
     "2026-11-01T01:58-04:00", "2026-11-01T01:59-04:00 2026-11-01T01:00-05:00"),
    ("a macro follows its fields: @hourly is wildcard", "@hourly", "America/New_York",
     "2026-11-01T00:30-04:00", "2026-11-01T01:00-04:00 2026-11-01T01:00-05:00"),
    ("a macro follows its fields: @daily is fixed", "@daily", "America/Havana",
     "2024-11-02T12:00-04:00", "2024-11-03T00:00-04:00 2024-11-04T00:00-05:00"),
    ("half an hour: Lord Howe's gap", "15 2 * * *", "Australia/Lord_Howe",
     "2026-10-03T02:15+10:30", "2026-10-04T02:30+11:00 2026-10-05T02:15+11:00"),
    ("half an hour: Lord Howe's overlap", "45 1 * * *", "Australia/Lord_Howe",
     "2026-04-04T12:00+11:00", "2026-04-05T01:45+11:00 2026-04-06T01:45+10:30"),
    ("half an hour: a wildcard time in Lord Howe's overlap", "*/15 * * * *", "Australia/Lord_Howe",
     "2026-04-05T01:30+11:00", "2026-04-05T01:45+11:00 2026-04-05T01:30+10:30 2026-04-05T01:45+10:30"),
    ("off the full hour: Chatham's gap from 02:45", "50 2 * * *", "Pacific/Chatham",
     "2026-09-26T02:50+12:45", "2026-09-27T03:45+13:45 2026-09-28T02:50+13:45"),
    ("off the full hour: Chatham's overlap from 02:45", "50 2 * * *", "Pacific/Chatham",
     "2026-04-04T12:00+13:45", "2026-04-05T02:50+13:45 2026-04-06T02:50+12:45"),
    ("off the full hour: a wildcard time in Chatham's overlap", "*/20 * * * *", "Pacific/Chatham",
     "2026-04-05T03:20+13:45", "2026-04-05T03:40+13:45 2026-04-05T03:00+12:45 2026-04-05T03:20+12:45"),
    ("at midnight: Sao Paulo's gap", "0 0 * * *", "America/Sao_Paulo",
     "2018-11-03T00:00-03:00", "2018-11-04T01:00-02:00 2018-11-05T00:00-02:00"),
    ("at midnight: Sao Paulo's overlap", "30 23 * * *", "America/Sao_Paulo",
     "2018-02-17T12:00-02:00", "2018-02-17T23:30-02:00 2018-02-18T23:30-03:00"),
    ("at midnight: a weekday is the new day", "30 0 * * 5", "Africa/Cairo",
     "2026-04-20T00:00+02:00", "2026-04-24T01:00+03:00 2026-05-01T00:30+03:00"),
    ("at midnight: wildcard times on that day begin after the gap", "*/30 0,1 * * 5", "Africa/Cairo",
     "2026-04-23T12:00+02:00", "2026-04-24T01:00+03:00 2026-04-24T01:30+03:00 2026-05-01T00:00+03:00"),
    ("at midnight: Beirut", "0 0 * * *", "Asia/Beirut",
     "2026-03-28T00:00+02:00", "2026-03-29T01:00+03:00 2026-03-30T00:00+03:00"),
    ("a whole day is skipped, fixed or not: Apia", "0 12 * * *", "Pacific/Apia",
     "2011-12-28T13:00-10:00", "2011-12-29T12:00-10:00 2011-12-31T12:00+14:00"),
    ("a whole day is skipped, for its weekday as well", "0 9 * * 5", "Pacific/Apia",
     "2011-12-24T00:00-10:00", "2012-01-06T09:00+14:00"),
    ("a gap of three hours skips: Casey 2019", "30 5 * * *", "Antarctica/Casey",
     "2019-10-03T06:00+08:00", "2019-10-05T05:30+11:00"),
    ("an overlap of three hours fires once: Casey 2010", "30 0 * * *", "Antarctica/Casey",
     "2010-03-04T12:00+11:00", "2010-03-05T00:30+11:00 2010-03-06T00:30+08:00"),
    ("change of standard time: Caracas 2016", "45 2 * * *", "America/Caracas",
     "2016-04-30T12:00-04:30", "2016-05-01T03:00-04:00 2016-05-02T02:45-04:00"),
    ("change of standard time: Moscow 2014", "30 1 * * *", "Europe/Moscow",
     "2014-10-25T12:00+04:00", "2014-10-26T01:30+04:00 2014-10-27T01:30+03:00"),
    ("change of standard time: a wildcard time in Moscow 2014", "30 * * * *", "Europe/Moscow",
     "2014-10-26T01:00+04:00", "2014-10-26T01:30+04:00 2014-10-26T01:30+03:00 2014-10-26T02:30+03:00"),
    ("odd days that are Mondays", "0 0 */2 * 1", "UTC",
     "2026-06-01T12:00+00:00", "2026-06-15T00:00+00:00 2026-06-29T00:00+00:00 2026-07-13T00:00+00:00"),
    ("29 February that is a Sunday", "0 0 29 2 */7", "UTC",
     "2026-01-01T00:00+00:00", "2032-02-29T00:00+00:00 2060-02-29T00:00+00:00"),
    ("the first, and Mondays", "0 9 1 * 1", "UTC",
     "2026-06-30T12:00+00:00", "2026-07-01T09:00+00:00 2026-07-06T09:00+00:00"),
]  # fmt: skip

OTHER_SCHEDULERS = [
    ("croniter (pallets-eco) #70: a second run the evening before", "0 0 1 * *", "Europe/Berlin",
     "2024-03-01T00:00+01:00", "2024-04-01T00:00+02:00 2024-05-01T00:00+02:00"),
    ("croniter (pallets-eco) #25: 21:00 after the clocks changed", "0 20 * * *", "Europe/Paris",
     "2022-10-30T00:00+02:00", "2022-10-30T20:00+01:00 2022-10-31T20:00+01:00 2022-11-01T20:00+01:00"),
    ("croniter (taichino) #48: at 07:00 as well as at 08:00", "0 8 * * 1", "Europe/Amsterdam",
     "2017-10-23T08:00+02:00", "2017-10-30T08:00+01:00 2017-11-06T08:00+01:00"),
    ("croniter (taichino) #87: 23:00 the day before", "0 0 * * *", "America/Sao_Paulo",
     "2018-02-17T00:05-02:00", "2018-02-18T00:00-03:00 2018-02-19T00:00-03:00"),
    ("croniter (taichino) #90: an hour early, a day late", "1 2 * * *", "Europe/Berlin",
     "2020-03-29T01:59:55+01:00", "2020-03-29T03:00+02:00 2020-03-30T02:01+02:00"),
    ("croniter (taichino) #91: the same minutes for ever", "30 * * * *", "Europe/Vienna",
     "2017-10-29T01:45+02:00", "2017-10-29T02:30+02:00 2017-10-29T02:30+01:00 2017-10-29T03:30+01:00"),
    ("nomad #5410: launched thousands of times", "0 2 * * *", "America/New_York",
     "2019-03-09T02:00-05:00", "2019-03-10T03:00-04:00 2019-03-11T02:00-04:00"),
    ("apscheduler #529: a day is left out", "0 0 * * 0-4", "America/Chicago",
     "2021-03-12T00:00-06:00", "2021-03-14T00:00-06:00 2021-03-15T00:00-05:00"),
    ("apscheduler #1021: no way out of the second pass", "30 * * * *", "Europe/Helsinki",
     "2017-10-29T03:45+02:00", "2017-10-29T04:30+02:00 2017-10-29T05:30+02:00"),
    ("node-cron (kelektiv) #118: hangs in Sao Paulo", "0 12 11,26 * *", "America/Sao_Paulo",
     "2014-10-12T00:00-03:00", "2014-10-26T12:00-02:00"),
    ("node-cron (kelektiv) #638: hangs before the gap", "30 2 * * *", "Europe/Amsterdam",
     "2023-03-25T12:00+01:00", "2023-03-26T03:00+02:00 2023-03-27T02:30+02:00"),
    ("nats-server #8543: a year late where midnight is not there", "0 1 4 11 *", "America/Sao_Paulo",
     "2018-11-03T23:00-03:00", "2018-11-04T01:00-02:00"),
    ("sidekiq #5049: an hour without a run", "* * * * *", "America/Los_Angeles",
     "2021-11-07T01:58-07:00", "2021-11-07T01:59-07:00 2021-11-07T01:00-08:00 2021-11-07T01:01-08:00"),
    ("qwen-code #11720: an instant in the past", "* * * * *", "America/New_York",
     "2026-11-01T01:30:15-05:00", "2026-11-01T01:31-05:00"),
    ("xen-orchestra #4024: at 01:00 and again at 03:00", "0 2 * * *", "America/Toronto",
     "2019-03-10T00:30-05:00", "2019-03-10T03:00-04:00 2019-03-11T02:00-04:00"),
    ("cronie #217: an hour late in the first month of summer", "* * * */3 *", "America/New_York",
     "2015-02-15T00:00-05:00", "2015-04-01T00:00-04:00"),
    ("cronie #218: a week late", "0 12 * * 0", "Europe/Berlin",
     "2022-03-24T12:00+01:00", "2022-03-27T12:00+02:00"),
    ("go-cron (netresearch) #349: twice on the night", "30 1 * * *", "America/New_York",
     "2026-11-01T00:58-04:00", "2026-11-01T01:30-04:00 2026-11-02T01:30-05:00"),
    ("croner-rust #16: a panic before the gap", "0 2 * * *", "America/New_York",
     "2025-03-09T01:30-05:00", "2025-03-09T03:00-04:00"),
]  # fmt: skip


@pytest.mark.parametrize(("cron", "zone", "after", "fires"), [pytest.param(*row, id=name) for name, *row in RULES])
def test_clock_change_rule(cron: str, zone: str, after: str, fires: str) -> None:
    assert next_instants(cron, zone, after, len(fires.split())) == to_isoformat(fires)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "fires"), [pytest.param(*row, id=name) for name, *row in OTHER_SCHEDULERS]
)
def test_bug_of_another_scheduler_does_not_occur(cron: str, zone: str, after: str, fires: str) -> None:
    assert next_instants(cron, zone, after, len(fires.split())) == to_isoformat(fires)


def test_single_instant_is_due_once() -> None:
    once = Recurrence("UTC", once_at=1_000_000)
    assert recurrence.next_after(once, 999_999) == 1_000_000
    assert recurrence.next_after(once, 1_000_000) is None


def test_between_includes_its_end_but_not_its_start() -> None:
    hourly = Recurrence("UTC", "0 * * * *")
    assert list(recurrence.between(hourly, 0, 7_200_000)) == [3_600_000, 7_200_000]
    assert list(recurrence.between(hourly, 7_200_000, 7_200_000)) == []


def test_fourteen_days_of_every_five_minutes_are_4032() -> None:
    assert sum(1 for _ in recurrence.between(Recurrence("UTC", "*/5 * * * *"), 0, 14 * 86_400_000)) == 4_032


@pytest.mark.parametrize(
    ("cron", "at", "latest"),
    [
        ("30 1 * * *", "2026-11-01T23:00-05:00", "2026-11-01T01:30:00-04:00"),
        ("0 2 * * *", "2026-03-08T03:00-04:00", "2026-03-08T03:00:00-04:00"),
        ("0 0 29 2 *", "2026-03-08T03:00-04:00", "2024-02-29T00:00:00-05:00"),
    ],
)
def test_latest_instant_is_found_backwards(cron: str, at: str, latest: str) -> None:
    instant = recurrence.latest_at_or_before(Recurrence("America/New_York", cron), ms(at), 0)
    assert instant == ms(latest)
    assert recurrence.latest_at_or_before(Recurrence("America/New_York", cron), ms(at), ms(latest) + 1) is None


@pytest.mark.parametrize(
    ("cron", "zone", "effects"),
    [
        ("30 2 * * *", "America/New_York", ["moved"]),
        ("30 1 * * *", "America/New_York", ["once"]),
        ("*/30 * * * *", "America/New_York", ["skipped", "twice"]),
        ("0 9 * * *", "America/New_York", []),
        ("30 2 * * *", "UTC", []),
    ],
)
def test_clock_change_has_an_effect(cron: str, zone: str, effects: list[str]) -> None:
    changes = recurrence.clock_changes(
        Recurrence(zone, cron), ms("2026-01-01T00:00+00:00"), ms("2026-12-31T00:00+00:00")
    )
    assert [change.effect.value for change in changes] == effects


def next_instants(cron: str, zone: str, after: str, count: int) -> list[str]:
    """Return the next instants in local time."""
    start = ms(after)
    instants = recurrence.between(Recurrence(zone, cron), start, start + 40 * 366 * 86_400_000)
    return [times.to_local_rfc3339(instant, times.zone(zone)) for instant in islice(instants, count)]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def to_isoformat(fires: str) -> list[str]:
    return [datetime.fromisoformat(fire).isoformat() for fire in fires.split()]
