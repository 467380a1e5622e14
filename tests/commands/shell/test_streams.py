"""Arguments and standard streams: other encodings, closed streams, full disks and control characters."""

import json
import subprocess
import sys

import pytest

from tests.support.app import App

NINE = "0 9 * * *"


def run_in_shell(app: App, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell line in which `schedbot` is the program. Return the result with its output in bytes."""
    script = f'schedbot() {{ "{sys.executable}" -m schedbot "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", script], env=app.environment(**env), cwd=app.folder, capture_output=True, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("words", ["show $'a\\xff'", "audit --schedule $'\\xe4'", "--database $'\\xff' list"])
def test_argument_that_is_not_utf8_is_refused(app: App, words: str) -> None:
    done = run_in_shell(app, f"schedbot {words}")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: The argument '")
    assert b"\\x" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[1].startswith(b"Hint:  ")


@pytest.mark.slow
def test_output_is_utf8_under_any_locale(app: App) -> None:
    app.add_schedule("zürich", cron=NINE, text="Grüezi 🎉")
    for encoding in ("latin-1", "ascii"):
        done = run_in_shell(app, "schedbot export; schedbot list --json; schedbot list", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, b"")
        assert "Grüezi 🎉" in done.stdout.decode()
    again = run_in_shell(app, "schedbot export | schedbot import - --update", PYTHONIOENCODING="latin-1")
    assert again.stdout == b"Added 0, changed 0, unchanged 1.\n"


@pytest.mark.slow
@pytest.mark.parametrize("words", ["list", "list --json", "export", "next", "show a", "--version"])
def test_full_disk_is_an_error_of_two_lines(app: App, words: str) -> None:
    app.add_schedule("a", cron=NINE)
    done = run_in_shell(app, f"schedbot {words} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == b"Error: The output could not be written: no space left on device."
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.slow
def test_closed_streams_do_no_harm(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    assert run_in_shell(app, "schedbot list >&-").returncode == 0
    assert run_in_shell(app, "schedbot show nope 2>&-").returncode == 2
    assert run_in_shell(app, "schedbot tick <&- >&- 2>&-").returncode == 0
    assert b"is empty" in run_in_shell(app, "schedbot import - <&-").stderr


@pytest.mark.slow
def test_closed_pipe_is_silent(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    for words in ("export", "list", "next --count 9000 --json", "show a"):
        assert run_in_shell(app, f"schedbot {words} | true").stderr == b""


def test_file_with_escapes_does_not_steer_the_terminal(app: App) -> None:
    rows = [{"name": "a", "channel": "C1", "cron": NINE, "tz": "UTC", "text": "t", "on\x1b[2J": 1}]
    rows += [{"name": "b", "channel": "C\x1b[2J", "cron": NINE, "tz": "UTC", "text": "t"}]
    (app.folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = app.run("import", "a.jsonl")
    assert "line 2: channel:" in done.stderr
    assert "\x1b" not in done.stderr


def test_actor_with_control_characters_is_cleaned(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    assert run_in_shell(app, "SCHEDBOT_ACTOR=$'ann\\n\\x1b\\xff' schedbot pause a").stderr == b""
    assert "by ann???" in app.run("show", "a").stdout


def test_expression_in_words_needs_no_locale(app: App) -> None:
    done = run_in_shell(app, f"schedbot next --cron '{NINE}' --tz UTC --count 1", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"0 9 * * *: at 09:00 every day, UTC.")
