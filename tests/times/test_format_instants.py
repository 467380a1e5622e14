"""Instants, formatted for programs and for people."""

from datetime import datetime

import pytest

from schedbot import times

NEW_YORK = times.zone("America/New_York")
NOW = round(datetime.fromisoformat("2026-11-25T10:00:00-05:00").timestamp() * 1000)  # a Wednesday


def test_rfc3339_is_utc_with_milliseconds() -> None:
    assert times.to_rfc3339(1_796_133_600_007) == "2026-12-01T14:00:00.007Z"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("America/New_York", "Tue 1 Dec 2026 09:00 EST"),
        ("Asia/Kathmandu", "Tue 1 Dec 2026 19:45 UTC+05:45"),
        ("America/Sao_Paulo", "Tue 1 Dec 2026 11:00 UTC-03:00"),
        ("UTC", "Tue 1 Dec 2026 14:00 UTC"),
    ],
)
def test_instant_has_wall_clock_time_and_zone(zone: str, text: str) -> None:
    assert times.format_instant(1_796_133_600_000, times.zone(zone)) == text


def test_current_year_is_left_out() -> None:
    assert times.format_instant(1_796_133_600_000, NEW_YORK, NOW) == "Tue 1 Dec 09:00 EST"
    assert times.format_instant(1_796_133_600_000, NEW_YORK, NOW + 40 * 86_400_000) == "Tue 1 Dec 2026 09:00 EST"


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (0, "now"),
        (0.999, "now"),
        (30, "in 30 s"),
        (-90, "90 s ago"),
        (5_400, "in 90 min"),
        (10_800, "in 3 h"),
        (86_400, "in 24 h"),
        (-172_800, "2 d ago"),
        (400 * 86_400, "in 400 d"),
    ],
)
def test_relative_time_has_one_unit(distance: float, text: str) -> None:
    assert times.format_relative(NOW + round(distance * 1_000), NOW) == text
