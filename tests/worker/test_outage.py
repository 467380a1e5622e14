"""Outage of Slack: no job fails for good, one probe at a time is sent, and no attempt is counted.

A job's last attempt may be the first sign of an outage, which shows only later.
"""

import pytest

from tests.support.app import App, until
from tests.support.sql import read_value

pytestmark = pytest.mark.slow


def test_detected_outage_uses_up_no_attempt(app: App) -> None:
    app.add_due_jobs(8, max_attempts="2")
    app.sandbox.stop()
    done = app.work()
    assert (done.returncode, "Slack does not answer" in done.stderr) == (1, True)
    assert app.states() == {"queued": 8}
    assert "No job ended. 8 jobs are still pending: queued again." in done.stderr
    assert read_value(app.db, "SELECT max(spent) FROM jobs") <= 1


def test_queued_jobs_are_posted_after_the_outage(app: App) -> None:
    app.add_due_jobs(8, max_attempts="2")
    app.slack.order("status", status=503, times=5)
    app.start("work")
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert len(app.posts()) == 8


def test_last_attempt_without_connection_is_not_final(app: App) -> None:
    app.add_due_jobs(8, max_attempts="1")
    app.sandbox.stop()
    assert app.work().returncode == 1
    assert app.states() == {"queued": 8}
    assert "Slack has not answered the last" in app.run("health").stdout


def test_audit_and_why_name_the_outage(app: App) -> None:
    app.add_due_jobs(8)
    app.sandbox.stop()
    app.work()
    for text in (app.run("audit", "1").stdout, app.run("why", "report-7").stdout):
        assert "Slack has not answered the last" in text
        assert "  Next: schedbot doctor --online" in text
        assert "for a worker" not in text


def test_first_answer_ends_outage_and_returns_attempts(app: App) -> None:
    app.add_due_jobs(8, max_attempts="1")
    app.slack.order("status", status=503, times=5)
    app.start("work")
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1
    assert read_value(app.db, "SELECT failures FROM outage") == 0


def test_pool_started_in_outage_sends_one_probe(app: App) -> None:
    """For example, cron starts `work --drain` every minute."""
    app.add_due_jobs(8, max_attempts="2")
    app.sandbox.stop()
    app.work()
    attempts_before = read_value(app.db, "SELECT count(*) FROM attempts")
    done = app.work()
    assert (done.returncode, "Slack does not answer" in done.stderr) == (1, True)
    assert read_value(app.db, "SELECT count(*) FROM attempts") == attempts_before + 1
    assert app.states() == {"queued": 8}


def test_idle_drain_reports_no_earlier_outage(app: App) -> None:
    app.add_due_jobs(8)
    app.sandbox.stop()
    app.work()
    app.run("pause", "*")
    done = app.work()
    assert (done.returncode, done.stderr.strip()) == (0, "No job was due.")


def test_health_forgets_outage_once_nothing_waits(app: App) -> None:
    """The history shows that all posts arrived, and no post was due since to show that Slack answers."""
    app.add_due_jobs(8)
    app.slack.order("status", status=503, stored=True, times=8)
    app.start("work")
    until(lambda: app.states() == {"unknown": 8})
    assert "Slack has not answered the last 8 posts" in app.run("health").stdout
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert app.run("health").returncode == 0
