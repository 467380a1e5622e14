"""Regions and their public holidays."""

from datetime import date

import pytest

from schedbot.errors import BadInput
from schedbot.rules import public_holidays


@pytest.mark.parametrize(
    ("text", "region"),
    [("US", "US"), ("us", "US"), (" de-by ", "DE-BY"), ("DE-Bayern", "DE-BY"), ("uk", "GB"), ("GB-SCT", "GB-SCT")],
)
def test_region_is_normalized(text: str, region: str) -> None:
    assert public_holidays.normalize_region(text) == region


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("Germny", "'Germny'", "Did you mean 'DE'?"),
        ("USA", "'USA'", "Did you mean 'US'?"),
        ("QQQQQ", "'QQQQQ'", "like US"),
        ("", "''", "like US"),
        ("DE-XX", "DE has no part 'XX'", "BB, BE, BW, BY"),
        ("DE-Bayer", "'Bayer'", "Did you mean 'DE-BY'?"),
    ],
)
def test_unknown_region_is_refused_with_a_hint(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        public_holidays.normalize_region(text)
    assert message in str(refused.value)
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
def test_holiday_has_a_name(region: str, day: str, name: str | None) -> None:
    assert public_holidays.holiday_name(region, date.fromisoformat(day)) == name


def test_every_listed_region_works() -> None:
    regions = [f"{code}-{part}" for code, codes in public_holidays.countries().items() for part in codes[:1]]
    for region in [*public_holidays.countries(), *regions]:
        assert public_holidays.normalize_region(region) == region
        public_holidays.holiday_name(region, date(2026, 12, 25))
