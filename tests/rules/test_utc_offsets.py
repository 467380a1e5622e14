"""Clock changes, compared with a search hour by hour."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules.recurrence import next_after
from schedbot.rules.recurrence.utc_offsets import transitions
from tests.support.random_cron import HOUR, STRANGE

YEARS = {"America/Recife": 2000, "Pacific/Apia": 2011, "Africa/Cairo": 2014, "Europe/Moscow": 2014, "Asia/Gaza": 2023}


@pytest.mark.parametrize("name", [*STRANGE, "America/New_York", "America/Recife", "UTC"])
def test_all_clock_changes_of_a_year_are_found(name: str) -> None:
    year = YEARS.get(name, 2016)
    first, last = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
    tz = times.zone(name)
    offsets = [(hour, offset_ms(tz, hour)) for hour in range(first - HOUR, last, HOUR)]
    expected = [(hour, after) for (_, before), (hour, after) in pairwise(offsets) if before != after]
    assert [(-(-at // 1000 // HOUR) * HOUR, offset) for at, offset in transitions(name, year)] == expected


def test_clock_change_is_exact_to_the_second() -> None:
    instants = [at for at, _ in transitions("America/New_York", 2026)]
    assert [times.to_rfc3339(at) for at in instants] == ["2026-03-08T07:00:00.000Z", "2026-11-01T06:00:00.000Z"]


def test_first_instant_in_a_zone_without_changes_needs_few_years() -> None:
    transitions.cache_clear()
    assert next_after(Recurrence("Asia/Kolkata", cron="0 9 * * *"), 1_796_137_200_000) == 1_796_182_200_000
    assert transitions.cache_info().misses <= 2


def offset_ms(tz: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, tz).utcoffset()
    return round(offset.total_seconds()) * 1000 if offset else 0
