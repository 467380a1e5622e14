"""`work --dry-run` renders what is due, and leaves everything as it is."""

import json

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure, write_module
from tests.support.sql import read_rows

TABLES = """
[reports.skips]
python = "acme:skips"

[reports.raises]
python = "acme:raises"
"""
MODULE = """
def skips(context):
    return skip("no order")

def raises(context):
    if os.path.exists("fails"):
        raise ValueError("no such account")
    return "fine"
"""


@pytest.mark.slow
def test_dry_run_prints_results_and_writes_nothing(app: App) -> None:
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    app.add_due_jobs(1)
    for report in ("skips", "raises"):
        app.add_schedule(report, text="", report=report, cron="0 9 * * *")
        assert app.run("run-now", report).returncode == 0
    (app.folder / "fails").touch()
    tables = "SELECT state, attempts, token, available_at FROM jobs ORDER BY id"
    before = read_rows(app.db, tables)
    result = app.run("work", "--dry-run", "--json")
    rows = {row["schedule"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert {name: row["result"] for name, row in rows.items()} == {
        "report-0": "ok",
        "skips": "skip",
        "raises": "failed",
    }
    assert rows["raises"]["reason"] == "acme:raises raised ValueError: no such account."
    assert result.returncode == 1
    assert read_rows(app.db, tables) == before
    assert app.posts() == []
    (app.folder / "fails").unlink()
    result = app.run("work", "--dry-run")
    assert result.returncode == 0
    assert "skips" in result.stdout
    assert "no order" in result.stdout
