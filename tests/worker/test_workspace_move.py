"""A schedule that was given another workspace is posted there, also what was tried in the old one before."""

import pytest

from tests.support.app import App, until

MOVE = ("edit", "report-0", "--workspace", "globex")


@pytest.fixture
def moving(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """A product with a second workspace."""
    monkeypatch.setenv("SLACK_GLOBEX", "xoxb-sandbox-globex")
    assert app.run("workspace", "add", "globex", "--token-env", "SLACK_GLOBEX").returncode == 0
    return app


def where(app: App) -> list[str]:
    return [post["workspace"] for post in app.posts()]


def test_a_retry_posts_to_the_workspace_that_the_schedule_has_now(moving: App) -> None:
    moving.slack.order("error", code="not_in_channel")
    moving.add_due_jobs(1)
    moving.work()
    assert moving.run(*MOVE).returncode == 0
    assert moving.run("resume", "report-0", "--unasked").returncode == 0
    assert "Queued 1 job" in moving.run("retry", "1", "--yes").stdout
    moving.work()
    assert (moving.states(), where(moving)) == ({"succeeded": 1}, ["globex"])


def test_what_did_not_arrive_in_the_old_workspace_is_sent_to_the_new_one(moving: App) -> None:
    moving.slack.order("drop_before")
    moving.add_due_jobs(1)
    moving.start("work")
    until(lambda: moving.states() == {"unknown": 1})
    assert moving.run(*MOVE).returncode == 0
    until(lambda: moving.states() == {"succeeded": 1}, within=20)
    assert where(moving) == ["globex"]
