"""A list with `tz` from Slack: each user is asked for once, and an unchanged one never again."""

import pytest

from schedbot.admin.sync.apply import apply_sync
from schedbot.admin.sync.plan import plan_sync
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.app import TOKEN, App
from tests.support.sync import row

ANNA, BERND = "slack:U0SANDBOX01", "slack:U0SANDBOX02"  # in Los Angeles, in Berlin


def test_zones_of_users_are_asked_for_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    rows = [row("a", tz=ANNA), row("b", tz=ANNA), row("c", tz=BERND), row("d")]
    apply_sync(app.session(), plan_sync(app.session(), rows, "product"))
    assert len(app.slack.requests("users.info")) == 2
    zones = {schedule.name: schedule.recurrence.tz for schedule in schedule_rows.list_matching(app.db)}
    assert zones == {"a": "America/Los_Angeles", "b": "America/Los_Angeles", "c": "Europe/Berlin", "d": "UTC"}
    assert plan_sync(app.session(), rows, "product").is_empty
    assert len(app.slack.requests("users.info")) == 2
    changed = plan_sync(app.session(), [*rows[:2], row("c", tz=ANNA), row("d")], "product").changed
    assert [change.changes["tz"] for change in changed] == [[BERND, ANNA]]
