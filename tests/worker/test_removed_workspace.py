"""A workspace that is removed with a post of unknown outcome gets no new token, so the job is held for a person."""

from pathlib import Path

from tests.support.app import App, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and waits for a lost answer


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
