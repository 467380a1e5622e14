"""Histories that take long hold up no post: look-ups have connections of their own."""

from tests.support.app import App, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for
WORKSPACES = 5


def unknown_in_many(app: App) -> None:
    """A post of unknown fate in each of some workspaces."""
    due_at = now_ms() // 1000 * 1000
    for number in range(WORKSPACES):
        token = app.folder / f"token-{number}"
        token.write_text(f"xoxb-{number}")
        token.chmod(0o600)
        app.run("workspace", "add", f"w{number}", "--token-file", str(token))
        app.slack.add_workspace(f"w{number}", f"xoxb-{number}", ["C0000000001"])
        app.add_schedule(f"s{number}", as_of=due_at - 30_000, at=rfc3339(due_at), workspace=f"w{number}", grace="1h")
    app.tick(now_ms())
    app.slack.order("drop_before", times=WORKSPACES)
    app.slack.order("hold_before", method="conversations.history", times="forever")


def test_slow_histories_of_many_workspaces_hold_up_no_post(app: App) -> None:
    app.timeout_s = 8
    unknown_in_many(app)
    app.start("work", "--processes", "1", "--in-flight", "1")
    until(lambda: app.slack.waiting() >= 3, within=WITHIN)
    app.add_schedule("other", cron="0 0 1 1 *", channel="C0000000002")
    app.run("run-now", "other")
    until(lambda: "other" in app.slack.texts(), within=4)
