"""Commands that add, show, change, pause, run and remove schedules: output and exit codes."""

import json

import pytest

from tests.support.app import App
from tests.support.command_line import ADD, Run

NINE = "0 9 * * *"
KEYS = [
    *("name", "account", "workspace", "channel", "cron", "every", "at", "tz", "text", "report", "params", "starts"),
    *("until", "count", "misfire", "grace", "max_attempts", "priority", "on_unknown", "jitter", "skip_holidays"),
    *("paused", "holiday_policy", "window", "outside", "blackout", "on_empty"),
    *("thread", "update", "username", "icon", "unfurl"),
    *("id", "state", "reason", "next_due_at", "meaning", "source", "created_at", "zone", "version"),
    *("last_due_at", "last_state", "last_error"),
]


def test_add_shows_rule_and_next_times_in_both_zones(run: Run) -> None:
    added = run("add", "acme", *ADD)
    assert added.returncode == 0
    assert "at 09:00 on Monday and Friday, Los Angeles time" in added.stdout
    occurrences = [line for line in added.stdout.splitlines() if "09:00 P" in line]
    assert len(occurrences) == 3
    assert all("CE" in line and " in " in line for line in occurrences)
    assert "SLACK_BOT_TOKEN" in added.stderr


@pytest.mark.slow
def test_add_list_and_show_print_the_same_object(run: Run) -> None:
    added = json.loads(run("add", "acme", *ADD, "--json").stdout)
    assert list(added) == KEYS
    assert added == json.loads(run("list", "--json").stdout) == json.loads(run("show", "acme", "--json").stdout)
    assert run("list", "--csv").stdout.splitlines()[0].split(",") == KEYS


@pytest.mark.slow
def test_unknown_name_is_code_2_and_empty_glob_is_0(run: Run) -> None:
    run("add", "acme", *ADD)
    for command in ("show", "pause", "list"):
        missing = run(command, "acmee")
        assert (missing.returncode, missing.stdout) == (2, "")
        assert "No schedule named 'acmee' exists." in missing.stderr
        assert "Did you mean 'acme'?" in missing.stderr
    assert [run(command, "zz*").returncode for command in ("pause", "list")] == [0, 0]


@pytest.mark.slow
def test_edit_shows_changes_and_an_error_changes_nothing(run: Run) -> None:
    run("add", "acme", *ADD)
    edited = run("edit", "acme", "--channel", "C0123456780", "--grace", "2h")
    assert "channel: C0123456789 -> C0123456780" in edited.stdout
    assert "grace: 6h -> 2h" in edited.stdout
    assert run("edit", "acme", "--grace", "2h").stdout == "No changes.\n"
    wrong = run("edit", "acme", "--grace", "soon", "--text", "Hello")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert json.loads(run("show", "acme", "--json").stdout)["text"] == "Hi"


@pytest.mark.slow
def test_edit_of_a_finished_schedule_names_no_resume(app: App) -> None:
    app.add_due_jobs(1)
    edited = app.run("edit", "report-0", "--text", "Hello")
    assert edited.stdout.splitlines()[-1] == "It is finished. It has no more occurrences."
    app.run("add", "off", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi", "--paused")
    assert "It is paused. Resume it with 'schedbot resume off'." in app.run("edit", "off", "--text", "Ho").stdout


@pytest.mark.slow
def test_script_removes_a_glob_only_with_yes(run: Run) -> None:
    run("add", "acme", *ADD)
    assert run("remove", "ac*").returncode == 2
    assert run("show", "acme").returncode == 0
    assert run("remove", "ac*", "--yes").returncode == 0
    assert run("list", "--json").stdout == ""


@pytest.mark.slow
def test_run_now_without_a_pool_gives_up_in_time(run: Run) -> None:
    run("add", "acme", *ADD)
    waited = run("run-now", "acme", "--wait", "--timeout", "1s")
    assert waited.returncode == 1
    assert "schedbot work" in waited.stderr
    assert "queued" in waited.stdout


def test_time_line_of_an_extra_job_names_run_now(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    app.run("run-now", "a")
    output = app.run("audit", "1").stdout
    assert "tester@host, run-now: extra job, beside the schedule's own times." in output
    assert "none ->" not in output


@pytest.mark.slow
def test_second_pause_and_resume_change_nothing(run: Run) -> None:
    run("add", "acme", *ADD)
    assert "Paused 'acme' until" in run("pause", "acme", "--until", "3d").stdout
    again = run("pause", "acme")
    assert (again.returncode, "already paused" in again.stdout) == (0, True)
    assert "Resumed 'acme': next" in run("resume", "acme").stdout
    assert run("resume", "acme").returncode == 0


def test_skipped_occurrence_is_not_skipped_again(app: App) -> None:
    app.add_schedule("once", at="2030-01-01 09:00")
    app.run("skip-next", "once")
    again = app.run("skip-next", "once")
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2,
        "Error: 'once' has no occurrence to skip: all are skipped already.",
    )


@pytest.mark.slow
def test_why_names_the_pause_of_a_future_occurrence(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    app.run("pause", "a", "--reason", "moving", "--until", "2199-12-01", SCHEDBOT_ACTOR="ann")
    blocker = "The schedule is paused by ann until Sun 1 Dec 2199 00:00 UTC: moving."
    output = app.run("why", "a", "--at", "2199-03-01 09:00").stdout
    assert blocker in output
    assert "Next: schedbot resume a" in output
    assert blocker in app.run("why", "a", "--at", "2199-03-01 10:00").stdout
    assert blocker not in app.run("why", "a", "--at", "2199-12-01 09:00").stdout
