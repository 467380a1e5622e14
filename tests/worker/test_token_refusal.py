"""A refused token pauses its workspace, unless the token was rotated or the workspace resumed meanwhile."""

import pytest

from tests.support.app import TOKEN, App, until
from tests.support.sql import read_rows, read_value

pytestmark = pytest.mark.slow

WITHIN = 40  # s: a pool starts, and waits for a lost answer


def add_due_jobs(app: App, workspace: str, token: str, count: int = 2) -> None:
    """Add a workspace, and jobs of it that are due now, each in its own channel."""
    app.run("workspace", "add", workspace, *token.split(" ", 1))
    app.add_due_schedules({f"{workspace}-{number}": {"workspace": workspace} for number in range(count)})


def is_paused(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM workspaces WHERE paused_at IS NOT NULL"))


def test_refusal_from_before_resume_does_not_pause_again(app: App) -> None:
    app.timeout_s = 20
    add_due_jobs(app, "initech", "--token-env INITECH_TOKEN")
    app.slack.order("hold_before", channel="C0000000000")
    app.start("work", "--processes", "1", INITECH_TOKEN="xoxb-initech")
    app.slack.wait_for_held(1, within=WITHIN)
    until(lambda: is_paused(app), within=WITHIN)
    app.slack.add_workspace("initech", "xoxb-initech", ["C0000000000", "C0000000001"])  # the app is installed again
    app.run("workspace", "resume", "initech")
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert not is_paused(app)
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1


def set_token(app: App, token: str) -> str:
    """Replace the workspace's token, in Slack and in the output of a command. Return the option with that command."""
    (app.folder / "token").write_text(token)
    app.slack.add_workspace("initech", token, [f"C{number:010d}" for number in range(3)])
    return f"--token-command cat {app.folder}/token"


def read_outcomes(app: App) -> list[list[str]]:
    return [[attempt["outcome"] for attempt in job["attempts"]] for job in app.audit("--schedule", "initech-*")]


def was_paused(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM changes WHERE command = 'work'"))


def test_rotated_token_pauses_nothing(app: App) -> None:
    add_due_jobs(app, "initech", set_token(app, "xoxb-one"), count=1)
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    set_token(app, "xoxb-two")
    assert app.run("run-now", "initech-0").returncode == 0
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert sorted(read_outcomes(app)) == [["posted"], ["token_refused", "posted"]]
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1
    assert not was_paused(app)


def test_rotated_token_refused_too_pauses_workspace(app: App) -> None:
    add_due_jobs(app, "initech", "--token-command date +xoxb-%N", count=1)  # a new invalid token each time
    assert app.work().returncode == 3
    assert read_outcomes(app) == [["token_refused", "token_refused"]]
    assert is_paused(app)
    assert read_value(app.db, "SELECT spent FROM jobs") == 0


def test_look_up_continues_with_rotated_token(app: App) -> None:
    add_due_jobs(app, "initech", set_token(app, "xoxb-one"), count=1)
    app.slack.order("drop_before")
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    set_token(app, "xoxb-two")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    assert [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")] == ["later", "absent"]
    assert not was_paused(app)


def test_token_file_that_is_being_written_pauses_nothing(app: App) -> None:
    token = app.folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    app.run("workspace", "add", "initech", "--token-file", str(token))
    app.add_schedule("tps", cron="0 0 1 1 *", workspace="initech")
    app.start("work", "--processes", "1")
    app.run("run-now", "tps")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    token.write_text("")  # the shell's `> token` empties the file before the command writes it
    app.run("run-now", "tps")
    until(lambda: read_value(app.db, "SELECT count(*) = 2 FROM attempts"), within=WITHIN)
    token.write_text(TOKEN)
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert not was_paused(app)


def test_jobs_of_a_revoked_token_are_posted_after_the_resume(app: App) -> None:
    app.add_due_jobs(3, grace="1h")
    app.slack.order("error", method="chat.postMessage", code="token_revoked", times=3)
    app.work()
    assert read_value(app.db, "SELECT stops_grace FROM workspaces") == 1
    ten_hours_ms = 36_000_000
    with app.db.writing():  # as if ten hours had passed
        app.db.execute("UPDATE workspaces SET paused_at = paused_at - :ms", {"ms": ten_hours_ms})
        app.db.execute(
            "UPDATE jobs SET deadline_at = deadline_at - :ms, available_at = available_at - :ms", {"ms": ten_hours_ms}
        )
    assert app.run("workspace", "resume", "default").stdout == "Resumed workspace 'default': 3 jobs will be sent.\n"
    done = app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 3}, 3), done.stderr
