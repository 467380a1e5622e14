"""Names cut to a width stay apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.presentation.text_width import cells, cut_middle, shorten_names

STEM = "x" * 40


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("acme-weekly", "acme-weekly"),
        ("acme-in-new-york-weekly", "acme-in-n…k-weekly"),
        ("東京本社の営業部の週報と月報", "東京本社…報と月報"),
    ],
)
def test_long_name_is_cut_in_its_middle(name: str, short: str) -> None:
    assert cut_middle(name, 18) == short
    assert cells(short) <= 19


@pytest.mark.parametrize(
    "names",
    [
        [f"{STEM}1{STEM}", f"{STEM}2{STEM}"],
        [STEM, f"{STEM}x", f"{STEM}xx"],
        [f"{STEM}{a}{STEM}{b}{STEM}" for a in "123" for b in "456"],
    ],
    ids=["one letter in the middle", "the length", "two places"],
)
def test_names_that_differ_in_a_hidden_place_stay_apart(names: list[str]) -> None:
    short = shorten_names(names, 20)
    assert len(set(short.values())) == len(names)
    assert all(cells(text) <= 20 for text in short.values())


@given(st.sets(st.text(alphabet="ab", min_size=1, max_size=60), max_size=20))
def test_short_names_are_never_equal(names: set[str]) -> None:
    short = shorten_names(names, 20)
    assert len(set(short.values())) == len(names)
    assert all(cells(text) <= 20 for text in short.values())
