"""A wrong setting is reported with its variable or key, its value and a hint."""

import pytest

from tests.support.app import App


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[work]\nlease = "x"', "'lease' in the configuration file: 'x' is not a duration."),
        ("[slack]\ntimeout = 30", "'timeout' in the configuration file: '30' is not a duration."),
        ('[work]\nlease = "0s"', "'lease' in the configuration file is '0s', which is too short."),
        ("[work]\nin_flight = -1", "'in_flight' in the configuration file is '-1', which is not a number from 1"),
        ("database = 5", "The setting 'database' of '{}' is not a text."),
        ("[slack]\ntoken_file = ['xoxb-1']", "The setting 'token_file' in [slack] of '{}' is not a text."),
        ('[slack]\ntoken_file = "a"\ntoken_command = "b"', "'token_file' and 'token_command' are both set in '{}'."),
        ("[work\n", "The configuration file '{}' is not valid TOML: line 1, column 6."),
        ("database = 'x", "The configuration file '{}' is not valid TOML: end of document."),
        ("# \udcff", "The configuration file '{}' is not UTF-8 text."),
    ],
)
def test_wrong_setting_is_named(app: App, content: str, message: str) -> None:
    app.config.write_text(content, encoding="utf-8", errors="surrogateescape")
    done = app.run("list", SCHEDBOT_LEASE="", SCHEDBOT_SLACK_TIMEOUT="", SCHEDBOT_DATABASE="")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("Error: " + message.format(app.config))
    assert done.stderr.splitlines()[1].startswith("Hint:  ")


def test_wrong_variable_is_named(app: App) -> None:
    assert "SCHEDBOT_LEASE: 'soon' is not a duration." in app.run("list", SCHEDBOT_LEASE="soon").stderr
    assert "SCHEDBOT_IN_FLIGHT is '0', which is not a number" in app.run("list", SCHEDBOT_IN_FLIGHT="0").stderr


def test_init_refuses_a_folder_as_database(app: App) -> None:
    fresh = app.folder / "fresh.toml"
    done = app.run("--config", str(fresh), "--database", str(app.folder), "init")
    assert (done.returncode, fresh.exists()) == (2, False)
    assert done.stderr.startswith(f"Error: '{app.folder}' is a folder.")


@pytest.mark.slow
def test_plain_http_to_another_machine_needs_a_setting(app: App) -> None:
    remote = "http://slack.invalid/api/"
    done = app.run("list", SCHEDBOT_SLACK_API_URL=remote)
    assert done.returncode == 2
    assert "is plain http: tokens could be read on the way" in done.stderr
    assert app.run("list", SCHEDBOT_SLACK_API_URL=remote, SCHEDBOT_SLACK_ALLOW_PLAIN_HTTP="true").returncode == 0
    wrong = app.run("list", SCHEDBOT_SLACK_ALLOW_PLAIN_HTTP="maybe")
    assert "SCHEDBOT_SLACK_ALLOW_PLAIN_HTTP is 'maybe', which is neither true nor false." in wrong.stderr
    app.config.write_text("[slack]\nallow_plain_http = true")
    assert app.run("list", SCHEDBOT_SLACK_API_URL=remote).returncode == 0
    assert "not a web address" in app.run("list", SCHEDBOT_SLACK_API_URL="http://[::1/api/").stderr


@pytest.mark.slow
def test_proxy_is_named_by_workspace_check(app: App) -> None:
    done = app.run(
        *("workspace", "check", "default"),
        SCHEDBOT_SLACK_API_URL="https://slack.invalid/api/",
        ALL_PROXY="http://user:secret@127.0.0.1:9",
        HTTPS_PROXY="",
        HTTP_PROXY="",
        NO_PROXY="",
    )
    assert "ALL_PROXY: http://127.0.0.1:9" in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr
