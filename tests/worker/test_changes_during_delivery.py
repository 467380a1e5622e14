"""Changes while a job is on its way: its schedule is paused or moved, its workspace removed, its message edited."""

from pathlib import Path

import pytest

from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sql import read_value

pytestmark = pytest.mark.slow

WITHIN = 40  # s: a pool starts, and waits for a lost answer
MOVE = ("edit", "report-0", "--workspace", "globex")


def test_edit_of_running_job_leaves_channels_free(app: App) -> None:
    app.add_due_jobs(2, channels=1)
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1, "running": 1})
    last = read_value(
        app.db, "SELECT s.name FROM jobs j JOIN schedules s ON s.id = j.schedule_id WHERE j.state = 'running'"
    )
    app.run("edit", last, "--channel", "C0000000007", "--text", "moved")
    until(lambda: app.states() == {"succeeded": 2}, within=20)
    assert "moved" in app.slack.texts() or last in app.slack.texts()
    assert len(app.slack.texts()) == 2
    pool.terminate()


# -- paused


def lose_first_attempt(app: App) -> None:
    """Queue an extra job of a paused schedule; Slack never answers its first request."""
    app.add_schedule("acme", cron="0 9 1 1 *")
    assert app.run("pause", "acme").returncode == 0
    app.slack.order("drop_before")
    assert app.run("run-now", "acme").returncode == 0


def test_extra_job_of_paused_schedule_is_tried_again(app: App) -> None:
    lose_first_attempt(app)
    app.work()
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["acme"])


def test_later_pause_cancels_extra_job(app: App) -> None:
    lose_first_attempt(app)
    app.start("work")
    until(lambda: app.states() == {"unknown": 1})
    app.run("pause", "acme", "--reason", "not now")
    until(lambda: app.states() == {"cancelled": 1}, within=30)
    assert app.slack.texts() == []


# -- moved to another workspace


@pytest.fixture
def moving(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """The app with a second workspace."""
    monkeypatch.setenv("SLACK_GLOBEX", "xoxb-sandbox-globex")
    assert app.run("workspace", "add", "globex", "--token-env", "SLACK_GLOBEX").returncode == 0
    return app


def posted_workspaces(app: App) -> list[str]:
    return [post["workspace"] for post in app.posts()]


def test_retry_posts_to_current_workspace(moving: App) -> None:
    moving.slack.order("error", code="not_in_channel")
    moving.add_due_jobs(1)
    moving.work()
    assert moving.run(*MOVE).returncode == 0
    assert moving.run("resume", "report-0", "--unasked").returncode == 0
    assert "Queued 1 job" in moving.run("retry", "1", "--yes").stdout
    moving.work()
    assert (moving.states(), posted_workspaces(moving)) == ({"succeeded": 1}, ["globex"])


def test_lost_post_is_sent_to_new_workspace(moving: App) -> None:
    moving.slack.order("drop_before")
    moving.add_due_jobs(1)
    moving.start("work")
    until(lambda: moving.states() == {"unknown": 1})
    assert moving.run(*MOVE).returncode == 0
    until(lambda: moving.states() == {"succeeded": 1}, within=20)
    assert posted_workspaces(moving) == ["globex"]


# -- workspace removed


def remove_workspace(app: App) -> Path:
    """Lose a post, then remove its schedule and its workspace. Return the token file."""
    app.timeout_s = 6  # longer than the removal takes
    token = app.folder / "token"
    token.write_text("xoxb-initech")
    token.chmod(0o600)
    app.run("workspace", "add", "initech", "--token-file", str(token))
    app.slack.add_workspace("initech", "xoxb-initech", ["C0000000000"])
    due_at = now_ms() // 1000 * 1000
    app.add_schedule("tps", as_of=due_at - 30_000, channel="C0000000000", at=rfc3339(due_at), workspace="initech")
    app.tick(due_at)
    app.slack.order("drop_before")
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    assert app.run("remove", "tps").returncode == 0
    assert app.run("workspace", "remove", "initech").returncode == 0
    return token


def test_job_is_held_where_token_is_revoked(app: App) -> None:
    app.slack.order("error", method="conversations.history", code="token_revoked", times="forever")
    remove_workspace(app)
    until(lambda: app.states() == {"held": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "token_revoked"


def test_job_is_held_where_token_is_missing(app: App) -> None:
    remove_workspace(app).unlink()
    until(lambda: app.states() == {"held": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "token_unavailable"


def test_job_is_settled_where_token_still_works(app: App) -> None:
    remove_workspace(app)
    until(lambda: app.states() == {"cancelled": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "schedule_removed"
