"""Promise 7: a revoked token, an archived channel or a report that misbehaves ends its own posts, and no other's."""

from pathlib import Path

import pytest

from tests.support.app import App, now_ms, rfc3339
from tests.support.sql import read_rows, read_value


def two_workspaces(app: App) -> None:
    """One job for acme, whose token is good, and two for globex."""
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    due_at = now_ms() // 1000 * 1000
    for number, workspace in enumerate(["default", "globex", "globex"]):
        said = {"channel": f"C{number:010d}", "at": rfc3339(due_at), "workspace": workspace}
        app.add_schedule(f"{workspace}-{number}", as_of=due_at - 30_000, **said)
    app.tick(due_at)


@pytest.mark.parametrize("token", ["xoxb-revoked", ""], ids=["refused", "not there"])
def test_a_bad_token_pauses_its_workspace_and_burns_no_attempt(app: App, token: str) -> None:
    two_workspaces(app)
    done = app.work(GLOBEX_TOKEN=token)
    assert done.returncode == 3
    assert app.slack.texts() == ["default-0"]
    waiting = app.audit("--workspace", "globex")
    assert [job["state"] for job in waiting] == ["queued", "queued"]
    assert read_value(app.db, "SELECT max(spent) FROM jobs WHERE state = 'queued'") == 0
    [paused] = read_rows(app.db, "SELECT name, paused_by FROM workspaces WHERE paused_at IS NOT NULL")
    assert paused == ("globex", "schedbot work")
    assert "The workspace 'globex' is paused" in app.run("list").stderr
    assert "The workspace 'globex' is paused" in app.run("health").stdout


def test_after_a_resume_what_waited_is_posted(app: App) -> None:
    two_workspaces(app)
    app.work(GLOBEX_TOKEN="xoxb-revoked")
    assert app.run("workspace", "resume", "globex").returncode == 0
    assert app.work(GLOBEX_TOKEN="xoxb-sandbox-globex").returncode == 0
    assert sorted(app.slack.texts()) == ["default-0", "globex-1", "globex-2"]


def test_an_archived_channel_fails_its_job_and_suspends_its_schedule(app: App) -> None:
    app.add_due_jobs(2)
    app.slack.order("error", channel="C0000000000", code="is_archived", times="forever")
    app.work()
    assert [(job["state"], job["error"]) for job in app.audit()] == [("failed", "is_archived"), ("succeeded", None)]
    schedules = read_rows(app.db, "SELECT name, state, reason FROM schedules ORDER BY name")
    assert schedules[0] == ("report-0", "suspended", "is_archived")
    assert len(app.slack.requests("chat.postMessage")) == 2


FOR_EVER = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
GREEDY = "{% set n = namespace(s='x' * 90000) %}{% for a in range(99999) %}{% set n.s = n.s ~ n.s %}{% endfor %}[]"


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(FOR_EVER, id="an endless loop"),
        pytest.param(GREEDY, id="all the memory"),
        pytest.param('{"text": {{ missing }}}', id="a parameter that is not there"),
        pytest.param('{"text": "unfinished', id="no JSON"),
        pytest.param(r'{"\ud83d": "half of an emoji"}', id="half a character"),
    ],
)
def test_a_report_that_misbehaves_ends_its_own_attempt_alone(app: App, template: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(2, text="", report=str(report))
    app.run("edit", "report-1", "--text", "another's")
    report.write_text(template)
    app.work()
    assert [(job["state"], job["error"]) for job in app.audit()] == [("failed", "render_failed"), ("succeeded", None)]
    assert app.slack.texts() == ["another's"]
    assert read_value(app.db, "SELECT sent_at FROM attempts WHERE outcome = 'render_failed'") is None


def test_the_reason_of_a_report_that_failed_takes_up_little_room(app: App, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    report.write_text('{"{{ "x" * 2000000 }}": 1}')
    done = app.work()
    detail = read_value(app.db, "SELECT detail FROM attempts")
    assert detail.startswith("The template report.json.j2 makes a message with 'xxx")
    assert len(detail) + len(done.stderr) < 10_000
