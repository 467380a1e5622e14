"""`schedbot sync`: the plan, the question, output, exit codes, and a kill in the middle."""

import fcntl
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app import App, until
from tests.support.sql import read_rows

HEADER = "name,channel,cron,tz,text\n"
ROWS = "a,C0000000001,0 9 * * *,UTC,Hi\nb,C0000000002,0 9 * * *,UTC,Hi\n"


def write(app: App, text: str, name: str = "product.csv") -> str:
    (app.folder / name).write_text(text)
    return name


def names(app: App) -> list[str]:
    return [name for (name,) in read_rows(app.db, "SELECT name FROM schedules WHERE state <> 'removed' ORDER BY name")]


def test_sync_shows_the_plan_and_needs_yes_without_a_terminal(app: App) -> None:
    file = write(app, HEADER + ROWS)
    done = app.run("sync", file)
    assert (done.returncode, done.stdout.splitlines()) == (
        2,
        [
            "add     a: at 09:00 every day, UTC, C0000000001",
            "add     b: at 09:00 every day, UTC, C0000000002",
            "Source 'product': 2 to add, 0 to change, 0 to remove. Unchanged: 0.",
        ],
    )
    assert done.stderr == (
        "Error: 2 schedules would be changed; nothing was changed.\nHint:  Use --yes to go on without a question.\n"
    )
    assert names(app) == []
    assert app.run("sync", file, "--dry-run").returncode == 0
    assert names(app) == []


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "added"), [("y", ["a", "b"]), ("n", []), ("", [])])
def test_sync_asks_on_a_terminal(app: App, answer: str, added: list[str]) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    command = [sys.executable, "-m", "schedbot", "sync", write(app, HEADER + ROWS)]
    done = subprocess.run(
        command, env=app.environment(), cwd=app.folder, stdin=terminal, capture_output=True, text=True
    )
    os.close(person)
    os.close(terminal)
    assert "Change 2 schedules?" in done.stderr
    assert (done.returncode, names(app)) == (0, added)


@pytest.mark.slow
def test_second_sync_says_that_nothing_changes(app: App) -> None:
    file = write(app, HEADER + ROWS)
    assert app.run("sync", file, "--yes").stdout.endswith("Added 2, changed 0, removed 0, unchanged 0.\n")
    again = app.run("sync", file)
    assert (again.returncode, again.stdout) == (0, "Nothing to change: 2 schedules of 'product'.\n")


@pytest.mark.slow
def test_plan_as_json_has_each_schedule_with_its_changes(app: App) -> None:
    app.run("sync", write(app, HEADER + ROWS + ROWS.replace("a,", "c,").replace("b,", "d,")), "--yes")
    write(app, HEADER + ROWS.replace("C0000000002", "C0000000003") + "e,C0000000001,0 9 * * *,UTC,Hi\n")
    done = app.run("sync", "product.csv", "--json", "--yes", "--yes-remove")
    plan = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["action"], line["schedule"]) for line in plan] == [
        *(("add", "e"), ("change", "b"), ("remove", "c"), ("remove", "d"), ("keep", "a"))
    ]
    assert plan[1]["changes"] == {"channel": ["C0000000002", "C0000000003"]}
    assert plan[0]["changes"]["cron"] == [None, "0 9 * * *"]
    assert plan[2]["changes"]["text"] == ["Hi", None]
    assert plan[4]["changes"] == {}
    assert names(app) == ["a", "b", "e"]


@pytest.mark.slow
def test_removal_of_more_than_a_fifth_needs_an_option(app: App) -> None:
    app.run("sync", write(app, HEADER + ROWS), "--yes")
    write(app, HEADER)
    refused = app.run("sync", "product.csv", "--yes")
    assert (refused.returncode, names(app)) == (2, ["a", "b"])
    assert refused.stderr.startswith("Error: It would remove 2 of 2 schedules of the source 'product'. Nothing was")
    assert "--yes-remove" in app.run("sync", "product.csv", "--dry-run").stderr
    assert app.run("sync", "product.csv", "--yes-remove").returncode == 2
    assert app.run("sync", "product.csv", "--yes", "--yes-remove").returncode == 0
    assert names(app) == []


@pytest.mark.slow
def test_source_is_shown_and_exported_and_never_imported(app: App) -> None:
    app.run("sync", write(app, HEADER + ROWS), "--yes", "--source", "crm.eu")
    shown = [json.loads(app.run(*words, "--json").stdout.splitlines()[0]) for words in (("show", "a"), ("list",))]
    exported = app.run("export", "--json", "a").stdout
    assert [entry["source"] for entry in [*shown, json.loads(exported)]] == ["crm.eu"] * 3
    app.run("remove", "a")
    write(app, exported, "exported.jsonl")
    assert app.run("import", "exported.jsonl").stdout == "Added 1 schedule.\n"
    assert json.loads(app.run("show", "a", "--json").stdout)["source"] is None
    assert "Source" not in app.run("show", "a").stdout
    assert "crm.eu (schedbot sync sets it back to its list)" in app.run("show", "b").stdout
    assert "The next sync of 'crm.eu' sets it back" in app.run("edit", "b", "--text", "Ho").stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-",), "Stdin has no name for its source.\nHint:  Name it: schedbot sync - --source product"),
        (("missing.csv",), "'missing.csv' cannot be read: no such file or directory."),
        (("customers",), "No table [sync.customers] and no file 'customers' exists.\nHint:  Write a table [sync.cust"),
        (("my list.csv",), "'my list' is not a valid name of a source."),
        (("latin.csv",), "'latin.csv' is not UTF-8 text: line 2 has the byte 0xe4."),
        (("folder",), "'folder' cannot be read: is a directory."),
    ],
)
def test_source_that_cannot_be_read_is_code_2(app: App, words: tuple[str, ...], expected: str) -> None:
    (app.folder / "my list.csv").write_text(HEADER + ROWS)
    (app.folder / "latin.csv").write_bytes(HEADER.encode() + b"\xe4")
    (app.folder / "folder").mkdir()
    done = app.run("sync", *words, "--yes")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {expected}")


@pytest.mark.slow
def test_one_bad_line_in_many_changes_nothing(app: App) -> None:
    lines = [f"s{number},C{number:010},0 9 * * *,UTC,Hi\n" for number in range(20_000)]
    lines[15_000] = "bad,C0000000001,0 25 * * *,UTC,Hi\n"
    done = app.run("sync", write(app, HEADER + "".join(lines)), "--yes")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("line 15002: cron: ")
    assert "1 line is wrong in 'product.csv'. Nothing was changed." in done.stderr
    assert names(app) == []


def is_locked(file: Path) -> bool:
    """Does another process hold the write lock?"""
    with file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.slow
def test_sync_that_is_killed_changes_all_or_nothing(app: App) -> None:
    rows = "".join(f"s{number},C{number:010},0 9 * * *,UTC,Hi\n" for number in range(20_000))
    app.run("sync", write(app, HEADER + ROWS), "--yes")
    write(app, HEADER + ROWS.replace("Hi", "Ho") + rows)
    program = app.start("sync", "product.csv", "--yes")
    until(lambda: is_locked(app.path.with_name("schedbot.db-lock")), within=60)
    program.kill()
    program.communicate()
    texts = read_rows(app.db, "SELECT report_source FROM schedule_versions")
    assert names(app) == ["a", "b"]
    assert texts == [("Hi",), ("Hi",)]
    assert app.run("sync", "product.csv", "--yes").stdout.endswith("Added 20,000, changed 2, removed 0, unchanged 0.\n")
    checks = subprocess.run(["sqlite3", str(app.path), "PRAGMA integrity_check"], capture_output=True, text=True)
    assert checks.stdout in ("ok\n", "")


@pytest.mark.slow
def test_two_syncs_at_once_end_with_one_list(app: App) -> None:
    rows = "".join(f"s{number},C{number:010},0 9 * * *,UTC,Hi\n" for number in range(3_000))
    lists = [write(app, HEADER + rows + ROWS, "one.csv"), write(app, HEADER + rows, "two.csv")]
    programs = [app.start("sync", file, "--yes", "--source", "product") for file in lists]
    results = [(program.communicate(timeout=60)[1], program.returncode) for program in programs]
    assert 0 in (code for _, code in results)
    for error, code in results:
        is_late = code == 1 and error.startswith("Error: Somebody else changed schedules of the source 'product'")
        assert code == 0 or is_late
    assert len(names(app)) in (3_000, 3_002)


@pytest.mark.slow
def test_named_report_of_a_list_is_tried_once(app: App) -> None:
    app.config.write_text('python_path = ["."]\n[reports.weekly]\npython = "acme_reports:weekly"\n')
    app.config.chmod(0o600)
    code = "def weekly(context):\n  open('tried', 'a').write(context.schedule + '\\n')\n  return 'Hi'\n"
    (app.folder / "acme_reports.py").write_text(code)
    rows = "".join(f"s{n},C{n:010},0 9 * * *,UTC,weekly,Nothing on {n}\n" for n in range(50))
    file = write(app, "name,channel,cron,tz,report,on_empty\n" + rows)
    assert app.run("sync", file, "--yes").stdout.endswith("Added 50, changed 0, removed 0, unchanged 0.\n")
    assert len((app.folder / "tried").read_text().splitlines()) == 1
    missing = app.run("sync", write(app, HEADER.replace("text", "report") + ROWS.replace("Hi", "wekly")), "--yes")
    assert missing.returncode == 2
    assert "No report named 'wekly' exists" in missing.stderr
    assert "Did you mean 'weekly'?" in missing.stderr
