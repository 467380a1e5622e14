"""A refused token pauses its workspace, unless another has taken its place or a person has resumed it since."""

from tests.support.app import App, now_ms, rfc3339, until
from tests.support.sql import read_rows, read_value

WITHIN = 40  # s: a pool starts, and a lost answer is waited for


def due_in(app: App, workspace: str, token: str, count: int = 2) -> None:
    """Jobs of a workspace of its own that are due now, each in a channel of its own."""
    app.run("workspace", "add", workspace, *token.split(" ", 1))
    due_at = now_ms() // 1000 * 1000
    for number in range(count):
        said = {"channel": f"C{number:010d}", "at": rfc3339(due_at), "workspace": workspace}
        app.add_schedule(f"{workspace}-{number}", as_of=due_at - 30_000, **said)
    app.tick(due_at)


def is_paused(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM workspaces WHERE paused_at IS NOT NULL"))


def test_a_refusal_that_was_on_its_way_at_a_resume_does_not_pause_again(app: App) -> None:
    app.timeout_s = 20
    due_in(app, "initech", "--token-env INITECH_TOKEN")
    app.slack.order("hold_before", channel="C0000000000")
    app.start("work", "--processes", "1", INITECH_TOKEN="xoxb-initech")
    app.slack.wait_for(1, within=WITHIN)
    until(lambda: is_paused(app), within=WITHIN)
    app.slack.add_workspace("initech", "xoxb-initech", ["C0000000000", "C0000000001"])  # the app is there again
    app.run("workspace", "resume", "initech")
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert not is_paused(app)
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1


def kept_in(app: App, token: str) -> str:
    """A token that a command prints, and that Slack knows from now on in place of the one before."""
    (app.folder / "token").write_text(token)
    app.slack.add_workspace("initech", token, [f"C{number:010d}" for number in range(3)])
    return f"--token-command cat {app.folder}/token"


def tries(app: App) -> list[list[str]]:
    return [[attempt["outcome"] for attempt in job["attempts"]] for job in app.audit("--schedule", "initech-*")]


def was_paused(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM changes WHERE command = 'work'"))


def test_a_token_that_was_rotated_behind_its_command_pauses_nothing(app: App) -> None:
    due_in(app, "initech", kept_in(app, "xoxb-one"), count=1)
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    kept_in(app, "xoxb-two")
    assert app.run("run-now", "initech-0").returncode == 0
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert sorted(tries(app)) == [["posted"], ["token_refused", "posted"]]
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1
    assert not was_paused(app)


def test_a_rotated_token_that_is_refused_too_pauses_its_workspace(app: App) -> None:
    due_in(app, "initech", "--token-command date +xoxb-%N", count=1)  # another each time, and none is good
    assert app.work().returncode == 3
    assert tries(app) == [["token_refused", "token_refused"]]
    assert is_paused(app)
    assert read_value(app.db, "SELECT spent FROM jobs") == 0


def test_a_look_up_goes_on_with_a_token_that_was_rotated(app: App) -> None:
    due_in(app, "initech", kept_in(app, "xoxb-one"), count=1)
    app.slack.order("drop_before")
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    kept_in(app, "xoxb-two")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    assert [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")] == ["later", "absent"]
    assert not was_paused(app)
