"""`import` and `export`: output and exit codes."""

import csv
import io
import json
import subprocess

import pytest

from tests.support.app import App

HEADER = "name,channel,cron,tz,text\n"
ROWS = 'a,C0000000001,0 9 * * *,UTC,Hi\nb,C0000000002,0 9 * * *,UTC,"Ho, ho"\n'


def run_with_input(app: App, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run with `text` on stdin."""
    command = [str(part) for part in app.start("--version").args]  # type: ignore[union-attr]
    return subprocess.run(
        [*command[:-1], *words], input=text, env=app.environment(), cwd=app.folder, capture_output=True, text=True
    )


@pytest.mark.slow
def test_export_can_be_imported_through_a_pipe(app: App) -> None:
    assert run_with_input(app, HEADER + ROWS, "import", "-").stdout == "Added 2 schedules.\n"
    exported = app.run("export").stdout
    assert [row[0] for row in csv.reader(io.StringIO(exported))] == ["name", "a", "b"]
    again = run_with_input(app, exported.replace("Hi", "Hello"), "import", "-", "--update")
    assert (again.returncode, again.stdout) == (0, "Added 0, changed 1, unchanged 1.\n")
    rows = [json.loads(line) for line in app.run("export", "--json", "a").stdout.splitlines()]
    assert [row["text"] for row in rows] == ["Hello"]


def test_bad_lines_are_listed_on_stderr(app: App) -> None:
    file = app.folder / "bad.csv"
    file.write_text(HEADER + ROWS + "c,C0000000001,0 25 * * *,Mars,Hi\n")
    done = app.run("import", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("line 4: tz: N")
    assert lines[1:] == [
        f"Error: 1 line is wrong in '{file}'. Nothing was changed.",
        "Hint:  Fix these lines and import again.",
    ]
    assert app.run("export").stdout == ""


def test_missing_import_file_is_an_error(app: App) -> None:
    done = app.run("import", "missing.csv")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: 'missing.csv' cannot be read: no such file or directory.\nHint:")


@pytest.mark.slow
def test_import_counts_schedules_that_post_to_a_person(app: App) -> None:
    rows = "".join(f"{n},U000000000{n},0 9 * * *,UTC,Hi\n" for n in range(3))
    for words in (("--dry-run",), ()):
        done = run_with_input(app, HEADER + ROWS + rows, "import", "-", *words)
        assert done.returncode == 0
        assert done.stderr == (
            "Note: 3 schedules post to a person: the app needs the scopes im:write and im:history. 'schedbot workspace "
            "check' shows if it has them.\n"
        )
    again = run_with_input(app, HEADER + ROWS + rows, "import", "-", "--update", "--json")
    counts = {"added": 0, "changed": 0, "unchanged": 5, "direct_messages": 0, "not_rendered": 0}
    assert json.loads(again.stdout) == counts


@pytest.mark.slow
def test_formulas_are_defused_but_in_export(app: App) -> None:
    assert run_with_input(
        app, HEADER.replace("text", "account,text") + "a,C0000000001,0 9 * * *,UTC,=1+1,-\n", "import", "-"
    )
    app.db.close()
    assert ",'=1+1," in app.run("list", "--csv").stdout
    assert ",=1+1," in app.run("export").stdout
    safe = app.run("export", "--safe").stdout
    assert ",'=1+1," in safe
    assert "'-" in safe
