"""Descriptions of recurrences, and warnings about likely mistakes."""

from datetime import datetime

import pytest

from schedbot.model import Recurrence
from schedbot.rules import recurrence

DESCRIPTIONS = [
    ("0 9 * * mon,fri", "at 09:00 on Monday and Friday"),
    ("0 9 * * *", "at 09:00 every day"),
    ("30 8 * * 1-5", "at 08:30, Monday through Friday"),
    ("0 0 * * 7", "at 00:00 on Sunday"),
    ("0 9 * * 5-7", "at 09:00, Friday through Sunday"),
    ("0 9 * * sun-thu", "at 09:00, Sunday through Thursday"),
    ("0 9 * * 1-5/2", "at 09:00 on Monday, Wednesday, and Friday"),
    ("0,30 9 * * *", "at 09:00 and 09:30 every day"),
    ("0 9-17/2 * * *", "at 09:00, 11:00, 13:00, 15:00 and 17:00 every day"),
    ("30 9-17 * * *", "every hour from 09:30 to 17:30"),
    ("* * * * *", "every minute"),
    ("*/5 * * * *", "every 5 minutes"),
    ("5-59/15 * * * *", "at 5, 20, 35, and 50 minutes past the hour"),
    ("0 * * * *", "every hour"),
    ("*/90 * * * *", "every hour"),
    ("0 5,*/6 * * *", "at 00:00, 05:00, 06:00, 12:00 and 18:00 every day"),
    ("0 9 1 * *", "at 09:00 on day 1 of the month"),
    ("0 9 L * *", "at 09:00 on the last day of the month"),
    ("0 9 1,L * *", "at 09:00 on day 1 of the month and on the last day of the month"),
    ("0 16 * * L5", "at 16:00 on the last Friday of the month"),
    ("0 16 * * L0", "at 16:00 on the last Sunday of the month"),
    ("0 9 * * 1#2", "at 09:00 on the second Monday of the month"),
    ("0 9 * * 1#1,1#3", "at 09:00 on the first Monday and the third Monday of the month"),
    ("0 9 * * L5,1#1", "at 09:00 on the first Monday and the last Friday of the month"),
    ("0 9 1 * 1", "at 09:00 on day 1 of the month, and also on Monday"),
    ("0 0 */2 * 1", "at 00:00 on odd days of the month, but only on Monday"),
    ("0 0 29 2 */7", "at 00:00 on day 29 of the month, but only on Sunday in February"),
    ("0 0 1,* * 1", "at 00:00 every day"),
    ("0 12 * jan,jul *", "at 12:00 every day in January and July"),
    ("0 12 * 1-3 *", "at 12:00 every day, January through March"),
]


@pytest.mark.parametrize(("cron", "description"), DESCRIPTIONS)
def test_description_follows_cron(cron: str, description: str) -> None:
    assert recurrence.describe(Recurrence("America/Los_Angeles", cron)) == f"{description}, Los Angeles time"


def test_zone_is_described_by_its_city() -> None:
    assert recurrence.describe(Recurrence("UTC", "0 9 * * *")) == "at 09:00 every day, UTC"
    assert recurrence.describe(Recurrence("America/Indiana/Tell_City", "0 9 * * *")).endswith(", Tell City time")


def test_single_instant_is_described_in_local_time() -> None:
    at = round(datetime.fromisoformat("2026-12-01T14:00:00Z").timestamp() * 1000)
    assert recurrence.describe(Recurrence("America/New_York", once_at=at)) == "once, Tue 1 Dec 2026 09:00 EST"


@pytest.mark.parametrize(
    ("cron", "text"),
    [
        ("0 9 1 * 1", "either is enough: on day 1 of the month, and also on Monday."),
        ("0 0 */2 * 1", "both must match: on odd days of the month, but only on Monday."),
        ("0 9 31 * *", "Months without a day 31 are skipped"),
        ("*/7 * * * *", "the last of '*/7' is shorter: 4 instead of 7."),
        ("0 */5 * * *", "the last of '*/5' is shorter: 4 instead of 5."),
        ("*/90 * * * *", "'*/90' fires only at its start."),
    ],
)
def test_likely_mistake_gives_a_warning(cron: str, text: str) -> None:
    (warning,) = recurrence.warnings(cron, "UTC")
    assert text in warning


@pytest.mark.parametrize("cron", ["0 9 * * 1-5", "*/15 * * * *", "0 9 1 * *", "0 0 29 2 *", "0 9 L * *", "@daily"])
def test_clear_expression_gives_no_warning(cron: str) -> None:
    assert recurrence.warnings(cron, "UTC") == []


def test_clock_changes_of_the_next_year_give_a_warning() -> None:
    now = round(datetime.fromisoformat("2026-01-01T00:00:00Z").timestamp() * 1000)
    (gap,) = recurrence.warnings("30 2 * * *", "America/New_York", now)
    assert gap.startswith("Sun 8 Mar 2026 03:00 EDT (until then 02:00 EST): the clocks skip a time of this")
    (overlap,) = recurrence.warnings("30 1 * * *", "America/New_York", now)
    assert "Sun 1 Nov 2026 01:00 EST (until then 02:00 EDT)" in overlap
    assert "the first time only" in overlap
    assert recurrence.warnings("0 9 * * *", "America/New_York", now) == []
