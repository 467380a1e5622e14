"""While Slack is down nothing is failed for good: a probe at a time goes out, and no attempt is counted.

What is the last attempt of a job may be the first sign of an outage: that it is one shows later.
"""

from tests.support.app import App, until
from tests.support.sql import read_value


def test_an_outage_uses_up_no_attempt_once_it_is_seen_as_one(app: App) -> None:
    app.add_due_jobs(8, max_attempts="2")
    app.sandbox.stop()
    done = app.work()
    assert (done.returncode, "Slack does not answer" in done.stderr) == (1, True)
    assert app.states() == {"queued": 8}
    assert "Ended no job. 8 tries left their jobs waiting: 8 queued." in done.stderr
    assert read_value(app.db, "SELECT max(spent) FROM jobs") <= 1


def test_what_waited_is_posted_when_slack_is_back(app: App) -> None:
    app.add_due_jobs(8, max_attempts="2")
    app.slack.order("status", status=503, times=5)
    app.start("work")
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert len(app.posts()) == 8


def test_a_last_attempt_that_found_nobody_is_not_the_end(app: App) -> None:
    app.add_due_jobs(8, max_attempts="1")
    app.sandbox.stop()
    assert app.work().returncode == 1
    assert app.states() == {"queued": 8}
    assert "Slack has not answered the last" in app.run("health").stdout


def test_what_waits_in_an_outage_is_said_to_wait_for_slack(app: App) -> None:
    app.add_due_jobs(8)
    app.sandbox.stop()
    app.work()
    for told in (app.run("audit", "1").stdout, app.run("why", "report-7").stdout):
        assert "because Slack has not answered the last" in told
        assert "  Next: schedbot doctor --online" in told
        assert "for a worker" not in told


def test_failures_that_turn_out_to_be_an_outage_use_up_nothing_and_the_first_answer_ends_it(app: App) -> None:
    app.add_due_jobs(8, max_attempts="1")
    app.slack.order("status", status=503, times=5)
    app.start("work")
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1
    assert read_value(app.db, "SELECT failures FROM circuit") == 0


def test_a_pool_that_begins_in_an_outage_knows_of_it(app: App) -> None:
    """As when cron starts `work --drain` every minute: one post is tried, and no more."""
    app.add_due_jobs(8, max_attempts="2")
    app.sandbox.stop()
    app.work()
    tried = read_value(app.db, "SELECT count(*) FROM attempts")
    done = app.work()
    assert (done.returncode, "Slack does not answer" in done.stderr) == (1, True)
    assert read_value(app.db, "SELECT count(*) FROM attempts") == tried + 1
    assert app.states() == {"queued": 8}


def test_a_pool_with_nothing_to_do_says_nothing_of_an_outage_that_was(app: App) -> None:
    app.add_due_jobs(8)
    app.sandbox.stop()
    app.work()
    app.run("pause", "*")
    done = app.work()
    assert (done.returncode, done.stderr.strip()) == (0, "Nothing was due.")


def test_an_outage_that_nothing_waits_for_is_no_trouble_any_more(app: App) -> None:
    """All had arrived, as the history says, and no post has been due since that could show that Slack answers."""
    app.add_due_jobs(8)
    app.slack.order("status", status=503, stored=True, times=8)
    app.start("work")
    until(lambda: app.states() == {"unknown": 8})
    assert "Slack has not answered the last 8 posts" in app.run("health").stdout
    until(lambda: app.states() == {"succeeded": 8}, within=60)
    assert app.run("health").returncode == 0
