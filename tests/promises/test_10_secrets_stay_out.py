"""Promise 10: no token is in the database, the log, the audit, an error or the process list."""

from pathlib import Path

from tests.support.app import App, until
from tests.support.sql import read_rows

SECRET = "xoxb-1234567890-thisIsTheSecret"


def all_files(app: App) -> str:
    """Return the bytes of every file of the app, as text."""
    files = [path for path in app.folder.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def test_token_is_in_no_file_and_no_output(app: App) -> None:
    app.slack.add_workspace("secret", SECRET, ["C0000000000"])
    app.add_due_jobs(2)
    app.slack.order("error", code="invalid_auth")
    output = ""
    for words in (
        ["work", "--drain"],
        ["audit"],
        ["audit", "1"],
        ["list"],
        ["doctor"],
        ["health"],
        ["workspace", "list"],
    ):
        result = app.run(*words, SLACK_BOT_TOKEN=SECRET)
        output += result.stdout + result.stderr
    assert "invalid_auth" in output
    assert "thisIsTheSecret" not in output + all_files(app)


def test_token_is_not_in_the_process_list(app: App) -> None:
    app.start("work", SLACK_BOT_TOKEN=SECRET)
    until(lambda: read_rows(app.db, "SELECT 1 FROM heartbeats WHERE kind = 'pool'"))
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in lines if b"thisIsTheSecret" in line]


def test_error_about_a_token_file_does_not_show_the_token(app: App) -> None:
    file = app.folder / "token"
    file.write_text(SECRET)
    file.chmod(0o644)
    result = app.run("workspace", "add", "w", "--token-file", str(file))
    file.unlink()
    assert result.returncode == 2
    assert "chmod 600" in result.stderr
    assert "thisIsTheSecret" not in result.stdout + result.stderr + all_files(app)


def test_only_the_owner_can_read_the_database(app: App) -> None:
    app.add_due_jobs(1)
    modes = {path.name: path.stat().st_mode & 0o077 for path in app.folder.glob("schedbot.db*")}
    assert set(modes.values()) == {0}
