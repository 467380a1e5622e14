"""`simulate` and `backfill` as they are typed: what is printed where, and the exit code."""

import json

from tests.support.app import App

DAY_MS = 86_400_000
NINE = 1_795_597_200_000  # 2026-11-25 09:00 UTC
SPAN = ("--from", "2027-01-01T00:00:00Z", "--to", "2027-01-15T00:00:00Z")


def test_a_simulation_prints_a_row_for_each_schedule_and_the_sum(app: App) -> None:
    app.add_schedule("daily", as_of=NINE, cron="0 9 * * *")
    app.add_schedule("weekly", as_of=NINE, cron="0 9 * * 1")
    done = app.run("simulate", *SPAN)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [["daily", "14"], ["weekly", "2"]]
    assert "2 schedules: 16 due, 0 missed, 0 skipped." in done.stdout


def test_a_simulation_says_the_same_at_every_run(app: App) -> None:
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


def test_a_simulation_sums_up_for_programs(app: App) -> None:
    app.add_schedule("daily", as_of=NINE, cron="0 9 * * *")
    done = app.run("simulate", "--json", "--summary", "--down", "2027-01-02T00:00:00Z/3d", *SPAN)
    told = json.loads(done.stdout)
    assert (told["schedule"], told["queued"], told["missed"], told["skipped"]) == ("daily", 11, 3, 0)


def test_a_simulation_that_ends_before_it_begins_is_refused(app: App) -> None:
    done = app.run("simulate", "--from", "2027-01-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not after the beginning" in done.stderr


def test_a_backfill_in_a_script_needs_yes(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    span = ("--from", "-3d", "--to", "now")
    refused = app.run("backfill", "daily", *span)
    assert refused.returncode == 2
    assert "3 occurrences would be posted; nothing was done." in refused.stderr
    assert app.run("backfill", "daily", *span, "--dry-run").stdout.endswith("Nothing was changed.\n")
    assert app.states() == {}
    done = app.run("backfill", "daily", *span, "--yes", "--json")
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["queued"] * 3


def test_what_is_backfilled_is_posted(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    app.run("backfill", "daily", "--from", "-2d", "--to", "now", "--yes")
    app.work()
    assert app.states() == {"succeeded": 2}
