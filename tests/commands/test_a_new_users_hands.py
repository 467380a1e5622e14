"""What somebody new types, rightly or wrongly, and reads in 80 columns."""

import json
import signal

import pytest

from tests.support.app import App

NINE = "0 9 * * *"


@pytest.mark.parametrize("reason", ["two\nlines", "red \x1b[31m", "x" * 201], ids=["lines", "colours", "length"])
def test_a_reason_that_would_break_the_list_is_refused(app: App, reason: str) -> None:
    app.add_schedule("a", cron=NINE)
    for command in (("pause", "a"), ("workspace", "pause", "default")):
        done = app.run(*command, "--reason", reason)
        assert done.returncode == 2
        assert "Hint:  Use one line of up to 200 printable characters." in done.stderr
    assert "paused" not in app.run("list").stdout


def test_a_long_name_takes_no_figure_out_of_a_table(app: App) -> None:
    app.add_schedule("a-customer-with-a-name-that-fills-half-of-a-line", cron=NINE)
    *table, _, total = app.run("simulate", "--from", "2027-01-01", "--to", "2028-01-01").stdout.splitlines()
    assert table[0].split() == ["SCHEDULE", "DUE", "MISSED", "SKIPPED", "LATEST", "WHY", "NOT"]
    assert table[1].split() == ["a-customer-with-a-name-that-fills-half-o…", "365"]
    assert total == "1 schedule: 365 due, 0 missed, 0 skipped."
    assert max(map(len, table)) <= 80


def test_a_name_in_wide_letters_keeps_its_place_in_a_table(app: App) -> None:
    app.add_schedule("東京本社の週報", cron=NINE)
    assert "東京本社の週報  365" in app.run("simulate", "--from", "2027-01-01", "--to", "2028-01-01").stdout


def test_the_table_of_calendars_names_its_columns_in_full(app: App) -> None:
    app.add_schedule("a", account="acme", cron=NINE)
    app.run("calendar", "set", "--account", "acme", "--window", "mon-fri 08:00-18:00; sat 10:00-12:00")
    app.run("calendar", "set", "--account", "new", "--blackout", "2026-12-24/2026-12-27")
    head, *rows = app.run("calendar", "list").stdout.splitlines()
    assert head.split() == ["ACCOUNT", "WORKSPACE", "SCHEDULES", "OUTSIDE", "WINDOW", "BLACKOUT"]
    assert [row.split()[:2] for row in rows] == [["acme", "1"], ["new", "0"]]


def test_why_says_of_what_is_to_come_that_a_pause_holds_it_back(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    app.run("pause", "a", "--reason", "moving", "--until", "2199-12-01", SCHEDBOT_ACTOR="ann")
    told = "But the schedule is paused by ann until Sun 1 Dec 2199 00:00 UTC: moving."
    asked = app.run("why", "a", "--at", "2199-03-01 09:00").stdout
    assert told in asked
    assert "Next: schedbot resume a" in asked
    assert told in app.run("why", "a", "--at", "2199-03-01 10:00").stdout
    assert told not in app.run("why", "a", "--at", "2199-12-01 09:00").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("audit", "abc"), "Invalid value for 'JOB': it is not a whole number"),
        (("next", "--count", "0"), "Invalid value for '--count': it must be at least 1"),
        (("work", "--in-flight", "20000"), "Invalid value for '--in-flight': it must be at most 10000"),
        (("list", "--limit", "0"), "Invalid value for '--limit': it must be at least 1"),
        (("sandbox", "--history", "x"), "Invalid value for '--history': 'x' is not one of 'full', 'scarce'."),
    ],
)
def test_a_wrong_number_is_answered_in_plain_words(app: App, words: tuple[str, ...], told: str) -> None:
    done = app.run(*words)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"Error: {told}")


def test_what_is_left_out_already_is_not_skipped_again(app: App) -> None:
    app.add_schedule("once", at="2030-01-01 09:00")
    app.run("skip-next", "once")
    again = app.run("skip-next", "once")
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2,
        "Error: 'once' has no occurrence to skip: all are skipped already.",
    )


def test_a_text_of_several_lines_is_shown_in_its_column_and_steers_no_terminal(app: App) -> None:
    app.add_schedule("a", cron=NINE, text="one\ntwo \x1b[31m")
    assert "Text         one\n             two  [31m\n" in app.run("show", "a").stdout


def test_the_story_of_a_job_that_a_person_asked_for_says_so_in_words(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    app.run("run-now", "a")
    told = app.run("audit", "1").stdout
    assert "tester@host, run-now: one more job, beside what its schedule's rule makes." in told
    assert "none ->" not in told


def test_a_template_that_includes_what_is_elsewhere_is_told_so(app: App) -> None:
    (app.folder / "a.j2").write_text("{% include '/etc/passwd' %}")
    done = app.run("add", "a", "--cron", NINE, "--tz", "UTC", "--channel", "C0123456789", "--report", "a.j2")
    assert done.stderr.startswith("Error: The template's folder has no file '/etc/passwd' to include (line 1 of a.j2).")


def test_a_wait_that_is_broken_off_says_what_goes_on(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    waiting = app.start("run-now", "a", "--wait")
    assert waiting.stderr
    assert waiting.stderr.readline().startswith("No pool seems to run")
    waiting.send_signal(signal.SIGINT)
    _, told = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert "Job 1 of 'a' is queued: 'schedbot audit 1' tells of it." in told


@pytest.mark.parametrize("module", ["typer", "schedbot.commands.schedules.list_"])
def test_ctrl_c_while_the_program_starts_ends_it_without_a_word(app: App, module: str) -> None:
    # A finder that stands in for the slow disk on which the module is being looked for as the key is pressed.
    (app.folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        name == '{module}' and os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    done = app.run("list", PYTHONPATH=str(app.folder))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_workspace_that_is_typed_out_and_not_there_is_refused_by_list(app: App) -> None:
    done = app.run("list", "--workspace", "defualt")
    assert done.returncode == 2
    assert done.stderr == "Error: No workspace named 'defualt' exists.\nHint:  Did you mean 'default'?\n"


def test_a_list_takes_several_states_as_audit_does(app: App) -> None:
    for name in ("on", "off", "halted"):
        app.add_schedule(name, cron=NINE)
    app.run("pause", "off")
    with app.db.writing():
        app.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived' WHERE name = 'halted'")
    for words in (("--state", "paused,suspended"), ("--state", "paused", "--state", "SUSPENDED")):
        listed = app.run("list", "--json", *words).stdout.splitlines()
        assert [json.loads(one)["name"] for one in listed] == ["halted", "off"]


@pytest.mark.parametrize(
    ("state", "hint"),
    [("pause", "Did you mean 'paused'?"), ("gone", "There are: active, paused, suspended, finished.")],
)
def test_a_state_that_is_none_is_refused_with_those_that_are_listed(app: App, state: str, hint: str) -> None:
    done = app.run("list", "--state", f"active,{state}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: No state of a schedule is called '{state}'.\nHint:  {hint}\n"


def test_an_edit_of_what_is_finished_names_no_command_that_does_nothing(app: App) -> None:
    app.add_due_jobs(1)
    edited = app.run("edit", "report-0", "--text", "Hello")
    assert edited.stdout.splitlines()[-1] == "It is finished: nothing more of it is due."
    app.run("add", "off", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi", "--paused")
    assert "It is paused: 'schedbot resume off' lets it go on." in app.run("edit", "off", "--text", "Ho").stdout
