"""Named reports that are not ready, and reports that wait for a renderer, in a running pool."""

import pytest

from tests.support.app import App, now_ms, rfc3339
from tests.support.reports.live_project import configure, write_module

pytestmark = pytest.mark.slow
TABLES = """
[reports.waits]
python = "acme:waits"

[reports.slow]
python = "acme:slow"
concurrency = 4

[reports.previous]
python = "acme:previous"
"""
MODULE = """
@live
def waits(context):
    if context.account == "soon" and context.attempt > 2:
        return f"ready at attempt {context.attempt}"
    return not_ready("the load has not finished", retry_in="1s")

@live
def slow(context):
    time.sleep(1)
    return "slow"

def previous(context):
    return f"previous: {context.previous and context.previous.tzname()}"
"""


def add_job(app: App, name: str, report: str, due_at: int, **fields: str) -> None:
    """Add a schedule that is due once, at the whole second before `due_at`, and enqueue its job."""
    due_at = due_at // 1000 * 1000  # a fraction is rounded up, and a drain does not wait for what is due later
    terms = {"at": rfc3339(due_at), "text": "", "report": report, **fields}
    app.add_schedule(name, as_of=due_at - 90_000, **terms)
    app.tick(now_ms())


def test_report_is_asked_until_it_is_ready(app: App) -> None:
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    add_job(app, "waits", "waits", now_ms(), account="soon", max_attempts="1")
    worked = app.work()
    assert worked.returncode == 0, worked.stderr
    (job,) = app.audit()
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["not_ready", "not_ready", "posted"]
    assert [post["text"] for post in app.posts()] == ["ready at attempt 3"]


def test_report_that_is_never_ready_fails_at_its_deadline(app: App) -> None:
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    due_at = now_ms() - 49_000
    add_job(app, "waits", "waits", due_at, account="never", grace="1m")
    app.work()
    (job,) = app.audit()
    assert (job["state"], job["error"]) == ("failed", "not_ready")
    assert job["attempts"][-1]["detail"] == "the load has not finished"


def test_report_knows_when_its_last_message_was_posted(app: App) -> None:
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    add_job(app, "previous", "previous", now_ms(), tz="Asia/Tokyo")
    worked = app.work()
    assert worked.returncode == 0, worked.stderr
    assert app.run("run-now", "previous").returncode == 0
    app.work()
    assert [post["text"] for post in app.posts()] == ["previous: None", "previous: JST"]


def test_flood_of_slow_reports_delays_no_other_workspace(app: App) -> None:
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    assert app.run("workspace", "add", "quiet", "--token-env", "SLACK_BOT_TOKEN").returncode == 0
    due_at = now_ms()
    for number in range(24):
        add_job(app, f"flood-{number}", "slow", due_at, channel=f"C{number:010d}")
    add_job(app, "quiet", "slow", due_at + 1, channel="C9999999999", workspace="quiet")
    app.work()
    order = [post["channel"] for post in sorted(app.posts(), key=lambda post: float(post["ts"]))]
    assert order.index("C9999999999") < 8
    assert len(order) == 25
