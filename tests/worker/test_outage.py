"""Outage of Slack or of a single workspace: single posts probe, and the failures use up no attempt."""

import pytest

from schedbot.store.jobs import outage
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sql import read_row, read_value

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


def add_jobs_at(app: App, workspace: str, count: int, at: int, prefix: str = "") -> None:
    """Add `count` jobs of a workspace that are due at an instant, one per channel."""
    for number in range(count):
        channel = f"C{'19'[workspace == 'default']}{number:09d}"
        fields = {"workspace": workspace, "channel": channel, "at": rfc3339(at)}
        app.add_schedule(f"{prefix or workspace}-{number}", as_of=at - 30_000, **fields)
    app.tick(at)


def take_down(app: App, workspace: str) -> None:
    app.slack.order("status", status=503, workspace=workspace, method="*", times="forever")


def find_lateness_beside_failures(app: App, attempt: int) -> int:
    """Let a workspace fail 30 times while three posts of the other are due. Returns their greatest lateness."""
    soon = now_ms() // 1000 * 1000 + 1_000
    add_jobs_at(app, "globex", 30, soon, f"globex-{attempt}")
    for number in range(1, 4):
        app.add_schedule(f"later-{attempt}-{number}", as_of=soon - 30_000, at=rfc3339(soon + number * 1_000))
    app.tick(soon)
    until(lambda: app.states() == {"succeeded": 1 + 3 * attempt, "unknown": 30 * attempt}, within=60)
    return max(int(job["lateness_ms"]) for job in app.audit("--schedule", f"later-{attempt}-*"))


def test_workspace_without_answers_delays_no_other(app: App) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    take_down(app, "globex")
    add_jobs_at(app, "default", 1, now_ms() // 1000 * 1000)
    pool = app.start("work", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: app.states() == {"succeeded": 1})
    # A busy machine is late now and then, an open circuit each time.
    assert any(find_lateness_beside_failures(app, attempt) < 1_000 for attempt in (1, 2, 3))
    pool.terminate()
    _, log = pool.communicate(timeout=60)
    assert "outage_started" not in log


def test_pool_started_in_outage_probes_other_workspace(
    app: App,
) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    [first, name] = read_row(app.db, "SELECT id, name FROM workspaces ORDER BY id LIMIT 1") or ()
    take_down(app, "globex" if name == "globex" else "acme")
    at = now_ms() // 1000 * 1000
    add_jobs_at(app, "default", 3, at)
    add_jobs_at(app, "globex", 3, at)
    with app.db.writing():
        outage.save_failures(app.db, 7, first, at)
    app.start("work", "--drain", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: app.states() == {"succeeded": 3, "unknown": 3})
