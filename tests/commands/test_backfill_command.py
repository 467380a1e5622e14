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
