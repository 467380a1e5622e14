"""`workspace`, `import` and `export` as they are typed: what is printed where, and the exit code."""

import csv
import io
import json
import subprocess

import pytest

from tests.support.app import App

HEADER = "name,channel,cron,tz,text\n"
ROWS = 'a,C0000000001,0 9 * * *,UTC,Hi\nb,C0000000002,0 9 * * *,UTC,"Ho, ho"\n'
COMMANDS = ["import", "export", "preview", "test-send", "doctor", "health", "workspace"]
OF_WORKSPACE = [f"workspace {word}" for word in ("add", "edit", "list", "check", "pause", "resume", "remove")]


def piped(app: App, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run with `text` on stdin."""
    command = [str(part) for part in app.start("--version").args]  # type: ignore[union-attr]
    return subprocess.run(
        [*command[:-1], *words], input=text, env=app.environment(), cwd=app.folder, capture_output=True, text=True
    )


def test_an_export_goes_back_in_through_a_pipe(app: App) -> None:
    assert piped(app, HEADER + ROWS, "import", "-").stdout == "Added 2 schedules.\n"
    exported = app.run("export").stdout
    assert [row[0] for row in csv.reader(io.StringIO(exported))] == ["name", "a", "b"]
    again = piped(app, exported.replace("Hi", "Hello"), "import", "-", "--update")
    assert (again.returncode, again.stdout) == (0, "Added 0, changed 1, left 1 as they are.\n")
    as_json = [json.loads(line) for line in app.run("export", "--json", "a").stdout.splitlines()]
    assert [one["text"] for one in as_json] == ["Hello"]


def test_bad_lines_go_to_stderr_and_the_code_is_2(app: App) -> None:
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


def test_a_file_that_is_not_there_is_said_without_a_traceback(app: App) -> None:
    done = app.run("import", "missing.csv")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: 'missing.csv' cannot be read: no such file or directory.\nHint:")


def test_a_workspace_is_added_listed_and_removed(app: App) -> None:
    added = app.run("workspace", "add", "acme", "--token-env", "TOKEN_OF_ACME", TOKEN_OF_ACME="xoxb-sandbox-acme")
    assert added.stdout == "Added the workspace 'acme' (token: env TOKEN_OF_ACME).\n"
    assert added.stderr == "Next:  schedbot workspace check acme\n"
    (acme, default) = (json.loads(line) for line in app.run("workspace", "list", "--json").stdout.splitlines())
    assert (acme["name"], acme["token"], acme["state"], acme["schedules"]) == ("acme", "env TOKEN_OF_ACME", "active", 0)
    assert default["token"] == "setting"
    assert max(map(len, app.run("workspace", "list").stdout.splitlines())) <= 80
    assert app.run("workspace", "remove", "acme").returncode == 0
    assert app.run("workspace", "remove", "acme").returncode == 2


def test_a_workspace_that_is_paused_already_says_why_by_whom_and_since_when(app: App) -> None:
    app.run("workspace", "pause", "default", "--reason", "moving", SCHEDBOT_ACTOR="ann")
    again = app.run("workspace", "pause", "default", "--reason", "another reason")
    assert again.stdout.startswith("The workspace 'default' is paused already: moving (ann, since ")
    assert again.stdout.endswith("). 0 jobs wait.\n")
    listed = app.run("workspace", "list").stdout
    assert "moving (ann, since " in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_a_check_names_the_step_that_helps_as_it_is_typed(app: App) -> None:
    refused = app.run("workspace", "check", SLACK_BOT_TOKEN="xoxb-wrong").stdout
    assert "Put a valid token into the workspace's token source.\n" in refused
    app.run("workspace", "pause", "default")
    refused = app.run("workspace", "check", SLACK_BOT_TOKEN="xoxb-wrong").stdout
    assert "token source, then run 'schedbot workspace resume default'.\n" in refused


def test_a_paused_workspace_is_not_posted_to_until_it_is_resumed(app: App) -> None:
    app.add_due_jobs(2)
    assert app.run("workspace", "pause", "default").stdout == "Paused the workspace 'default': 2 jobs wait.\n"
    assert app.work().returncode == 3  # something waits for a person
    assert app.posts() == []
    assert app.run("workspace", "resume", "default").stdout == "Resumed the workspace 'default': 2 jobs wait.\n"
    done = app.work()
    assert (done.returncode, len(app.posts())) == (0, 2), done.stderr


@pytest.mark.parametrize("command", [*COMMANDS, *OF_WORKSPACE])
def test_the_help_of_every_command_ends_with_an_example(app: App, command: str) -> None:
    words = app.run(*command.split(), "--help").stdout.split()
    example = " ".join(words[words.index("Example:") + 1 :])
    assert f"schedbot {command.split()[0]}" in example
