"""What is due before holidays: against a second statement, and what holds of every such rule."""

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
FIRES, LONGEST = 60, 45 * DAY
pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays are available")
SEEDS = st.integers(min_value=0, max_value=10**9)
FEW = settings(max_examples=100, deadline=None)


def asked(random: Random) -> tuple[Recurrence, int]:
    """A rule, and an instant in UTC milliseconds, mostly not long before a holiday, or before a clock change."""
    cron, zone, start = draw_case(random)
    region = random.choice(REGIONS)
    days = holiday_oracle.holidays_of(region, random.choice(YEARS))
    if days and random.random() < 0.6:
        day = random.choice(days)
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - random.randrange(6 * DAY)
    elif clock_change_hours(zone):
        start -= random.randrange(4 * DAY)
    return Recurrence(zone, cron, before_holidays=region), start * 1000


@pytest.mark.parametrize("seed", range(10))
def test_the_product_and_the_day_by_day_statement_name_the_same_instants(seed: int) -> None:
    times.zone_data_version()
    random = Random(seed)
    for _ in range(10):
        rule, start = asked(random)
        question = (rule.cron or "", rule.tz, rule.before_holidays)
        expected = list(islice(holiday_oracle.fire_times(question, start // 1000, start // 1000 + LONGEST), FIRES))
        until = expected[-1] if len(expected) == FIRES else start // 1000 + LONGEST - 1
        assert [at // 1000 for at in recurrence.between(rule, start, until * 1000)] == expected, (rule, start)


@FEW
@given(SEEDS)
def test_instants_strictly_increase(seed: int) -> None:
    rule, start = asked(Random(seed))
    found = list(islice(recurrence.between(rule, start, start + 120 * DAY * 1000), 60))
    assert all(earlier < later for earlier, later in pairwise([start, *found]))


@FEW
@given(SEEDS, st.integers(0, 39), st.integers(0, 3 * DAY * 1000))
def test_asked_from_any_middle_point_the_rest_is_the_same(seed: int, where: int, beyond: int) -> None:
    rule, start = asked(Random(seed))
    found = list(islice(recurrence.between(rule, start, start + 120 * DAY * 1000), 40))
    middle = ([start, *found])[min(where, len(found))] + beyond
    rest = [at for at in found if at > middle]
    assert list(islice(recurrence.between(rule, middle, start + 120 * DAY * 1000), len(rest))) == rest


@FEW
@given(SEEDS)
def test_one_by_one_is_the_same_as_all_at_once(seed: int) -> None:
    rule, after = asked(Random(seed))
    for at in islice(recurrence.between(rule, after, after + 120 * DAY * 1000), 30):
        assert recurrence.next_after(rule, after) == at
        after = at
