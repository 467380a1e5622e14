"""Properties of recurrences, for random expressions, zones and instants."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support.random_cron import draw_case

SEEDS = st.integers(min_value=0, max_value=10**9)
FEW = settings(max_examples=100, deadline=None)
HORIZON = 120 * 86_400_000


@FEW
@given(SEEDS)
def test_instants_strictly_increase(seed: int) -> None:
    _, after, fires = draw_instants(seed)
    assert all(earlier < later for earlier, later in pairwise([after, *fires]))


@FEW
@given(SEEDS)
def test_instant_is_a_full_minute_of_existing_local_time(seed: int) -> None:
    rule, _, fires = draw_instants(seed)
    for fire in fires:
        wall = local_time(fire, rule.tz)
        assert wall.astimezone(UTC).astimezone(ZoneInfo(rule.tz)) == wall
        assert wall.second == 0


@FEW
@given(SEEDS)
def test_fixed_local_time_is_due_once(seed: int) -> None:
    rule, _, fires = draw_instants(seed)
    minute, hour, *_ = (rule.cron or "").split()
    if not minute.startswith("*") and not hour.startswith("*"):
        walls = [local_time(fire, rule.tz).replace(tzinfo=None) for fire in fires]
        assert len(set(walls)) == len(walls)


@FEW
@given(SEEDS, st.integers(min_value=0, max_value=39), st.integers(min_value=0, max_value=3_600_000))
def test_instants_do_not_depend_on_the_start(seed: int, index: int, offset: int) -> None:
    rule, after, fires = draw_instants(seed)
    middle = ([after, *fires])[min(index, len(fires))] + offset
    rest = [fire for fire in fires if fire > middle]
    assert list(islice(recurrence.between(rule, middle, after + HORIZON), len(rest))) == rest


@FEW
@given(SEEDS)
def test_next_after_agrees_with_between(seed: int) -> None:
    rule, after, fires = draw_instants(seed)
    for fire in fires:
        following = recurrence.next_after(rule, after)
        assert following == fire
        after = fire


def draw_instants(seed: int) -> tuple[Recurrence, int, list[int]]:
    """Return a recurrence, an instant (half of them near a clock change) and up to 40 instants after it."""
    cron, zone, start = draw_case(Random(seed))
    rule = Recurrence(zone, cron)
    return rule, start * 1000, list(islice(recurrence.between(rule, start * 1000, start * 1000 + HORIZON), 40))


def local_time(instant: int, zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))
