"""`simulate`: output and exit codes."""

import json

import pytest

from tests.support.app import App

NINE = 1_795_597_200_000  # 2026-11-25 09:00 UTC
SPAN = ("--from", "2027-01-01T00:00:00Z", "--to", "2027-01-15T00:00:00Z")


def test_simulation_prints_a_row_a_schedule_and_totals(app: App) -> None:
    app.add_schedule("daily", as_of=NINE, cron="0 9 * * *")
    app.add_schedule("weekly", as_of=NINE, cron="0 9 * * 1")
    done = app.run("simulate", *SPAN)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [["daily", "14"], ["weekly", "2"]]
    assert "2 schedules: 16 due, 0 missed, 0 skipped." in done.stdout


@pytest.mark.slow
def test_simulation_is_repeatable(app: App) -> None:
    app.add_schedule("daily", as_of=NINE, cron="30 2 * * *", tz="America/New_York")
    first, second = (app.run("simulate", "--json", *SPAN).stdout for _ in range(2))
    assert first == second
    assert json.loads(first.splitlines()[0]) == {
        "schedule": "daily",
        "due_at": "2027-01-01T07:30:00.000Z",
        "local": "2027-01-01T02:30:00-05:00",
        "state": "queued",
        "error": None,
        "late_ms": 0,
    }


def test_simulation_summary_as_json(app: App) -> None:
    app.add_schedule("daily", as_of=NINE, cron="0 9 * * *")
    done = app.run("simulate", "--json", "--summary", "--down", "2027-01-02T00:00:00Z/3d", *SPAN)
    row = json.loads(done.stdout)
    assert (row["schedule"], row["queued"], row["missed"], row["skipped"]) == ("daily", 11, 3, 0)


def test_simulation_that_ends_before_its_start_is_refused(app: App) -> None:
    done = app.run("simulate", "--from", "2027-01-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not after the start" in done.stderr
