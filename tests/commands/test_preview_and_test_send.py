"""`preview` and `test-send`, over real HTTP."""

import json
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from schedbot.admin.schedules import send_test
from schedbot.model import Message
from schedbot.posts import RenderedFile
from tests.support.app import TOKEN, App, until

TEMPLATE = """{"blocks": [
  {"type": "header", "text": {"type": "plain_text", "text": "Week of {{ team }}"}},
  {"type": "section", "text": {"type": "mrkdwn", "text": "For {{ account }}, {{ due.strftime('%H:%M') }}"}}
]}"""


@pytest.fixture
def report(tmp_path: Path) -> str:
    file = tmp_path / "week.json.j2"
    file.write_text(TEMPLATE)
    return str(file)


def test_preview_draws_the_message_and_posts_nothing(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="", account="ACME")
    done = app.run("preview", "week", "--at", "2026-12-07 09:00")
    assert done.stdout.splitlines() == ["Week of EU", "For ACME, 09:00"]
    assert "C0000000001, Mon 7 Dec" in done.stderr
    assert app.posts() == []


def test_preview_json_has_slacks_arguments(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon", text="Good *morning*")
    arguments = json.loads(app.run("preview", "plain", "--json").stdout)
    assert arguments == {"channel": "C0000000001", "text": "Good *morning*", "blocks": []}


def test_preview_without_its_template_is_an_error(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="")
    Path(report).unlink()
    done = app.run("preview", "week")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: There is no template file '{report}'.")


@pytest.mark.slow
def test_test_send_posts_once_marked_without_metadata(app: App, report: str) -> None:
    app.add_schedule("week", cron="0 9 * * mon", report=report, params='{"team": "EU"}', text="")
    done = app.run("test-send", "week", "--to", "C0SANDBOX02")
    (message,) = app.posts()
    assert (done.returncode, done.stdout) == (0, f"Posted to C0SANDBOX02, ts {message['ts']}.\n")
    assert message["channel"] == "C0SANDBOX02"
    assert message["text"].startswith("[Test] ")
    assert message["blocks"][0]["elements"][0]["text"].startswith("[Test] ")
    assert "metadata" not in message or not message["metadata"]
    assert app.states() == {}


@pytest.mark.slow
def test_two_tests_are_a_second_apart(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon", channel="C0SANDBOX01")
    for _ in range(2):
        assert app.run("test-send", "plain").returncode == 0
    first, second = (float(post["ts"]) for post in app.posts())
    assert second - first >= 1.0


def test_refused_test_shows_slacks_reason(app: App) -> None:
    app.add_schedule("bad", cron="0 9 * * mon", channel="C0ARCHIVED1")
    done = app.run("test-send", "bad")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Not posted to C0ARCHIVED1: the channel is archived")
    assert "(is_archived)" in done.stderr
    assert done.stderr.splitlines()[-1] == "Hint:  Run 'schedbot edit bad --channel CHANNEL', then try again."


def test_refused_other_channel_leaves_the_schedule_alone(app: App) -> None:
    app.add_schedule("good", cron="0 9 * * mon", channel="C0SANDBOX01")
    done = app.run("test-send", "good", "--to", "C0ARCHIVED1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Hint:  Use another channel with --to."


@pytest.mark.slow
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
def test_hint_of_a_refused_test_has_the_names_filled_in(app: App, code: str, hint: str) -> None:
    app.add_schedule("a b", cron="0 9 * * mon")
    app.slack.order("error", code=code)
    assert app.run("test-send", "a b").stderr.splitlines()[-1] == f"Hint:  {hint}"


@pytest.mark.slow
def test_test_without_an_answer_is_unknown(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.slack.order("drop_after")
    done = app.run("test-send", "plain")
    assert done.returncode == 1
    assert "It is unknown whether the test was posted to C0000000001: " in done.stderr
    assert len(app.posts()) == 1


@pytest.mark.slow
def test_rate_limit_of_a_test_holds_for_the_pools(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.slack.order("ratelimit", retry_after=40)
    assert app.run("test-send", "plain").returncode == 1
    started = time.monotonic()
    again = app.run("test-send", "plain")
    assert again.returncode == 1
    assert "Slack takes no posts from the workspace 'default' for another" in again.stderr
    assert time.monotonic() - started < 20


@pytest.mark.slow
def test_paused_workspace_refuses_a_test(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    app.run("workspace", "pause", "default", "--reason", "moving")
    done = app.run("test-send", "plain")
    assert (done.returncode, app.posts()) == (1, [])
    assert "The workspace 'default' is paused: moving." in done.stderr


def arrival_times(app: App) -> list[int]:
    return sorted(request["at_ms"] for request in app.slack.requests("chat.postMessage"))


@pytest.mark.slow
def test_test_send_keeps_a_second_to_the_pools_posts(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.add_due_jobs(6, channels=1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)

    def sleep(seconds: float) -> None:
        app.slack.release()  # when the test waits for its turn
        threading.Event().wait(seconds)

    send_test.send(app.session(), "report-0", sleep=sleep)
    until(lambda: app.states() == {"succeeded": 6}, within=30)
    assert len(app.slack.texts()) == 7
    assert min(later - earlier for earlier, later in pairwise(arrival_times(app))) >= 1_000
    pool.terminate()


ATTACHMENT = """{"attachments": [{"color": "danger", "title": "{{ team }}", "text": "*3* late",
  "fields": [{"title": "Customer", "value": "{{ customer }}", "short": true}]}]}"""


@pytest.fixture
def alert(app: App, tmp_path: Path) -> App:
    file = tmp_path / "alert.json.j2"
    file.write_text(ATTACHMENT)
    params = '{"team": "EU", "customer": "<!channel>"}'
    app.add_schedule("alert", cron="0 9 * * mon", report=str(file), params=params, text="")
    return app


def test_preview_draws_the_bar_of_an_attachment(alert: App) -> None:
    assert alert.run("preview", "alert").stdout.splitlines() == ["▌ EU", "▌ 3 late", "▌ Customer", "▌ <!channel>"]
    arguments = json.loads(alert.run("preview", "alert", "--json").stdout)
    assert arguments["attachments"][0]["fields"][0]["value"] == "&lt;!channel&gt;"


@pytest.mark.slow
def test_attachments_are_posted_by_a_pool_and_a_test(alert: App) -> None:
    assert alert.run("test-send", "alert", "--to", "C0SANDBOX02").returncode == 0
    assert alert.run("run-now", "alert").returncode == 0
    alert.work()
    for post in alert.posts():
        (attachment,) = post["attachments"]
        assert (attachment["color"], attachment["title"]) == ("danger", "EU")
        assert attachment["fallback"] == "EU\n*3* late\nCustomer: &lt;!channel&gt;"
    assert sorted(post["text"] for post in alert.posts()) == ["", "[Test]"]


def test_first_report_begins_at_the_occurrence_before(app: App) -> None:
    definition = '\n[reports.since]\ntemplate = "since.json.j2"\nperiod = "since last post"\n'
    app.config.write_text(app.config.read_text() + definition)
    (app.folder / "since.json.j2").write_text('{"text": "{{ period.start }} to {{ period.end }}"}')
    app.run("add", "since", "--cron", "0 9 * * mon", "--tz", "UTC", "--channel", "C0000000001", "--report", "since")
    done = app.run("preview", "since", "--at", "2026-12-07 09:00")
    assert done.stdout == "2026-11-30 09:00:00+00:00 to 2026-12-07 09:00:00+00:00\n", done.stderr


def test_failed_proxy_is_not_quoted_as_slacks_words(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon", text="Good morning")
    for words in (("test-send", "plain"), ("workspace", "check")):
        done = app.run(*words, SCHEDBOT_SLACK_API_URL="https://slack.test/api/", HTTPS_PROXY="127.0.0.1:9")
        assert done.returncode == 1
        assert "The way to Slack is through the proxy of HTTPS_PROXY" in done.stdout + done.stderr
        assert "Slack says" not in done.stdout + done.stderr


def test_test_of_a_long_report_has_all_of_it() -> None:
    picture = {"type": "image", "slack_file": {"name": "a.png"}, "alt_text": "Revenue"}
    files = [RenderedFile("", "a.png", 9, is_picture=True)]
    marked = send_test.mark(Message("s", [picture], files=files, continuation=(Message("b"),)))
    assert [block["type"] for block in marked.blocks] == ["context", "image"]
    assert (marked.files, marked.continuation) == (files, (Message("b"),))
