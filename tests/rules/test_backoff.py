"""Wait before the next attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.rules.backoff import MAX_MS, base_ms, wait_ms


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 20), (3, 80), (4, 320), (5, 900), (6, 900), (10**9, 900)])
def test_base_grows_fourfold_up_to_15_minutes(attempt: int, seconds: int) -> None:
    assert base_ms(attempt) == seconds * 1_000


@pytest.mark.parametrize(("dice", "wait"), [(0.0, 1_000), (0.1, 2_000), (0.5, 10_000), (0.999, 19_980)])
def test_wait_is_between_one_second_and_the_base(dice: float, wait: int) -> None:
    assert wait_ms(2, lambda: dice) == wait


@given(st.integers(-5, 10**30), st.floats(0, 1, exclude_max=True))
def test_wait_is_bounded_for_any_attempt(attempt: int, dice: float) -> None:
    assert 1_000 <= wait_ms(attempt, lambda: dice) <= MAX_MS
