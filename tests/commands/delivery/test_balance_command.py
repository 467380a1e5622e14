"""`audit --balance` as a command: objects, totals, exit codes and refused options."""

import json
import sqlite3

import pytest

from tests.support.app import App, now_ms
from tests.support.command_line import Run


def test_deleted_job_is_named_by_its_schedule(app: App) -> None:
    app.add_schedule("acme", as_of=now_ms() - 130_000, cron="* * * * *", misfire="all")
    app.tick()
    done = app.run("audit", "--balance", "--json")
    assert done.returncode == 0
    totals = json.loads(done.stdout)
    assert totals["unbalanced"] == 0
    assert totals["occurrences"] == totals["balanced"] >= 2
    with sqlite3.connect(app.path) as raw:
        raw.execute("DELETE FROM jobs WHERE id = 1")
    done = app.run("audit", "--balance", "--schedule", "acme", "--from", "1h", "--json")
    difference, totals = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert (difference["schedule"], difference["expected"], difference["found"]) == ("acme", 1, 0)
    assert difference["why"].startswith("it has no job")
    assert totals["unbalanced"] == 1
    text = app.run("audit", "--balance")
    assert text.returncode == 1
    assert "'acme' due " in text.stdout
    assert "1 does not balance." in text.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--balance", "--state", "failed"),
        ("--balance", "--csv"),
        ("--balance", "--from", "1d", "--to", "2d"),
        ("--balance", "--schedule", "unknown"),
        ("--from", "1d"),
        ("7", "--balance"),
    ],
)
def test_wrong_option_of_the_balance_is_code_2(run: Run, words: tuple[str, ...]) -> None:
    assert run("audit", *words).returncode == 2
