"""Holidays are those of the region."""

from datetime import date

import pytest

from schedbot.errors import BadInput
from schedbot.rules import holidays


@pytest.mark.parametrize(
    ("said", "normal"),
    [("US", "US"), ("us", "US"), (" de-by ", "DE-BY"), ("DE-Bayern", "DE-BY"), ("uk", "GB"), ("GB-SCT", "GB-SCT")],
)
def test_a_region_has_one_spelling(said: str, normal: str) -> None:
    assert holidays.normalize_region(said) == normal


@pytest.mark.parametrize(
    ("said", "told", "hint"),
    [
        ("Germny", "'Germny'", "Did you mean 'DE'?"),
        ("USA", "'USA'", "Did you mean 'US'?"),
        ("QQQQQ", "'QQQQQ'", "like US"),
        ("", "''", "like US"),
        ("DE-XX", "DE has no part 'XX'", "BB, BE, BW, BY"),
        ("DE-Bayer", "'Bayer'", "Did you mean 'DE-BY'?"),
    ],
)
def test_an_unknown_region_is_refused_with_what_there_is(said: str, told: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        holidays.normalize_region(said)
    assert told in str(refused.value)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("region", "day", "name"),
    [
        ("US", "2026-11-26", "Thanksgiving Day"),
        ("US", "2026-11-27", None),
        ("DE-BY", "2026-01-06", "Epiphany"),
        ("DE-BE", "2026-01-06", None),
        ("GB-SCT", "2026-01-02", "New Year Holiday"),
        ("NZ", "2026-02-06", "Waitangi Day"),
    ],
)
def test_holidays_of_a_region(region: str, day: str, name: str | None) -> None:
    assert holidays.holiday_name(region, date.fromisoformat(day)) == name


def test_every_region_that_is_offered_can_be_asked() -> None:
    named = [f"{code}-{part}" for code, parts in holidays.countries().items() for part in parts[:1]]
    for region in [*holidays.countries(), *named]:
        assert holidays.normalize_region(region) == region
        holidays.holiday_name(region, date(2026, 12, 25))
