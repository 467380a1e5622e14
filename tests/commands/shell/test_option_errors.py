"""Wrong option values: message, hint and exit code."""

import json

import pytest

from tests.support.app import App

NINE = "0 9 * * *"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("audit", "abc"), "Invalid value for 'JOB': 'abc' is not a whole number"),
        (("next", "--count", "0"), "Invalid value for '--count': 0 is less than 1"),
        (("work", "--in-flight", "20000"), "Invalid value for '--in-flight': 20000 is more than 10000"),
        (("work", "--processes", "none"), "Invalid value for '--processes': 'none' is not a whole number"),
        (("list", "--limit", "0"), "Invalid value for '--limit': 0 is less than 1"),
        (("sandbox", "--history", "x"), "Invalid value for '--history': 'x' is not one of 'full', 'scarce'."),
    ],
)
def test_wrong_number_is_refused_in_plain_words(app: App, words: tuple[str, ...], message: str) -> None:
    done = app.run(*words)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"Error: {message}")


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["two\nlines", "red \x1b[31m", "x" * 201], ids=["lines", "colours", "length"])
def test_reason_with_control_characters_is_refused(app: App, reason: str) -> None:
    app.add_schedule("a", cron=NINE)
    for command in (("pause", "a"), ("workspace", "pause", "default")):
        done = app.run(*command, "--reason", reason)
        assert done.returncode == 2
        assert "Hint:  Use one line of up to 200 printable characters." in done.stderr
    assert "paused" not in app.run("list").stdout


def test_list_refuses_an_unknown_workspace(app: App) -> None:
    done = app.run("list", "--workspace", "defualt")
    assert done.returncode == 2
    assert done.stderr == "Error: No workspace named 'defualt' exists.\nHint:  Did you mean 'default'?\n"


@pytest.mark.slow
def test_list_takes_several_states(app: App) -> None:
    for name in ("on", "off", "halted"):
        app.add_schedule(name, cron=NINE)
    app.run("pause", "off")
    with app.db.writing():
        app.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived' WHERE name = 'halted'")
    for words in (("--state", "paused,suspended"), ("--state", "paused", "--state", "SUSPENDED")):
        listed = app.run("list", "--json", *words).stdout.splitlines()
        assert [json.loads(line)["name"] for line in listed] == ["halted", "off"]


@pytest.mark.parametrize(
    ("state", "hint"),
    [("pause", "Did you mean 'paused'?"), ("gone", "The schedule states are active, paused, suspended, finished.")],
)
def test_list_refuses_an_unknown_state(app: App, state: str, hint: str) -> None:
    done = app.run("list", "--state", f"active,{state}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: --state: unknown schedule state '{state}'.\nHint:  {hint}\n"


def test_template_that_includes_another_folder_is_refused(app: App) -> None:
    (app.folder / "a.j2").write_text("{% include '/etc/passwd' %}")
    done = app.run("add", "a", "--cron", NINE, "--tz", "UTC", "--channel", "C0123456789", "--report", "a.j2")
    assert done.stderr.startswith("Error: The template's folder has no file '/etc/passwd' to include (line 1 of a.j2).")
