"""Messages to a person: one conversation for all, lost answers settled in it, and each refusal with its remedy."""

import pytest

from tests.support.app import App
from tests.support.sql import read_rows

PERSON = "U0SANDBOX01"
pytestmark = pytest.mark.slow


def add_report(app: App, name: str, channel: str = PERSON) -> None:
    terms = {"channel": channel, "text": f"Report {name}", "username": "Desk", "icon": ":tada:", "unfurl": "true"}
    app.add_schedule(name, None, cron="0 0 1 1 *", **terms)
    assert app.run("run-now", name).returncode == 0


def count(app: App, method: str) -> int:
    return len(app.slack.requests(method))


def test_person_gets_all_posts_in_one_conversation(app: App) -> None:
    for name in ("one", "two", "three"):
        add_report(app, name)
    app.work()
    add_report(app, "four")
    app.work()
    assert app.states() == {"succeeded": 4}
    assert count(app, "conversations.open") == 1
    [(conversation,)] = read_rows(app.db, "SELECT channel_id FROM direct_messages")
    assert {post["channel"] for post in app.posts()} == {conversation}
    assert {row[0] for row in read_rows(app.db, "SELECT channel FROM attempts")} == {conversation}
    assert [job["channel"] for job in app.audit("--channel", PERSON)] == [PERSON] * 4
    assert len(app.audit("--channel", conversation)) == 4


def test_lost_answer_is_found_in_the_conversation(app: App) -> None:
    add_report(app, "lost")
    app.slack.order("drop_after", method="chat.postMessage")
    app.slack.order("error", method="conversations.open", code="internal_error")
    app.work()
    assert app.states() == {"succeeded": 1}
    assert [post["text"] for post in app.posts()] == ["Report lost"]
    [job] = app.audit()
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["not_posted", "unknown"]


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("user_disabled", "user_disabled", "has left"),
        ("user_not_found", "user_not_found", "no such user"),
        ("cannot_dm_bot", "cannot_dm_bot", "an app"),
        ("missing_scope", "missing_im_write", "im:write"),
    ],
)
def test_refused_person_suspends_the_schedule(app: App, code: str, error: str, words: str) -> None:
    add_report(app, "person")
    add_report(app, "channel", "C0000000001")
    app.slack.order("error", method="conversations.open", code=code, times="forever")
    app.work()
    assert app.states() == {"failed": 1, "succeeded": 1}
    [job] = app.audit("--state", "failed")
    assert (job["error"], job["attempts"][0]["sent_at"]) == (error, None)
    shown = app.run("why", "person").stdout
    assert words in shown
    assert "schedbot edit person --channel" in shown or "schedbot resume person" in shown


def test_conversation_of_another_app_is_opened_anew(app: App) -> None:
    with app.db.writing():
        [(workspace,)] = read_rows(app.db, "SELECT id FROM workspaces")
        row = {"id": workspace, "user": PERSON}
        app.db.execute("INSERT INTO direct_messages VALUES (:id, :user, 'D0000000009', 0)", row)
    add_report(app, "moved")
    app.slack.order("error", method="chat.postMessage", channel="D0000000009", code="channel_not_found")
    app.work()
    assert app.states() == {"succeeded": 1}
    [(conversation,)] = read_rows(app.db, "SELECT channel_id FROM direct_messages")
    assert conversation != "D0000000009"


def test_rate_limit_of_opening_uses_up_no_attempt(app: App) -> None:
    add_report(app, "one")
    add_report(app, "channel", "C0000000001")
    app.slack.order("ratelimit", method="conversations.open", retry_after=1)
    app.work()
    assert app.states() == {"succeeded": 2}
    assert [len(job["attempts"]) for job in app.audit()] == [1, 1]


def test_commands_ask_slack_about_the_person(app: App) -> None:
    app.add_schedule("person", cron="0 0 1 1 *", channel=PERSON, text="Hi", username="Desk")
    sent = app.run("test-send", "person")
    assert (sent.returncode, [post["username"] for post in app.posts()]) == (0, ["Desk"])
    app.run("test-send", "person", "--to", f"https://acme.slack.com/team/{PERSON}")
    assert count(app, "conversations.open") == 1
    app.slack.deactivate_user(PERSON)
    checked = app.run("workspace", "check", "--channels")
    assert (checked.returncode, f"{PERSON}: FAILED The user has left" in checked.stdout) == (1, True)
    app.slack.order("error", method="conversations.open", code="user_disabled", times="forever")
    with app.db.writing():
        app.db.execute("UPDATE schedules SET state = 'suspended', reason = 'user_disabled'")
    assert "has left" in app.run("resume", "person").stderr


def test_name_without_its_scope_costs_no_message(app: App) -> None:
    app.add_schedule("desk", cron="0 0 1 1 *", text="Hi", username="Desk", icon=":tada:", max_attempts="1")
    app.run("run-now", "desk")
    token = "xoxb-sandbox-narrow"
    scopes = ["chat:write", "channels:history"]
    app.slack.add_workspace("narrow", token, ["C0000000001"], scopes=scopes)
    app.work(SLACK_BOT_TOKEN=token)
    [post] = app.posts()
    assert (post["text"], "username" in post, app.states()) == ("Hi", False, {"succeeded": 1})
    [job] = app.audit()
    assert [attempt["error"] for attempt in job["attempts"]] == ["missing_customize", None]
