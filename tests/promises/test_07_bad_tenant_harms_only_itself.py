"""Promise 7: a revoked token, an archived channel or a faulty report affects only its own posts."""

from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.sql import read_rows, read_value


def add_jobs_of_two_workspaces(app: App) -> None:
    """Add a due job in the default workspace, and two in globex."""
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    workspaces = ["default", "globex", "globex"]
    app.add_due_schedules({f"{name}-{number}": {"workspace": name} for number, name in enumerate(workspaces)})


@pytest.mark.parametrize("token", ["xoxb-revoked", ""], ids=["refused", "not set"])
def test_bad_token_pauses_its_workspace(app: App, token: str) -> None:
    add_jobs_of_two_workspaces(app)
    result = app.work(GLOBEX_TOKEN=token)
    assert result.returncode == 3
    assert app.slack.texts() == ["default-0"]
    jobs = app.audit("--workspace", "globex")
    assert [job["state"] for job in jobs] == ["queued", "queued"]
    assert read_value(app.db, "SELECT max(spent) FROM jobs WHERE state = 'queued'") == 0
    [paused] = read_rows(app.db, "SELECT name, paused_by FROM workspaces WHERE paused_at IS NOT NULL")
    assert paused == ("globex", "schedbot work")
    assert "Workspace 'globex' is paused" in app.run("list").stderr
    assert "Workspace 'globex' is paused" in app.run("health").stdout


def test_resumed_workspace_posts_its_queued_jobs(app: App) -> None:
    add_jobs_of_two_workspaces(app)
    app.work(GLOBEX_TOKEN="xoxb-revoked")
    assert app.run("workspace", "resume", "globex").returncode == 0
    assert app.work(GLOBEX_TOKEN="xoxb-sandbox-globex").returncode == 0
    assert sorted(app.slack.texts()) == ["default-0", "globex-1", "globex-2"]


def test_archived_channel_suspends_its_schedule(app: App) -> None:
    app.add_due_jobs(2)
    app.slack.order("error", channel="C0000000000", code="is_archived", times="forever")
    app.work()
    assert [(job["state"], job["error"]) for job in app.audit()] == [("failed", "is_archived"), ("succeeded", None)]
    schedules = read_rows(app.db, "SELECT name, state, reason FROM schedules ORDER BY name")
    assert schedules[0] == ("report-0", "suspended", "is_archived")
    assert len(app.slack.requests("chat.postMessage")) == 2


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
GREEDY = "{% set n = namespace(s='x' * 90000) %}{% for a in range(99999) %}{% set n.s = n.s ~ n.s %}{% endfor %}[]"


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(ENDLESS, id="an endless loop"),
        pytest.param(GREEDY, id="all the memory"),
        pytest.param('{"text": {{ missing }}}', id="a missing parameter"),
        pytest.param('{"text": "unfinished', id="no JSON"),
        pytest.param(r'{"\ud83d": "half of an emoji"}', id="half a character"),
    ],
)
def test_faulty_report_fails_only_its_own_job(app: App, template: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(2, text="", report=str(report))
    app.run("edit", "report-1", "--text", "another's")
    report.write_text(template)
    worked = app.work()
    assert [(job["state"], job["error"]) for job in app.audit()] == [("failed", "render_failed"), ("succeeded", None)]
    assert sum("error=render_failed" in line for line in worked.stderr.splitlines()) == 1
    assert app.slack.texts() == ["another's"]
    assert read_value(app.db, "SELECT sent_at FROM attempts WHERE outcome = 'render_failed'") is None


def test_reason_of_a_failed_report_is_short(app: App, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    report.write_text('{"{{ "x" * 900000 }}": 1}')
    result = app.work()
    detail = read_value(app.db, "SELECT detail FROM attempts")
    assert detail.startswith("The template report.json.j2 produces a message with the unknown key 'xxx")
    assert len(detail) + len(result.stderr) < 10_000
