"""`calendar`: set, list and clear the send hours of an account or a workspace."""

import json

import pytest

from tests.support.app import App
from tests.support.command_line import ADD, Run

NINE = "0 9 * * *"


@pytest.mark.slow
def test_calendar_is_set_listed_and_cleared(run: Run) -> None:
    run("add", "acme", *ADD, "--account", "42")
    done = run("calendar", "set", "--account", "42", "--window", "Mon - Fri 8:00-18:00", "--outside", "skip")
    assert done.stdout == "Calendar of account 42: window mon-fri 08:00-18:00; jobs outside are skipped.\n"
    run("calendar", "set", "--workspace", "default", "--blackout", "2026-12-24/2026-12-27")
    first, second = (json.loads(line) for line in run("calendar", "list", "--json").stdout.splitlines())
    assert first == {**dict.fromkeys(second), **first}
    assert (first["account"], first["window"], first["schedules"]) == ("42", "mon-fri 08:00-18:00", 1)
    assert (second["workspace"], second["blackout"]) == ("default", "2026-12-24/2026-12-27")
    assert "2026-12-24/2026-12-27 (workspace default); jobs on these dates are deferred" in run("show", "acme").stdout
    assert run("calendar", "clear", "--account", "42").stdout == "Calendar of account 42: none.\n"
    assert len(run("calendar", "list", "--csv").stdout.splitlines()) == 2


@pytest.mark.slow
def test_calendar_that_never_opens_is_refused(run: Run) -> None:
    run("add", "acme", *ADD, "--account", "42", "--window", "20:00-22:00")
    refused = run("calendar", "set", "--account", "42", "--window", "08:00-18:00")
    assert (refused.returncode, run("calendar", "list", "--json").stdout) == (2, "")
    assert "are never open at the same time for the schedule 'acme'" in refused.stderr
    for words in (("set", "--window", "8-18"), ("set", "--account", "42"), ("clear", "--workspace", "nobody")):
        assert run("calendar", *words).returncode == 2


@pytest.mark.slow
def test_calendar_table_has_full_column_names(app: App) -> None:
    app.add_schedule("a", account="acme", cron=NINE)
    app.run("calendar", "set", "--account", "acme", "--window", "mon-fri 08:00-18:00; sat 10:00-12:00")
    app.run("calendar", "set", "--account", "new", "--blackout", "2026-12-24/2026-12-27")
    head, *rows = app.run("calendar", "list").stdout.splitlines()
    assert head.split() == ["ACCOUNT", "WORKSPACE", "SCHEDULES", "OUTSIDE", "WINDOW", "BLACKOUT"]
    assert [row.split()[:2] for row in rows] == [["acme", "1"], ["new", "0"]]
