"""What is asked and tried beside the queue: `workspace check`, `preview`, `test-send` and `doctor`, over real HTTP."""

import json
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.app import TOKEN, App
from tests.support.sql import read_rows

TEMPLATE = """{"blocks": [
  {"type": "header", "text": {"type": "plain_text", "text": "Week of {{ team }}"}},
  {"type": "section", "text": {"type": "mrkdwn", "text": "For {{ account }}, {{ due.strftime('%H:%M') }}"}}
]}"""


@pytest.fixture
def report(tmp_path: Path) -> str:
    file = tmp_path / "week.json.j2"
    file.write_text(TEMPLATE)
    return str(file)


def test_a_check_says_who_posts_and_which_scopes_are_missing_and_what_for(app: App) -> None:
    token = "xoxb-sandbox-narrow"
    app.slack.add_workspace("narrow", token, ["C0NARROW001"], scopes=["chat:write"])
    done = app.run("workspace", "check", SLACK_BOT_TOKEN=token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("default: ok\n  narrow, ")
    assert "Scope channels:history is missing: it is needed to look up whether a post arrived" in done.stdout
    assert token not in done.stdout + done.stderr


def test_a_token_that_slack_refuses_fails_the_check_and_is_not_shown(app: App) -> None:
    wrong = "xoxb-wrong-1234567890"
    done = app.run("workspace", "check", "default", "--json", SLACK_BOT_TOKEN=wrong)
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert "(invalid_auth)" in told["problem"]
    assert wrong not in done.stdout + done.stderr


def test_a_check_of_channels_names_the_one_that_is_archived(app: App) -> None:
    app.add_schedule("good", cron="0 9 * * *", channel="C0SANDBOX01")
    for name in ("bad", "worse"):
        app.add_schedule(name, cron="0 9 * * *", channel="C0ARCHIVED1")
    done = app.run("workspace", "check", "--channels", "--json")
    found = {one["channel"]: one for one in json.loads(done.stdout)["channels"]}
    assert (done.returncode, found["C0SANDBOX01"]["ok"], found["C0ARCHIVED1"]["ok"]) == (1, True, False)
    assert "archived" in found["C0ARCHIVED1"]["problem"]
    assert found["C0ARCHIVED1"]["remedy"].startswith(
        "Run 'schedbot edit bad --channel CHANNEL', then run 'schedbot resume bad'"
    )
    assert found["C0ARCHIVED1"]["remedy"].endswith("'bad' is one of 2 schedules that post there.")


def test_channels_are_asked_for_no_faster_than_slack_allows(app: App) -> None:
    for number in range(3):
        app.add_schedule(f"s{number}", cron="0 9 * * *", channel=f"C000000000{number}")
    assert app.run("workspace", "check", "--channels").returncode == 0
    asked = [one["at_ms"] for one in app.slack.requests("conversations.info")]
    assert len(asked) == 3
    assert min(later - earlier for earlier, later in pairwise(asked)) >= 1_150


def test_a_preview_is_drawn_as_it_would_look_and_posts_nothing(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="", account="ACME")
    done = app.run("preview", "week", "--at", "2026-12-07 09:00")
    assert done.stdout.splitlines() == ["Week of EU", "For ACME, 09:00"]
    assert "C0000000001, Mon 7 Dec" in done.stderr
    assert app.posts() == []


def test_a_preview_as_json_is_what_slack_would_be_sent(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon", text="Good *morning*")
    told = json.loads(app.run("preview", "plain", "--json").stdout)
    assert told == {"channel": "C0000000001", "text": "Good *morning*", "blocks": []}


def test_a_preview_of_a_template_that_is_gone_says_so(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="")
    Path(report).unlink()
    done = app.run("preview", "week")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: There is no template file '{report}'.")


def test_a_test_is_posted_once_marked_and_without_metadata(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="")
    done = app.run("test-send", "week", "--to", "C0SANDBOX02")
    (message,) = app.posts()
    assert (done.returncode, done.stdout) == (0, f"Posted to C0SANDBOX02, ts {message['ts']}.\n")
    assert message["channel"] == "C0SANDBOX02"
    assert message["text"].startswith("[Test] ")
    assert message["blocks"][0]["elements"][0]["text"].startswith("[Test] ")
    assert "metadata" not in message or not message["metadata"]
    assert app.states() == {}


def test_two_tests_keep_a_second_between_them(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon", channel="C0SANDBOX01")
    for _ in range(2):
        assert app.run("test-send", "plain").returncode == 0
    first, second = (float(one["ts"]) for one in app.posts())
    assert second - first >= 1.0


def test_a_refused_test_tells_slacks_reason_and_exits_1(app: App) -> None:
    app.add_schedule("bad", cron="0 9 * * mon", channel="C0ARCHIVED1")
    done = app.run("test-send", "bad")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Not posted to C0ARCHIVED1. ")
    assert "(is_archived)" in done.stderr
    assert done.stderr.splitlines()[-1] == "Hint:  Run 'schedbot edit bad --channel CHANNEL', then try again."


def test_a_channel_that_only_the_test_was_for_leaves_the_schedule_as_it_is(app: App) -> None:
    app.add_schedule("good", cron="0 9 * * mon", channel="C0SANDBOX01")
    done = app.run("test-send", "good", "--to", "C0ARCHIVED1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Hint:  Name another channel with --to."


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("not_in_channel", "In Slack, '/invite' the app to the channel, then try again."),
        ("invalid_blocks", "Run 'schedbot preview 'a b'' to see the message, fix the report, then try again."),
        ("missing_scope", "Run 'schedbot workspace check default': it lists the missing scopes."),
        ("token_revoked", "Put a valid token into the workspace's token source, then try again."),
        ("access_denied", "Fix this, then try again."),
    ],
)
def test_what_helps_a_test_is_said_with_its_names(app: App, code: str, hint: str) -> None:
    app.add_schedule("a b", cron="0 9 * * mon")
    app.slack.order("error", code=code)
    assert app.run("test-send", "a b").stderr.splitlines()[-1] == f"Hint:  {hint}"


def test_a_test_whose_answer_is_lost_does_not_claim_either_way(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.slack.order("drop_after")
    done = app.run("test-send", "plain")
    assert done.returncode == 1
    assert "Whether it was posted to C0000000001 is not known; look there." in done.stderr
    assert len(app.posts()) == 1


def test_a_limit_that_a_test_meets_holds_for_the_pools_too(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.slack.order("ratelimit", retry_after=40)
    assert app.run("test-send", "plain").returncode == 1
    started = time.monotonic()
    again = app.run("test-send", "plain")
    assert again.returncode == 1
    assert "Slack takes no posts from the workspace 'default' for another" in again.stderr
    assert time.monotonic() - started < 20


def test_a_test_does_not_get_round_a_pause(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.run("workspace", "pause", "default", "--reason", "moving")
    done = app.run("test-send", "plain")
    assert (done.returncode, app.posts()) == (1, [])
    assert "The workspace 'default' is paused: moving." in done.stderr


def test_doctor_tries_the_token_and_names_each_problem_with_its_remedy(app: App) -> None:
    app.path.chmod(0o644)
    done = app.run("doctor", "--online", "--json")
    found = {one["check"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {check for check, one in found.items() if not one["ok"]} == {"its mode", "tick"}
    assert found["its mode"]["remedy"] == f"chmod 600 {app.path}"
    assert found["token of default"]["seen"].startswith("acme, ")
    assert TOKEN not in done.stdout


def test_doctor_of_a_damaged_database_says_so(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    read_rows(app.db, "PRAGMA wal_checkpoint(TRUNCATE)")
    broken = app.folder / "broken.db"
    shutil.copy(app.path, broken)
    with broken.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    done = app.run("--database", str(broken), "doctor")
    assert done.returncode == 1
    assert "PROBLEM  database: " in done.stdout
    assert "Traceback" not in done.stderr
