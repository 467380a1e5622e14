"""A schedule that was given another workspace is posted there, also what was tried in the old one before."""

import pytest

from tests.support.app import House, until

MOVE = ("edit", "report-0", "--workspace", "globex")


@pytest.fixture
def moving(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A product with a second workspace."""
    monkeypatch.setenv("SLACK_GLOBEX", "xoxb-sandbox-globex")
    assert house.run("workspace", "add", "globex", "--token-env", "SLACK_GLOBEX").returncode == 0
    return house


def where(house: House) -> list[str]:
    return [post["workspace"] for post in house.posts()]


def test_a_retry_posts_to_the_workspace_that_the_schedule_has_now(moving: House) -> None:
    moving.slack.order("error", code="not_in_channel")
    moving.due_now(1)
    moving.work()
    assert moving.run(*MOVE).returncode == 0
    assert moving.run("resume", "report-0", "--unasked").returncode == 0
    assert "Queued 1 job" in moving.run("retry", "1", "--yes").stdout
    moving.work()
    assert (moving.states(), where(moving)) == ({"succeeded": 1}, ["globex"])


def test_what_did_not_arrive_in_the_old_workspace_is_sent_to_the_new_one(moving: House) -> None:
    moving.slack.order("drop_before")
    moving.due_now(1)
    moving.start("work")
    until(lambda: moving.states() == {"unknown": 1})
    assert moving.run(*MOVE).returncode == 0
    until(lambda: moving.states() == {"succeeded": 1}, within=20)
    assert where(moving) == ["globex"]
