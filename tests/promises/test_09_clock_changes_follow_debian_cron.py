"""Promise 9: around a clock change, ticks enqueue the jobs that Debian's cron runs."""

from datetime import datetime

import pytest

from tests.support.app import App
from tests.support.sql import read_rows


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("cron", "start", "fires"),
    [
        pytest.param(
            "30 2 * * *",
            "2026-03-08T01:00:00-05:00",
            ["2026-03-08T03:00:00-04:00"],
            id="a time in the gap fires right after it",
        ),
        pytest.param(
            "30 1 * * *",
            "2026-11-01T00:45:00-04:00",
            ["2026-11-01T01:30:00-04:00"],
            id="a time in the overlap fires once",
        ),
        pytest.param(
            "*/30 * * * *",
            "2026-11-01T00:45:00-04:00",
            [
                "2026-11-01T01:00:00-04:00",
                "2026-11-01T01:30:00-04:00",
                "2026-11-01T01:00:00-05:00",
                "2026-11-01T01:30:00-05:00",
                "2026-11-01T02:00:00-05:00",
            ],
            id="a wildcard follows real time",
        ),
    ],
)
def test_jobs_around_a_clock_change_in_new_york(app: App, cron: str, start: str, fires: list[str]) -> None:
    started_at = ms(start)
    app.add_schedule("report", as_of=started_at, cron=cron, tz="America/New_York", misfire="all")
    for minutes in range(140):
        app.tick(at=started_at + minutes * 60_000)
    bindings = {"end": started_at + 140 * 60_000}
    due = [row[0] for row in read_rows(app.db, "SELECT due_at FROM jobs WHERE due_at < :end ORDER BY due_at", bindings)]
    assert due == [ms(fire) for fire in fires]


def test_nine_o_clock_stays_nine_o_clock_over_a_year(app: App) -> None:
    app.add_schedule("report", as_of=ms("2026-01-01T00:00:00Z"), cron="0 9 * * *", tz="America/Los_Angeles")
    for month in range(2, 13):
        app.tick(at=ms(f"2026-{month:02}-01T00:00:00Z"))
    app.tick(at=ms("2027-01-01T00:00:00Z"))
    jobs = app.audit("--limit", "1000")
    hours = {job["due_at"][11:] for job in jobs}
    assert (len(jobs), hours) == (365, {"16:00:00.000Z", "17:00:00.000Z"})
