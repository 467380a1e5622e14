"""What holds of every recurrence, whatever the expression, the zone and the instant that is asked after."""

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
    _, after, fires = drawn(seed)
    assert all(earlier < later for earlier, later in pairwise([after, *fires]))


@FEW
@given(SEEDS)
def test_an_instant_shows_a_wall_clock_that_exists_on_a_full_minute(seed: int) -> None:
    asked, _, fires = drawn(seed)
    for fire in fires:
        wall = shown(fire, asked.tz)
        assert wall.astimezone(UTC).astimezone(ZoneInfo(asked.tz)) == wall
        assert wall.second == 0


@FEW
@given(SEEDS)
def test_a_fixed_time_is_never_due_twice_for_one_wall_clock_time(seed: int) -> None:
    asked, _, fires = drawn(seed)
    minute, hour, *_ = (asked.cron or "").split()
    if not minute.startswith("*") and not hour.startswith("*"):
        walls = [shown(fire, asked.tz).replace(tzinfo=None) for fire in fires]
        assert len(set(walls)) == len(walls)


@FEW
@given(SEEDS, st.integers(min_value=0, max_value=39), st.integers(min_value=0, max_value=3_600_000))
def test_asked_from_any_middle_point_the_rest_is_the_same(seed: int, where: int, beyond: int) -> None:
    asked, after, fires = drawn(seed)
    middle = ([after, *fires])[min(where, len(fires))] + beyond
    rest = [fire for fire in fires if fire > middle]
    assert list(islice(recurrence.between(asked, middle, after + HORIZON), len(rest))) == rest


@FEW
@given(SEEDS)
def test_one_by_one_is_the_same_as_all_at_once(seed: int) -> None:
    asked, after, fires = drawn(seed)
    for fire in fires:
        following = recurrence.next_after(asked, after)
        assert following == fire
        after = fire


def drawn(seed: int) -> tuple[Recurrence, int, list[int]]:
    """A recurrence, an instant (half of them about a clock change) and up to 40 instants after it."""
    cron, zone, start = draw_case(Random(seed))
    asked = Recurrence(zone, cron)
    return asked, start * 1000, list(islice(recurrence.between(asked, start * 1000, start * 1000 + HORIZON), 40))


def shown(instant: int, zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))
