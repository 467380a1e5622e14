"""`backfill`: output and exit codes."""

import json

import pytest

from tests.support.app import App


@pytest.mark.slow
def test_backfill_in_a_script_needs_yes(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    span = ("--from", "-3d", "--to", "now")
    refused = app.run("backfill", "daily", *span)
    assert refused.returncode == 2
    assert "3 occurrences would be posted; nothing was changed." in refused.stderr
    assert app.run("backfill", "daily", *span, "--dry-run").stdout.endswith("Nothing was changed.\n")
    assert app.states() == {}
    done = app.run("backfill", "daily", *span, "--yes", "--json")
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["queued"] * 3


@pytest.mark.slow
def test_backfilled_jobs_are_posted(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    app.run("backfill", "daily", "--from", "-2d", "--to", "now", "--yes")
    app.work()
    assert app.states() == {"succeeded": 2}


@pytest.mark.slow
def test_rest_of_a_backfill_is_sent_after_an_archived_channel(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    app.slack.order("error", method="chat.postMessage", code="is_archived", times=1)
    app.run("backfill", "daily", "--from", "-4d", "--to", "now", "--yes")
    app.work()
    assert app.states() == {"failed": 1, "cancelled": 3}
    assert app.run("retry", "2").returncode == 2  # the schedule is suspended
    assert app.run("resume", "daily", "--unasked").returncode == 0
    assert app.run("retry", "1").returncode == 0
    assert app.run("retry", "--state", "cancelled", "--yes").stdout.endswith("Queued 3 jobs.\n")
    done = app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 4}, 4), done.stderr


@pytest.mark.slow
def test_backfill_takes_up_its_own_cancelled_rest(app: App) -> None:
    app.add_schedule("daily", cron="0 9 * * *")
    span = ("--from", "-4d", "--to", "now", "--yes")
    app.slack.order("error", method="chat.postMessage", code="is_archived", times=1)
    app.run("backfill", "daily", *span)
    app.work()
    app.run("resume", "daily", "--unasked")
    again = app.run("backfill", "daily", *span)
    assert "3 occurrences of 'daily' in this span have no job, or a cancelled one." in again.stderr
    assert again.stdout == "Queued 3 jobs.\n"
