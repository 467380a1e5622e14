"""`doctor --chain`, `log --head` and the hash of `log --json` as commands."""

import json
import sqlite3

import pytest

from tests.support.app import App
from tests.support.command_line import ADD, Run


def checked(app: App, *words: str) -> dict[str, dict[str, object]]:
    rows = map(json.loads, app.run("doctor", "--chain", *words, "--json").stdout.splitlines())
    return {row["check"]: row for row in rows}


@pytest.mark.slow  # a pool and several commands
def test_changed_byte_of_a_posted_job_is_named(app: App) -> None:
    app.add_due_jobs(2)
    assert app.work().returncode == 0
    head = app.run("log", "--head").stdout.split()
    assert (app.run("pause", "report-0").returncode, len(head[1])) == (0, 64)
    chain = checked(app, "--head", head[1])["chain"]
    assert (chain["ok"], str(chain["seen"]).partition(" in ")[0]) == (True, "6 rows")
    with sqlite3.connect(app.path) as raw:
        raw.execute("DROP TRIGGER settled_job_is_final")
        raw.execute("UPDATE jobs SET ts = replace(ts, '.', ',') WHERE id = 2")
    chain = checked(app)["chain"]
    assert (chain["ok"], chain["seen"]) == (False, "job 2 was altered")
    assert app.run("doctor", "--chain").returncode == 1


def test_head_and_hashes_follow_the_changes(run: Run) -> None:
    assert (run("log", "--head").stdout, run("log", "--head").returncode) == ("", 0)
    run("add", "acme", *ADD)
    first = json.loads(run("log", "--head", "--json").stdout)
    assert first["link"] == 1
    run("edit", "acme", "--cron", "0 8 * * fri")
    assert json.loads(run("log", "--head", "--json").stdout)["hash"] != first["hash"]
    hashes = [json.loads(line)["hash"] for line in run("log", "--json").stdout.splitlines()]
    assert len(set(hashes)) == 2
    assert {len(text) for text in hashes} == {32}
    assert run("log", "acme", "--head").returncode == 2
