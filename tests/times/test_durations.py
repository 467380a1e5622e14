"""Durations, parsed and formatted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot import times
from schedbot.errors import BadInput


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h", 7_200),
        ("3d", 259_200),
        ("1w", 604_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        (" 2H ", 7_200),
        ("520w", 314_496_000),
        ("0s", 0),
    ],
)
def test_duration_is_parsed(text: str, seconds: int) -> None:
    assert times.parse_duration(text) == seconds * 1_000


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("90", "'90' is not a duration", "'90s'"),
        ("-2h", "'-2h' is not a duration", "minus"),
        ("", "'' is not a duration", "1h30m"),
        ("2 fortnights", "not a duration", "1h30m"),
        ("1.5h", "not a duration", "1h30m"),
        ("999w", "too long", "ten years"),
        ("9" * 5_000 + "s", "not a duration", "1h30m"),
        ("999999999999w", "too long", "ten years"),
    ],
)
def test_invalid_duration_is_refused_with_an_example(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(BadInput, match=problem) as refusal:
        times.parse_duration(text)
    assert remedy in refusal.value.hint


@given(st.integers(0, 3_650 * 86_400))
def test_unparsed_duration_parses_to_itself(seconds: int) -> None:
    assert times.parse_duration(times.unparse_duration(seconds * 1_000)) == seconds * 1_000


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (250, "250 ms"),
        (1_500, "1 s"),
        (90_000, "1 min 30 s"),
        (5_400_000, "1 h 30 min"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_duration_has_its_two_largest_units(ms: int, text: str) -> None:
    assert times.format_duration(ms) == text
