"""What the shell hands over: arguments in some encoding, streams that are closed, full or not in UTF-8."""

import json
import subprocess
import sys

import pytest

from tests.support.app import App

NINE = "0 9 * * *"


def typed(app: App, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """The line as a shell runs it, `schedbot` being the program, and what came of it in bytes."""
    whole = f'schedbot() {{ "{sys.executable}" -m schedbot "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", whole], env=app.environment(**env), cwd=app.folder, capture_output=True, timeout=60
    )


@pytest.mark.parametrize("words", ["show $'a\\xff'", "audit --schedule $'\\xe4'", "--database $'\\xff' list"])
def test_an_argument_that_is_no_utf_8_is_refused_by_its_bytes(app: App, words: str) -> None:
    done = typed(app, f"schedbot {words}")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: The argument '")
    assert b"\\x" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[1].startswith(b"Hint:  ")


def test_what_a_program_reads_is_utf_8_whatever_the_locale_says(app: App) -> None:
    app.add_schedule("zürich", cron=NINE, text="Grüezi 🎉")
    for encoding in ("latin-1", "ascii"):
        done = typed(app, "schedbot export; schedbot list --json; schedbot list", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, b"")
        assert "Grüezi 🎉" in done.stdout.decode()
    again = typed(app, "schedbot export | schedbot import - --update", PYTHONIOENCODING="latin-1")
    assert again.stdout == b"Added 0, changed 0, left 1 as they are.\n"


@pytest.mark.parametrize("words", ["list", "list --json", "export", "next", "show a", "--version"])
def test_a_full_disk_under_the_answer_is_told_in_two_lines(app: App, words: str) -> None:
    app.add_schedule("a", cron=NINE)
    done = typed(app, f"schedbot {words} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == b"Error: The answer could not be written: no space left on device."
    assert len(done.stderr.splitlines()) == 2


def test_streams_that_are_closed_are_done_without(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    assert typed(app, "schedbot list >&-").returncode == 0
    assert typed(app, "schedbot show nope 2>&-").returncode == 2
    assert typed(app, "schedbot tick <&- >&- 2>&-").returncode == 0
    assert b"is empty" in typed(app, "schedbot import - <&-").stderr


def test_a_reader_that_leaves_early_is_left_in_peace(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    for words in ("export", "list", "next --count 9000 --json", "show a"):
        assert typed(app, f"schedbot {words} | true").stderr == b""


def test_what_a_file_holds_does_not_steer_the_terminal(app: App) -> None:
    rows = [{"name": "a", "channel": "C1", "cron": NINE, "tz": "UTC", "text": "t", "on\x1b[2J": 1}]
    rows += [{"name": "b", "channel": "C\x1b[2J", "cron": NINE, "tz": "UTC", "text": "t"}]
    (app.folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = app.run("import", "a.jsonl")
    assert "line 2: channel:" in done.stderr
    assert "\x1b" not in done.stderr


def test_who_asks_stands_in_one_line_whatever_the_variable_holds(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    assert typed(app, "SCHEDBOT_ACTOR=$'ann\\n\\x1b\\xff' schedbot pause a").stderr == b""
    assert "by ann???" in app.run("show", "a").stdout


def test_an_expression_is_told_in_words_where_no_language_is_set(app: App) -> None:
    done = typed(app, f"schedbot next --cron '{NINE}' --tz UTC --count 1", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"0 9 * * *: at 09:00 every day, UTC.")
