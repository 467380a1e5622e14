"""Occurrences and jobs of the Python API, beside a pool and a sandbox."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import schedbot
from schedbot.api import values
from schedbot.errors import BadInput, NotFound
from tests.support.app import App, now_ms

WEEKLY: dict[str, Any] = {"cron": "0 9 * * mon", "tz": "America/New_York", "channel": "C0123456789", "text": "Hi"}


def test_next_returns_the_objects_of_the_command(app: App) -> None:
    with schedbot.open(app.path, config=app.config) as bot:
        bot.add("acme-weekly", **WEEKLY)
        lines = app.run("next", "acme-weekly", "--json", "--count", "3").stdout.splitlines()
        shown = [values.from_object(schedbot.Occurrence, json.loads(line)) for line in lines]
        assert bot.next("acme-weekly", count=3) == bot.next(count=3) == shown
        assert shown[0].local.hour == 9
        tried = bot.next(cron="0 9 * * *", tz="Europe/Berlin", from_=datetime(2026, 12, 1, tzinfo=UTC), count=1)
        assert tried[0].due_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
        with pytest.raises(BadInput, match="cannot be combined"):
            bot.next("acme-weekly", cron="0 9 * * *", tz="Europe/Berlin")


@pytest.mark.slow
def test_run_now_is_posted_and_audited_as_the_command_shows(app: App) -> None:
    with schedbot.open(app.path, config=app.config) as bot:
        bot.add("acme-weekly", **WEEKLY, account="acme")
        queued = bot.run_now("acme-*")
        assert [(job.schedule, job.state) for job in queued] == [("acme-weekly", "queued")]
        app.work()
        [job] = bot.audit(account="acme", since=timedelta(days=2), state="succeeded")
        assert job == values.job_from_object(app.audit()[0])
        assert (job.job, job.attempts[0].outcome, job.lateness_ms is not None) == (queued[0].job, "posted", True)
        assert list(bot.audit(job.job)) == list(bot.audit(job=job.job)) == [job]
        assert "posted" in bot.why("acme-weekly")[0].because[0]
        with pytest.raises(NotFound):
            bot.audit(999)
        with pytest.raises(BadInput, match="nothing to retry"):
            bot.retry(queued[0].job)


def test_missed_job_is_retried_after_a_dry_run(app: App) -> None:
    due = now_ms() // 1000 * 1000 - 600_000
    app.add_schedule("acme", as_of=due - 3_600_000, at=rfc3339(due), misfire="skip", grace="1h")
    app.tick()
    with schedbot.open(app.path, config=app.config) as bot:
        [job] = bot.audit(state="missed")
        planned = bot.retry(schedule="acme", stale=True, dry_run=True)
        assert [(entry.job, entry.state) for entry in planned.jobs] == [(job.job, "missed")]
        assert app.states() == {"missed": 1}
        refused = bot.retry(schedule="acme", state="missed")
        assert (refused.jobs, refused.refused[0].jobs) == ((), 1)
        assert [entry.state for entry in bot.retry(schedule="acme", stale=True).jobs] == ["queued"]
        assert app.states() == {"queued": 1}
        with pytest.raises(BadInput, match="No jobs given"):
            bot.retry()


def test_schedules_can_be_changed_inside_an_audit(app: App) -> None:
    with schedbot.open(app.path, config=app.config) as bot:
        for number in range(3):
            bot.add(f"acme-{number}", **WEEKLY)
        bot.run_now("acme-*")
        for job in bot.audit():
            bot.edit(job.schedule, text="Hello")
        assert {schedule.text for schedule in bot.list()} == {"Hello"}


def rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()
