"""How long is waited before the next try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.rules.backoff import CAP_MS, base_ms, wait_ms


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 20), (3, 80), (4, 320), (5, 900), (6, 900), (10**9, 900)])
def test_the_base_grows_fourfold_up_to_a_quarter_of_an_hour(attempt: int, seconds: int) -> None:
    assert base_ms(attempt) == seconds * 1_000


@pytest.mark.parametrize(("dice", "waited"), [(0.0, 1_000), (0.1, 2_000), (0.5, 10_000), (0.999, 19_980)])
def test_the_wait_is_drawn_from_the_whole_base_but_never_under_a_second(dice: float, waited: int) -> None:
    assert wait_ms(2, lambda: dice) == waited


@given(st.integers(-5, 10**30), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_never_without_bounds(attempt: int, dice: float) -> None:
    assert 1_000 <= wait_ms(attempt, lambda: dice) <= CAP_MS
