"""`prepare`: a slow report is rendered before its instant, and its message leaves at the instant."""

import json
from pathlib import Path

import pytest

from tests.support.app import App, now_ms, rfc3339, until
from tests.support.reports.live_project import configure, write_module

pytestmark = pytest.mark.slow
TABLES = """
[reports.slow]
python = "acme:slow"
prepare = "10s"

[reports.late]
python = "acme:late"
prepare = "10s"
"""
# Each rendering is recorded with its instant.
MODULE = """
def record(context):
    with open("calls.jsonl", "a") as file:
        file.write(__import__("json").dumps([context.schedule, context.params.get("word"), time.time()]) + "\\n")

@live
def slow(context):
    record(context)
    time.sleep(3)
    return f"slow {context.params.get('word', '')}".strip()

@live
def late(context):
    record(context)
    return not_ready("not yet", retry_in="1s") if time.time() * 1000 < context.due_at - 1_500 else "ready"
"""


def add_job(app: App, name: str, report: str, in_ms: int, **fields: str) -> int:
    """Add a schedule that is due in some milliseconds, and enqueue its job. Return its instant."""
    due_at = (now_ms() + in_ms) // 1000 * 1000
    fields = {"at": rfc3339(due_at), "text": "", "report": report, "channel": f"C{in_ms:010d}", **fields}
    app.add_schedule(name, as_of=due_at - 90_000, **fields)
    app.tick(now_ms())
    return due_at


def start_pool(app: App) -> None:
    """Write the reports, try each of them once, and start a pool that is ready."""
    write_module(app.folder, MODULE)
    configure(app, TABLES)
    for number, report in enumerate(["slow", "late"]):
        channel = f"C9{number:09d}"
        app.add_schedule(f"trial-{report}", cron="0 9 1 1 *", text="", report=report, params="", channel=channel)
    app.start("work", SCHEDBOT_RENDERERS="1")
    until(lambda: app.db.integer("SELECT count(*) FROM heartbeats WHERE kind = 'pool'"))


def calls(folder: Path) -> list[list[object]]:
    """Return schedule, parameter and instant of each rendering."""
    file = folder / "calls.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_slow_report_is_posted_at_its_instant(app: App) -> None:
    start_pool(app)
    due_at = add_job(app, "slow", "slow", 11_000)
    until(app.posts)
    (job,) = until(lambda: [job for job in app.audit() if job["state"] == "succeeded"])
    assert job["lateness_ms"] < 300
    assert len(calls(app.folder)) == 1
    assert job["rendered_at"] < rfc3339(due_at - 2_000)
    shown = app.run("audit", str(job["job"])).stdout
    assert "data as of" in shown


def test_changed_schedule_is_rendered_again(app: App) -> None:
    start_pool(app)
    add_job(app, "slow", "slow", 11_000, params='{"word": "before"}')
    add_job(app, "paused", "slow", 11_000, channel="C0000000001")
    until(lambda: len(calls(app.folder)) == 2)
    assert app.run("edit", "slow", "--param", "word=after").returncode == 0
    assert app.run("pause", "paused").returncode == 0
    until(app.posts)
    assert [post["text"] for post in app.posts()] == ["slow after"]
    states = {job["schedule"]: job["state"] for job in app.audit()}
    assert states["paused"] == "cancelled"


def test_report_that_was_not_ready_is_rendered_at_its_instant(app: App) -> None:
    start_pool(app)
    add_job(app, "late", "late", 8_000)
    until(app.posts)
    (job,) = until(lambda: [job for job in app.audit() if job["state"] == "succeeded"])
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["posted"]
    assert len(calls(app.folder)) == 2
