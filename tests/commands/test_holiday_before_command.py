"""`--holiday-policy before` on the command line, under a false clock: output of each command, and posts."""

import json
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.schedules import ms
from tests.support.sql import read_value

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed"),
]

WEEKLY = ("--cron", "0 9 * * thu", "--tz", "America/New_York", "--channel", "C0000000001", "--text", "The week")
BEFORE = ("--skip-holidays", "US", "--holiday-policy", "before")
MEANING = "at 09:00 on Thursday, New York time; if that is a holiday of US, on the business day before it"


def at(app: App, utc: str, *words: str, code: int = 0) -> str:
    """Run a command at an instant and return its output."""
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"@{utc}", "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = app.run(*words, within=60, **env)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_holiday_report_is_posted_on_the_day_before(app: App) -> None:
    at(app, "2026-11-23 12:00:00", "add", "weekly", *WEEKLY, *BEFORE)
    for utc in ("2026-11-25 13:59:00", "2026-11-26 13:59:00", "2026-11-26 14:01:00"):
        at(app, utc, "tick")
    at(app, "2026-11-25 14:00:01", "work", "--drain")
    assert app.slack.texts() == ["The week"]
    [job] = app.audit()
    assert (job["due_at"], job["state"]) == ("2026-11-25T14:00:00.000Z", "succeeded")
    assert job["ts"] == app.posts()[0]["ts"]
    assert ms("2026-11-25 14:00:00") == read_value(app.db, "SELECT due_at FROM jobs")


@pytest.mark.slow
def test_add_list_show_and_next_name_the_day_before(app: App) -> None:
    added = at(app, "2026-11-23 12:00:00", "add", "weekly", *WEEKLY, *BEFORE)
    assert f"Added 'weekly': {MEANING}." in added
    assert [line.split()[:3] for line in added.splitlines() if " EST (" in line] == [
        ["Wed", "25", "Nov"],
        ["Thu", "3", "Dec"],
        ["Thu", "10", "Dec"],
    ]
    shown = at(app, "2026-11-23 12:00:00", "show", "weekly")
    assert MEANING in " ".join(shown.split())
    assert "Holidays     US; occurrences on holidays are moved to the business day before" in shown
    assert "Wed 25 Nov 09:00 EST" in at(app, "2026-11-23 12:00:00", "list")
    first = json.loads(at(app, "2026-11-23 12:00:00", "next", "--json").splitlines()[0])
    assert first["local"] == "2026-11-25T09:00:00-05:00"


def test_edit_shows_the_old_and_new_policy(app: App) -> None:
    at(app, "2026-11-23 12:00:00", "add", "weekly", *WEEKLY, "--skip-holidays", "US")
    output = at(app, "2026-11-23 12:00:00", "edit", "weekly", "--holiday-policy", "before")
    assert f"Changed 'weekly': {MEANING}." in output
    assert "holiday_policy: skip -> before" in output
    assert "Wed 25 Nov 09:00 EST" in output


def test_policy_without_holidays_is_refused(app: App) -> None:
    output = at(app, "2026-11-23 12:00:00", "add", "weekly", *WEEKLY, "--holiday-policy", "before", code=2)
    assert "Error: The holiday policy 'before' needs a country or region." in output
    assert "--skip-holidays US" in output


@pytest.mark.parametrize("policy", ["skip", "before", "after"])
def test_years_without_holiday_data_give_no_warning(app: App, policy: str) -> None:
    options = ("--skip-holidays", "IN", "--holiday-policy", policy)
    at(app, "2026-11-23 12:00:00", "add", "weekly", *WEEKLY, *options)
    shown = at(app, "2026-11-23 12:00:00", "next", "weekly", "--from", "2060-01-01", "--count", "20")
    assert len(shown.splitlines()) == 20
