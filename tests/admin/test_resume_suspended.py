"""A suspended schedule resumes if its channel takes posts again, or if Slack cannot be asked."""

import pytest

from schedbot.admin.schedules import pause
from schedbot.errors import SchedbotError
from tests.support.app import TOKEN, App
from tests.support.sql import read_value


@pytest.fixture
def suspended(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.add_schedule("report", cron="0 9 * * *", channel="C0ARCHIVED1")
    with app.db.writing():
        app.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived'")
    return app


def state(app: App) -> str:
    return str(read_value(app.db, "SELECT state FROM schedules"))


def test_archived_channel_keeps_the_schedule_suspended(suspended: App) -> None:
    suspended.slack.order("error", method="conversations.info", code="is_archived")
    with pytest.raises(SchedbotError, match="C0ARCHIVED1 of 'report' still refuses posts: is_archived"):
        pause.resume(suspended.session(), ["report"])
    assert state(suspended) == "suspended"


def test_open_channel_lets_the_schedule_resume(suspended: App) -> None:
    suspended.run("edit", "report", "--channel", "C0000000009")
    pause.resume(suspended.session(), ["report"])
    assert state(suspended) == "active"


def test_missing_scope_lets_the_schedule_resume(suspended: App) -> None:
    suspended.slack.order("error", method="conversations.info", code="missing_scope")
    pause.resume(suspended.session(), ["report"])
    assert state(suspended) == "active"


def test_unasked_sends_no_request(suspended: App) -> None:
    pause.resume(suspended.session(), ["report"], unasked=True)
    assert (state(suspended), suspended.slack.requests("conversations.info")) == ("active", [])
