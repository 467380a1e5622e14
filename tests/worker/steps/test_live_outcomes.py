"""Outcomes of named reports, as the audit and the channels show them after one run of a pool."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure, write_module
from tests.support.sandboxes import fork_sandbox

pytestmark = pytest.mark.slow
TABLES = """
[reports.skips]
python = "acme:skips"

[reports.waits]
python = "acme:waits"

[reports.raises]
python = "acme:raises"

[reports.async]
python = "acme:wait_async"

[reports.period]
python = "acme:tell_period"
period = "previous week"

[reports.lost]
text = "Later lost"

[reports.broken]
text = "Later broken"

[reports.good]
text = "Good morning"
"""
MODULE = """
@live
def skips(context):
    return skip("no order since Monday")

@live
def waits(context):
    return not_ready("the load has not finished", retry_in="15m")

@live
def raises(context):
    password = "hunter2"
    number = {"rows": 3}[context.account]

@live
def wait_async(context):
    async def render():
        await asyncio.sleep(0.05)
        raise PermissionError("token xoxb-1234567890-abcdefghij was refused")
    return render()

@live
def tell_period(context):
    return f"{context.period.start:%Y-%m-%d} to {context.period.end:%Y-%m-%d}, before {context.previous}"
"""
REPORTS = ("skips", "waits", "raises", "async", "period", "lost", "broken", "good")


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An installation whose pool has worked once on a job of each report, and one of `skips` with a text for it."""
    with fork_sandbox() as slack:
        app = App(tmp_path_factory.mktemp("outcomes"), slack)
        write_module(app.folder, MODULE)
        configure(app, TABLES)
        schedules = {report: {"report": report, "account": "acme"} for report in REPORTS}
        quiet = {"quiet": {**schedules["skips"], "on_empty": "All quiet this week."}}
        app.add_due_schedules(schedules | quiet)
        changed = TABLES.replace('[reports.lost]\ntext = "Later lost"', "").replace('"Later broken"', '""')
        configure(app, changed)
        assert "Traceback" not in app.work().stderr
        yield app
        app.close()


def job_of(app: App, schedule: str) -> dict[str, Any]:
    """Return the job of a schedule, as `audit --json` shows it."""
    (job,) = app.audit("--schedule", schedule)
    return job


def detail_of(app: App, schedule: str) -> str:
    """Return the detail of the one attempt of a schedule's job that failed."""
    job = job_of(app, schedule)
    assert (job["state"], job["error"], len(job["attempts"])) == ("failed", "render_failed", 1)
    return str(job["attempts"][0]["detail"])


def test_skip_is_skipped_with_its_reason(worked: App) -> None:
    job = job_of(worked, "skips")
    assert (job["state"], job["error"]) == ("skipped", "nothing_to_report: no order since Monday")


def test_text_for_an_empty_report_is_posted(worked: App) -> None:
    assert job_of(worked, "quiet")["state"] == "succeeded"
    assert "All quiet this week." in [post["text"] for post in worked.posts()]


def test_report_that_is_not_ready_waits(worked: App) -> None:
    job = job_of(worked, "waits")
    assert (job["state"], job["error"]) == ("queued", "not_ready")
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["not_ready"]
    shown = worked.run("audit", str(job["job"])).stdout
    assert "the load has not finished" in shown


def test_audit_shows_frames_without_values(worked: App) -> None:
    shown = worked.run("audit", str(job_of(worked, "raises")["job"])).stdout
    assert "acme:raises raised KeyError: 'acme'." in shown
    assert 'in raises: number = {"rows": 3}[context.account]' in shown
    assert "hunter2" not in shown


def test_token_in_an_exception_is_struck_out(worked: App) -> None:
    detail = detail_of(worked, "async")
    assert "PermissionError: token" in detail
    assert "in render: raise PermissionError" in detail
    assert "1234567890" not in detail


def test_report_gets_its_period_and_previous_post(worked: App) -> None:
    (text,) = [post["text"] for post in worked.posts() if " to " in post["text"]]
    start, _, rest = text.partition(" to ")
    assert (len(start), rest[10:]) == (10, ", before None")


def test_report_that_the_configuration_lost_fails(worked: App) -> None:
    assert "The configuration has no report 'lost'." in detail_of(worked, "lost")


def test_wrong_table_fails_its_own_report(worked: App) -> None:
    assert "'text' in [reports.broken] is empty." in detail_of(worked, "broken")
    assert job_of(worked, "good")["state"] == "succeeded"
