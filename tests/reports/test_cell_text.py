"""Values of Python and of databases become the text of a cell, or are refused with their type."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from schedbot.errors import BadInput
from schedbot.reports.sync_sources.cell_text import to_text


class Urgency(Enum):
    """An enumeration as a product has it."""

    HIGH = "high"


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("account", None, ""),
        ("account", 42, "42"),
        ("account", Decimal("42.00"), "42"),
        ("count", 3.0, "3"),
        ("paused", True, "true"),
        ("paused", False, "false"),
        ("at", datetime(2026, 12, 1, 9), "2026-12-01 09:00:00"),
        ("at", datetime(2026, 12, 1, 9, tzinfo=UTC), "2026-12-01T09:00:00+00:00"),
        ("at", datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo")), "2026-12-01T09:00:00+09:00"),
        ("until", date(2026, 12, 31), "2026-12-31"),
        ("grace", timedelta(hours=6), "21600s"),
        ("jitter", timedelta(0), "0s"),
        ("tz", ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        ("priority", Urgency.HIGH, "high"),
        ("account", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("params", {"team": "EU", "n": [1, None]}, '{"team": "EU", "n": [1, null]}'),
        ("params", '{"team": "EU"}', '{"team": "EU"}'),
        ("params", None, ""),
    ],
)
def test_value_becomes_the_text_of_a_cell(column: str, value: Any, text: str) -> None:
    assert to_text(column, value) == text


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("text", b"Hi", "The value is binary data."),
        ("text", ["Hi"], "The value is a list."),
        ("text", {"a": 1}, "The value is an object."),
        ("text", {1, 2}, "The value is a list."),
        ("text", object(), "The value is of type 'object'."),
        ("text", "a\0b", "The text has a NUL character or an unpaired surrogate."),
        ("text", "\ud83d", "The text has a NUL character or an unpaired surrogate."),
        ("count", float("nan"), "NaN is no number in JSON."),
        ("count", float("inf"), "Infinity is no number in JSON."),
        ("count", 10**20, "The number is too large."),
        pytest.param("count", 10**400, "The number is too large.", id="larger than any float"),
        ("params", {"a": [10**5_000]}, "A number in the JSON is too large."),
        ("count", Decimal("NaN"), "The number is too large."),
        ("grace", timedelta(seconds=-1), "is not a number of seconds"),
        ("grace", timedelta(milliseconds=1), "is not a number of seconds"),
        ("params", {"at": datetime(2026, 12, 1)}, "The value cannot be written as JSON."),
        ("params", {"n": float("nan")}, "NaN is no number in JSON."),
    ],
)
def test_value_that_no_column_takes_is_refused(column: str, value: Any, problem: str) -> None:
    with pytest.raises(BadInput) as error:
        to_text(column, value)
    assert problem in str(error.value)
    assert error.value.hint
