"""Moves before holidays: compared with an independent implementation, and properties for random rules."""

from datetime import UTC, datetime
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import holiday_oracle
from tests.support.random_cron import DAY, YEARS, clock_change_hours, draw_case

REGIONS = ("US", "DE-BY", "DE-BB", "GB-SCT", "JP", "CN", "BR", "SA", "IL", "IR", "JO", "WS", "IN", "LK")
FIRES, HORIZON = 60, 45 * DAY
pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays are available")
SEEDS = st.integers(min_value=0, max_value=10**9)
FEW = settings(max_examples=100, deadline=None)


def draw_rule(random: Random) -> tuple[Recurrence, int]:
    """Return a rule and an instant in UTC milliseconds, mostly shortly before a holiday or a clock change."""
    cron, zone, start = draw_case(random)
    region = random.choice(REGIONS)
    days = holiday_oracle.holidays_of(region, random.choice(YEARS))
    if days and random.random() < 0.6:
        day = random.choice(days)
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - random.randrange(6 * DAY)
    elif clock_change_hours(zone):
        start -= random.randrange(4 * DAY)
    return Recurrence(zone, cron, before_holidays=region), start * 1000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_day_by_day_oracle_computes_the_same_instants(seed: int) -> None:
    times.zone_data_version()
    random = Random(seed)
    for _ in range(10):
        rule, start = draw_rule(random)
        case = (rule.cron or "", rule.tz, rule.before_holidays)
        expected = list(islice(holiday_oracle.fire_times(case, start // 1000, start // 1000 + HORIZON), FIRES))
        until = expected[-1] if len(expected) == FIRES else start // 1000 + HORIZON - 1
        assert [at // 1000 for at in recurrence.between(rule, start, until * 1000)] == expected, (rule, start)


@FEW
@given(SEEDS)
def test_moved_instants_strictly_increase(seed: int) -> None:
    rule, start = draw_rule(Random(seed))
    instants = list(islice(recurrence.between(rule, start, start + 120 * DAY * 1000), 60))
    assert all(earlier < later for earlier, later in pairwise([start, *instants]))


@FEW
@given(SEEDS, st.integers(0, 39), st.integers(0, 3 * DAY * 1000))
def test_moved_instants_do_not_depend_on_the_start(seed: int, where: int, beyond: int) -> None:
    rule, start = draw_rule(Random(seed))
    instants = list(islice(recurrence.between(rule, start, start + 120 * DAY * 1000), 40))
    middle = ([start, *instants])[min(where, len(instants))] + beyond
    rest = [at for at in instants if at > middle]
    assert list(islice(recurrence.between(rule, middle, start + 120 * DAY * 1000), len(rest))) == rest


@FEW
@given(SEEDS)
def test_next_after_agrees_with_between_when_moved(seed: int) -> None:
    rule, after = draw_rule(Random(seed))
    for at in islice(recurrence.between(rule, after, after + 120 * DAY * 1000), 30):
        assert recurrence.next_after(rule, after) == at
        after = at
