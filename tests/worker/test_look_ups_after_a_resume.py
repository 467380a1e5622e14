"""A workspace is resumed: what is unknown there is asked for at once, as what is queued is sent at once."""

import pytest

from tests.house import House, until
from tests.promises.test_04_a_zombie_cannot_write import FAKETIME

WITHIN = 40  # s: a pool starts, and a lost answer is waited for


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
def test_a_post_that_was_unknown_for_long_is_settled_at_a_resume(house: House) -> None:
    clock = house.folder / "clock"
    clock.write_text("+0")
    faked = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    house.due_now(1)
    house.slack.order("drop_before")
    house.slack.order("error", method="conversations.history", code="token_revoked")
    house.start("work", "--processes", "1", **faked, FAKETIME_DONT_FAKE_MONOTONIC="1")
    until(lambda: house.states() == {"unknown": 1}, within=WITHIN)
    clock.write_text("+1h")  # so long ago was it sent
    until(lambda: house.db.value("SELECT paused_at FROM workspaces"), within=WITHIN)
    assert house.start("workspace", "resume", "default", **faked).wait(WITHIN) == 0
    until(lambda: house.states() == {"succeeded": 1}, within=WITHIN)
