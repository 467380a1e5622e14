"""A pause cancels queued jobs and may end by itself; a suspended schedule resumes if its channel takes posts again."""

import pytest

from schedbot.admin.jobs import retry
from schedbot.admin.schedules import pause
from schedbot.admin.workspaces import manage
from schedbot.errors import BadInput, NotFound, SchedbotError
from schedbot.model import TokenSource
from schedbot.store.history import changes, jobs
from schedbot.store.history.filters import Filter
from tests.support.app import TOKEN, App
from tests.support.schedules import Schedules, clock
from tests.support.sql import read_value


def test_pause_cancels_queued_jobs(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.pause(reason="moving").jobs == 1
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    schedule = schedules.get()
    assert (schedule.state, schedule.reason, schedule.state_by) == ("paused", "moving", "tester@host")


def test_pause_cancels_claimed_jobs_but_not_sent_ones(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=False)
    schedules.pause()
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    schedules.add("left")
    schedules.claim(sent=True)
    schedules.pause("left")
    assert "2026-12-01 09:00 running" in schedules.jobs()


def test_resume_and_retry_use_the_present_workspace(
    schedules: Schedules,
) -> None:
    manage.add(schedules.session, "acme", TokenSource("env", "ACME_TOKEN"))
    schedules.add()
    schedules.add("failed")
    schedules.pause()
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'channel_not_found' WHERE state = 'queued'")
    for name in ("daily", "failed"):
        schedules.edit(name, workspace="acme")
    schedules.resume()
    list(retry.carry_out(schedules.session, retry.plan(schedules.session, Filter(since=0), stale=False)))
    assert [(job.workspace, job.state) for job in jobs.every(schedules.db, Filter())] == [("acme", "queued")] * 2


def test_resume_before_the_due_instant_restores_the_job(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 08:59:30"
    assert schedules.resume().jobs == 1
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_resume_after_the_due_instant_posts_nothing(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 09:10:00"
    schedules.resume()
    schedules.tick("2026-12-01 09:11:00")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    assert schedules.next() == "2026-12-02 09:00"


def test_resumed_schedule_has_no_overdue_job_of_its_rule(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add("other")
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 09:05:00"
    schedules.resume()
    schedules.tick("2026-12-01 09:06:00")
    assert (schedules.jobs("other"), schedules.jobs("daily")) == (["2026-12-01 09:00 queued"], [])


def test_timed_pause_enqueues_nothing_before_its_end(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 11:30")
    for hour in (9, 10, 11, 12):
        schedules.tick(f"2026-12-01 {hour:02}:59:00")
    assert [job for job in schedules.jobs() if "queued" in job] == [
        "2026-12-01 12:00 queued",
        "2026-12-01 13:00 queued",
    ]
    assert (schedules.get().state, schedules.get().state_until) == ("active", None)


def test_occurrence_at_the_end_of_a_pause_is_enqueued(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(until="2026-12-02 09:00")
    schedules.tick("2026-12-02 08:59:00")
    assert schedules.jobs()[1:] == ["2026-12-02 09:00 queued"]


def test_pause_end_holds_if_the_recurrence_moved_on(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(until="2026-12-02 09:00")
    schedules.utc = "2026-12-02 08:58:35"
    schedules.add("other")
    schedules.tick("2026-12-02 08:59:00")
    assert schedules.jobs()[1:] == ["2026-12-02 09:00 queued", "2026-12-02 09:00 queued"]


def test_misfires_after_a_pause_follow_the_policy(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 10:59:30")
    schedules.tick("2026-12-01 09:59:00")
    schedules.tick("2026-12-01 13:30:00")
    assert schedules.jobs()[1:] == [
        "2026-12-01 11:00 missed no_tick",
        "2026-12-01 12:00 missed no_tick",
        "2026-12-01 13:00 queued",
    ]


def test_second_pause_changes_nothing(schedules: Schedules) -> None:
    added = schedules.add()
    schedules.pause(reason="moving")
    assert not schedules.pause().is_changed
    assert schedules.get().reason == "moving"
    assert len(list(changes.of_object(schedules.db, "schedule", added.id))) == 2


def test_pause_can_be_given_another_end(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(reason="moving", until="1d")
    schedules.pause(until="2d")
    assert clock(schedules.get().state_until or 0) == "2026-12-03 08:59"
    assert schedules.get().reason == "moving"
    schedules.pause(reason="moved")
    assert clock(schedules.get().state_until or 0) == "2026-12-03 08:59"
    schedules.pause(until="none")
    assert (schedules.get().state_until, schedules.get().reason) == (None, "moved")


def test_pause_with_a_past_end_is_refused(schedules: Schedules) -> None:
    schedules.add()
    with pytest.raises(BadInput, match="2026-11-30"):
        schedules.pause(until="2026-11-30")
    assert schedules.get().state == "active"


def test_finished_schedule_with_a_queued_job_can_be_paused(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 09:00")
    assert schedules.get().state == "finished"
    assert schedules.pause().jobs == 1
    schedules.utc = "2026-12-01 08:59:30"
    schedules.resume()
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_resume_without_future_occurrences_finishes(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 09:00")
    schedules.pause()
    schedules.utc = "2026-12-01 10:00:00"
    schedules.resume()
    assert schedules.get().state == "finished"


def test_unknown_name_pauses_nothing(schedules: Schedules) -> None:
    schedules.add()
    with pytest.raises(NotFound, match="'dayly'"):
        pause.pause(schedules.session, ["daily", "dayly"], "", "")
    assert schedules.get().state == "active"


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
