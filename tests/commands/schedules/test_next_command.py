"""`next`: occurrences of expressions, and clock changes of schedules."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import ADD, Run


def test_next_of_an_expression_needs_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.db").unlink()
    command = ("next", "--cron", "30 1 * * *", "--tz", "America/New_York", "--from", "2026-11-01", "--count", "2")
    rows = [json.loads(line) for line in run(*command, "--json").stdout.splitlines()]
    assert rows[0] == {
        "schedule": None,
        "cron": "30 1 * * *",
        "tz": "America/New_York",
        "due_at": "2026-11-01T05:30:00.000Z",
        "local": "2026-11-01T01:30:00-04:00",
    }
    assert rows[1]["local"] == "2026-11-02T01:30:00-05:00"


def test_next_shows_the_occurrence_at_its_start(run: Run) -> None:
    command = ("next", "--cron", "0 9 * * 1", "--tz", "UTC", "--from", "2026-12-07T09:00:00Z", "--count", "1", "--json")
    assert json.loads(run(*command).stdout)["due_at"] == "2026-12-07T09:00:00.000Z"
    assert "from this instant on" in run("next", "--help").stdout.lower()


@pytest.mark.slow
def test_next_tries_an_expression_with_holidays_and_window(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.db").unlink()
    command = ("next", "--cron", "0 9 * * thu", "--tz", "America/New_York", "--from", "2026-11-26", "--count", "1")
    for policy, text in {"skip": "skipped: holiday", "before": "Wed 25 Nov", "after": "deferred to Fri 27 Nov"}.items():
        holidays = ("--skip-holidays", "US", "--holiday-policy", policy, "--from", "2026-11-25")
        assert text in run(*command, *holidays).stdout
    deferred = json.loads(run(*command, "--window", "mon-fri 10:00-18:00", "--json").stdout)
    assert deferred["put_off_to"] == "2026-11-26T15:00:00.000Z"
    alone = run("next", "--skip-holidays", "US")
    assert alone.returncode == 2
    assert "--skip-holidays needs an expression." in alone.stderr


@pytest.mark.slow
def test_next_shows_clock_changes_of_a_schedule(run: Run) -> None:
    run("add", "night", *(*ADD[2:], "--cron", "30 2 * * *"))
    run("add", "day", *ADD)
    rows = [json.loads(line) for line in run("next", "--changes", "366d", "--json").stdout.splitlines()]
    assert {(row["schedule"], row["effect"]) for row in rows} == {("night", "moved")}
    assert [row["local_before"][-14:-6] for row in rows] == ["02:00:00"]
    assert [row["local"][-14:-6] for row in rows] == ["03:00:00"]
    assert "(until then 02:00 " in run("next", "--changes", "366d").stdout


@pytest.mark.slow
def test_next_ends_at_an_instant_or_after_a_number_of_lines(run: Run) -> None:
    run("add", "hourly", *ADD[2:], "--cron", "0 * * * *", "--tz", "UTC")
    run("add", "daily", *ADD[2:], "--cron", "0 12 * * *", "--tz", "UTC")
    span = ("--from", "2199-03-01 00:00", "--to", "2199-03-02 12:00")
    rows = [json.loads(line) for line in run("next", *span, "--json").stdout.splitlines()]
    assert [sum(row["schedule"] == name for row in rows) for name in ("hourly", "daily")] == [37, 2]
    assert rows[-1]["due_at"] == "2199-03-02T12:00:00.000Z"
    assert len(run("next", *span, "--limit", "7").stdout.splitlines()) == 7
    assert len(run("next", *span, "--count", "3").stdout.splitlines()) == 5
    assert len(run("next", "--limit", "3").stdout.splitlines()) == 3
    day = run("next", "daily", "--from", "2199-03-01", "--to", "2199-03-03").stdout
    assert len(day.splitlines()) == 3


@pytest.mark.slow
def test_next_of_an_expression_ends_at_an_instant(run: Run) -> None:
    words = ("next", "--cron", "0 * * * *", "--tz", "UTC", "--from", "2199-03-01", "--to", "2199-03-01 11:00")
    assert len(run(*words, "--json").stdout.splitlines()) == 12
    assert len(run(*words, "--json", "--limit", "2").stdout.splitlines()) == 2
    early = run(*words[:5], "--from", "2199-03-01", "--to", "2199-02-01")
    assert early.returncode == 2
    assert early.stderr.startswith("Error: --to '2199-02-01' is before '2199-03-01'.")
