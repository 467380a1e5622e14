"""A workspace is removed with a post of unknown fate: no new token will come for it, so a person is told."""

from pathlib import Path

from tests.support.app import App, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for


def removed(app: App) -> Path:
    """A post does not arrive; then its schedule and its workspace are removed. Returns where the token is."""
    app.timeout_s = 6  # longer than it takes to remove them
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


def test_what_a_revoked_token_cannot_look_up_is_held(app: App) -> None:
    app.slack.order("error", method="conversations.history", code="token_revoked", times="forever")
    removed(app)
    until(lambda: app.states() == {"held": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "token_revoked"


def test_what_no_token_can_look_up_is_held(app: App) -> None:
    removed(app).unlink()
    until(lambda: app.states() == {"held": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "token_unavailable"


def test_what_can_still_be_looked_up_is_settled(app: App) -> None:
    removed(app)
    until(lambda: app.states() == {"cancelled": 1}, within=WITHIN)
    assert app.audit()[0]["error"] == "schedule_removed"
