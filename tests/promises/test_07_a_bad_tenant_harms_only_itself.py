"""Promise 7: a revoked token, an archived channel or a report that misbehaves ends its own posts, and no other's."""

from pathlib import Path

import pytest

from tests.support.app import House, now_ms, rfc3339


def two_workspaces(house: House) -> None:
    """One job for acme, whose token is good, and two for globex."""
    house.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    due_at = now_ms() // 1000 * 1000
    for number, workspace in enumerate(["default", "globex", "globex"]):
        said = {"channel": f"C{number:010d}", "at": rfc3339(due_at), "workspace": workspace}
        house.schedule(f"{workspace}-{number}", as_of=due_at - 30_000, **said)
    house.tick(due_at)


@pytest.mark.parametrize("token", ["xoxb-revoked", ""], ids=["refused", "not there"])
def test_a_bad_token_pauses_its_workspace_and_burns_no_attempt(house: House, token: str) -> None:
    two_workspaces(house)
    done = house.work(GLOBEX_TOKEN=token)
    assert done.returncode == 3
    assert house.slack.texts() == ["default-0"]
    waiting = house.audit("--workspace", "globex")
    assert [job["state"] for job in waiting] == ["queued", "queued"]
    assert house.db.value("SELECT max(spent) FROM jobs WHERE state = 'queued'") == 0
    [paused] = house.db.rows("SELECT name, paused_by FROM workspaces WHERE paused_at IS NOT NULL")
    assert paused == ("globex", "schedbot work")
    assert "The workspace 'globex' is paused" in house.run("list").stderr
    assert "The workspace 'globex' is paused" in house.run("health").stdout


def test_after_a_resume_what_waited_is_posted(house: House) -> None:
    two_workspaces(house)
    house.work(GLOBEX_TOKEN="xoxb-revoked")
    assert house.run("workspace", "resume", "globex").returncode == 0
    assert house.work(GLOBEX_TOKEN="xoxb-sandbox-globex").returncode == 0
    assert sorted(house.slack.texts()) == ["default-0", "globex-1", "globex-2"]


def test_an_archived_channel_fails_its_job_and_suspends_its_schedule(house: House) -> None:
    house.due_now(2)
    house.slack.order("error", channel="C0000000000", code="is_archived", times="forever")
    house.work()
    assert [(job["state"], job["error"]) for job in house.audit()] == [("failed", "is_archived"), ("succeeded", None)]
    schedules = house.db.rows("SELECT name, state, reason FROM schedules ORDER BY name")
    assert schedules[0] == ("report-0", "suspended", "is_archived")
    assert len(house.slack.requests("chat.postMessage")) == 2


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
def test_a_report_that_misbehaves_ends_its_own_attempt_alone(house: House, template: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    house.due_now(2, text="", report=str(report))
    house.run("edit", "report-1", "--text", "another's")
    report.write_text(template)
    house.work()
    assert [(job["state"], job["error"]) for job in house.audit()] == [("failed", "render_failed"), ("succeeded", None)]
    assert house.slack.texts() == ["another's"]
    assert house.db.value("SELECT sent_at FROM attempts WHERE outcome = 'render_failed'") is None


def test_the_reason_of_a_report_that_failed_takes_up_little_room(house: House, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    house.due_now(1, text="", report=str(report))
    report.write_text('{"{{ "x" * 2000000 }}": 1}')
    done = house.work()
    detail = house.db.value("SELECT detail FROM attempts")
    assert detail.startswith("The template report.json.j2 makes a message with 'xxx")
    assert len(detail) + len(done.stderr) < 10_000
