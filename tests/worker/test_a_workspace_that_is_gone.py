"""A workspace is removed with a post of unknown fate: no new token will come for it, so a person is told."""

from pathlib import Path

from tests.support.app import House, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for


def removed(house: House) -> Path:
    """A post does not arrive; then its schedule and its workspace are removed. Returns where the token is."""
    house.timeout_s = 6  # longer than it takes to remove them
    token = house.folder / "token"
    token.write_text("xoxb-initech")
    token.chmod(0o600)
    house.run("workspace", "add", "initech", "--token-file", str(token))
    house.slack.add_workspace("initech", "xoxb-initech", ["C0000000000"])
    due_at = now_ms() // 1000 * 1000
    house.schedule("tps", as_of=due_at - 30_000, channel="C0000000000", at=rfc3339(due_at), workspace="initech")
    house.tick(due_at)
    house.slack.order("drop_before")
    house.start("work", "--processes", "1")
    until(lambda: house.states() == {"unknown": 1}, within=WITHIN)
    assert house.run("remove", "tps").returncode == 0
    assert house.run("workspace", "remove", "initech").returncode == 0
    return token


def test_what_a_revoked_token_cannot_look_up_is_held(house: House) -> None:
    house.slack.order("error", method="conversations.history", code="token_revoked", times="forever")
    removed(house)
    until(lambda: house.states() == {"held": 1}, within=WITHIN)
    assert house.audit()[0]["error"] == "token_revoked"


def test_what_no_token_can_look_up_is_held(house: House) -> None:
    removed(house).unlink()
    until(lambda: house.states() == {"held": 1}, within=WITHIN)
    assert house.audit()[0]["error"] == "token_unavailable"


def test_what_can_still_be_looked_up_is_settled(house: House) -> None:
    removed(house)
    until(lambda: house.states() == {"cancelled": 1}, within=WITHIN)
    assert house.audit()[0]["error"] == "schedule_removed"
