"""Rate limits of the sandbox, counted by the arrival of requests."""

import pytest

from schedbot.sandbox import limits
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace


@pytest.mark.parametrize(
    ("arrived_at", "wait_s"),
    [
        pytest.param(100.0, 1, id="same instant"),
        pytest.param(100.999, 1, id="a millisecond early"),
        pytest.param(101.0, 0, id="a second later"),
        pytest.param(99.5, 1, id="held, older than the newest post"),
        pytest.param(98.0, 0, id="held for long"),
    ],
)
def test_second_post_waits_for_a_full_second(arrived_at: float, wait_s: int) -> None:
    assert limits.get_post_wait_s(SandboxChannel("C1", "c1", last_post_at=100.0), arrived_at) == wait_s


def test_scarce_history_allows_one_request_a_minute() -> None:
    workspace = SandboxWorkspace("acme", "xoxb")
    assert limits.reserve_history(workspace, "conversations.history", 100.0) == 0
    assert limits.reserve_history(workspace, "conversations.history", 101.5) == 59
    assert limits.reserve_history(workspace, "conversations.history", 160.0) == 0
