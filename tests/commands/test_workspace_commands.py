"""`workspace add`, `list`, `check`, `pause`, `resume` and `remove`: output and exit codes, over real HTTP."""

import json
import shlex
from itertools import pairwise

import pytest

from tests.support.app import App, now_ms, rfc3339


@pytest.mark.slow
def test_workspace_is_added_listed_and_removed(app: App) -> None:
    added = app.run("workspace", "add", "acme", "--token-env", "TOKEN_OF_ACME", TOKEN_OF_ACME="xoxb-sandbox-acme")
    assert added.stdout == "Added workspace 'acme' (token: env TOKEN_OF_ACME).\n"
    assert added.stderr == "Next:  schedbot workspace check acme\n"
    (acme, default) = (json.loads(line) for line in app.run("workspace", "list", "--json").stdout.splitlines())
    assert (acme["name"], acme["token"], acme["state"], acme["schedules"]) == ("acme", "env TOKEN_OF_ACME", "active", 0)
    assert default["token"] == "setting"
    assert max(map(len, app.run("workspace", "list").stdout.splitlines())) <= 80
    assert app.run("workspace", "remove", "acme").returncode == 0
    assert app.run("workspace", "remove", "acme").returncode == 2


@pytest.mark.slow
def test_paused_workspace_shows_reason_person_and_time(app: App) -> None:
    app.run("workspace", "pause", "default", "--reason", "moving", SCHEDBOT_ACTOR="ann")
    again = app.run("workspace", "pause", "default", "--reason", "another reason")
    assert again.stdout.startswith("Workspace 'default' is already paused: moving (ann, since ")
    assert again.stdout.endswith("); 0 jobs wait.\n")
    listed = app.run("workspace", "list").stdout
    assert "moving (ann, since " in listed
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.slow
def test_paused_workspace_gets_no_posts_until_resumed(app: App) -> None:
    app.add_due_jobs(2)
    assert app.run("workspace", "pause", "default").stdout.startswith("Paused workspace 'default': 2 jobs wait. A job")
    assert app.work().returncode == 3  # jobs wait for a person
    assert app.posts() == []
    assert app.run("workspace", "resume", "default").stdout == "Resumed workspace 'default': 2 jobs will be sent.\n"
    done = app.work()
    assert (done.returncode, len(app.posts())) == (0, 2), done.stderr


@pytest.mark.slow
def test_resume_names_the_jobs_past_their_grace(app: App) -> None:
    due_at = now_ms() // 1000 * 1000 - 7_200_000
    app.add_schedule("old", as_of=due_at - 30_000, at=rfc3339(due_at), grace="1h")
    app.tick(due_at)
    app.add_schedule("new", as_of=due_at - 30_000, at=rfc3339(due_at), grace="3h")
    app.tick(due_at)
    app.run("workspace", "pause", "default")
    listed = app.run("workspace", "list", "--json").stdout
    assert f'"waiting": 2, "oldest_due_at": "{rfc3339(due_at)}"' in listed
    resumed = app.run("workspace", "resume", "default").stdout
    assert "1 job will be sent. 1 job is past the grace and not sent; 'schedbot retry " in resumed
    retry = shlex.split(resumed.split("'schedbot ")[1].split("' sends")[0])
    assert app.run(*retry, "--yes").stdout.endswith("Queued 1 job.\n")
    assert app.work().returncode == 0
    assert len(app.posts()) == 2


@pytest.mark.slow
def test_check_of_a_refused_token_names_the_remedy(app: App) -> None:
    refused = app.run("workspace", "check", SLACK_BOT_TOKEN="xoxb-wrong").stdout
    assert "Put a valid token into the workspace's token source.\n" in refused
    app.run("workspace", "pause", "default")
    refused = app.run("workspace", "check", SLACK_BOT_TOKEN="xoxb-wrong").stdout
    assert "token source, then run 'schedbot workspace resume default'.\n" in refused


def test_check_names_the_bot_and_missing_scopes(app: App) -> None:
    token = "xoxb-sandbox-narrow"
    app.slack.add_workspace("narrow", token, ["C0NARROW001"], scopes=["chat:write"])
    done = app.run("workspace", "check", SLACK_BOT_TOKEN=token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("default: ok\n  narrow, ")
    assert "Missing scope channels:history, needed to look up whether a post arrived" in done.stdout
    assert "(--username, --icon). No schedule needs it now." in done.stdout
    assert "upload pictures and files of reports. Reports with pictures or files need it." in done.stdout
    person = ("--every", "day at 9:00", "--tz", "UTC", "--channel", "U0SANDBOX01", "--text", "Hi")
    added = app.run("add", "person", *person, "--icon", ":tada:").stderr
    assert [f"The app lacks the scope {name}," in added for name in ("im:write", "chat:write.customize")] == [True] * 2
    result = json.loads(app.run("workspace", "check", "--json", SLACK_BOT_TOKEN=token).stdout)
    [scope] = [row for row in result["missing"] if row["scope"] == "im:write"]
    assert (result["ok"], scope["schedules"], scope["examples"]) == (False, 1, ["person"])
    assert token not in done.stdout + done.stderr


def test_check_of_a_refused_token_does_not_show_it(app: App) -> None:
    wrong = "xoxb-wrong-1234567890"
    done = app.run("workspace", "check", "default", "--json", SLACK_BOT_TOKEN=wrong)
    result = json.loads(done.stdout)
    assert (done.returncode, result["ok"]) == (1, False)
    assert "(invalid_auth)" in result["problem"]
    assert wrong not in done.stdout + done.stderr


@pytest.mark.slow
def test_check_of_channels_names_the_archived_channel(app: App) -> None:
    app.add_schedule("good", cron="0 9 * * *", channel="C0SANDBOX01")
    for name in ("bad", "worse"):
        app.add_schedule(name, cron="0 9 * * *", channel="C0ARCHIVED1")
    done = app.run("workspace", "check", "--channels", "--json")
    channels = {row["channel"]: row for row in json.loads(done.stdout)["channels"]}
    assert (done.returncode, channels["C0SANDBOX01"]["ok"], channels["C0ARCHIVED1"]["ok"]) == (1, True, False)
    assert "archived" in channels["C0ARCHIVED1"]["problem"]
    assert channels["C0ARCHIVED1"]["remedy"].startswith(
        "Run 'schedbot edit bad --channel CHANNEL', then run 'schedbot resume bad'"
    )
    assert channels["C0ARCHIVED1"]["remedy"].endswith("'bad' is one of 2 schedules that post there.")


@pytest.mark.slow
def test_check_of_channels_keeps_slacks_rate_limit(app: App) -> None:
    for number in range(3):
        app.add_schedule(f"s{number}", cron="0 9 * * *", channel=f"C000000000{number}")
    assert app.run("workspace", "check", "--channels").returncode == 0
    instants = [request["at_ms"] for request in app.slack.requests("conversations.info")]
    assert len(instants) == 3
    assert min(later - earlier for earlier, later in pairwise(instants)) >= 1_150


@pytest.mark.slow
def test_resumes_name_the_retry_of_jobs_called_off(app: App) -> None:
    app.add_due_jobs(2)
    app.run("workspace", "pause", "default")
    app.run("pause", "--all")
    shown = app.run("resume", "--all").stdout
    assert "2 waiting jobs were called off by 'pause --all'; 'schedbot retry --state cancelled" in shown
    command = shlex.split(shown.split("'schedbot ")[1].split("' sends")[0])
    assert "2 waiting jobs were called off" in app.run("workspace", "resume", "default").stdout
    assert "2 jobs would be retried" in app.run(*command, "--dry-run").stdout
