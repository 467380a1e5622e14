"""Schedule moved to another workspace: also jobs that were tried in the old workspace are posted to the new."""

import pytest

from tests.support.app import App, until

MOVE = ("edit", "report-0", "--workspace", "globex")


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
