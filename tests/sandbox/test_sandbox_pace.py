"""The second between two posts is counted strictly, by their arrival."""

import pytest

from schedbot.sandbox import limits
from schedbot.sandbox.workspaces import Channel, Workspace


@pytest.mark.parametrize(
    ("arrived_at", "wait_s"),
    [
        pytest.param(100.0, 1, id="in the same instant"),
        pytest.param(100.999, 1, id="a millisecond early"),
        pytest.param(101.0, 0, id="a whole second later"),
        pytest.param(99.5, 1, id="held back, and older than the newest"),
        pytest.param(98.0, 0, id="held back for long"),
    ],
)
def test_a_post_after_one_that_came_at_100(arrived_at: float, wait_s: int) -> None:
    assert limits.wait_for_post(Channel("C1", "c1", last_post_at=100.0), arrived_at) == wait_s


def test_a_scarce_history_is_asked_once_a_minute() -> None:
    workspace = Workspace("acme", "xoxb")
    assert limits.wait_for_history(workspace, 100.0) == 0
    assert limits.wait_for_history(workspace, 101.5) == 59
    assert limits.wait_for_history(workspace, 160.0) == 0
