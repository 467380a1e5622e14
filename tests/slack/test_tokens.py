"""Token sources: variable, file and command; no error shows a part of the token."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack import tokens
from schedbot.slack.tokens import read_token
from tests.support.app import until

TOKEN = "xoxb-sandbox-acme"
SECRET = "hunter2-and-more"


def refusal(source: TokenSource) -> TokenUnavailable:
    with pytest.raises(TokenUnavailable) as error:
        read_token(source)
    assert SECRET not in f"{error.value} {error.value.hint} {error.value.__cause__}"
    return error.value


def token_file(folder: Path, content: str, mode: int = 0o600) -> TokenSource:
    path = folder / "token"
    path.write_text(content)
    path.chmod(mode)
    return TokenSource("file", str(path))


def token_command(program: str) -> TokenSource:
    return TokenSource("command", shlex.join([sys.executable, "-c", program]))


@pytest.mark.parametrize("token", [TOKEN, "xoxp-1-2-abc", "xoxe.xoxb-1-Mi0yLTEyMzQ1"])
def test_token_is_read_from_a_variable(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", token)
    assert read_token(TokenSource("env", "ACME_TOKEN")) == token


def test_token_is_read_from_a_private_file(tmp_path: Path) -> None:
    assert read_token(token_file(tmp_path, f"{TOKEN}\n")) == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_file_readable_by_others_is_refused_with_chmod(mode: int, tmp_path: Path) -> None:
    error = refusal(token_file(tmp_path, TOKEN, mode))
    assert "can be read by others" in str(error)
    assert error.hint == f"chmod 600 {tmp_path / 'token'}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change a file's owner")
def test_file_of_another_user_is_refused(tmp_path: Path) -> None:
    source = token_file(tmp_path, TOKEN)
    os.chown(source.place, 12_345, -1)
    assert "belongs to another user" in str(refusal(source))


def test_missing_file_is_named(tmp_path: Path) -> None:
    assert str(refusal(TokenSource("file", str(tmp_path / "none")))) == (
        f"The token file '{tmp_path / 'none'}' cannot be read: no such file or directory."
    )


def test_folder_is_refused(tmp_path: Path) -> None:
    assert "is a directory" in str(refusal(TokenSource("file", str(tmp_path))))


def test_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token", 0o600)
    assert "is not a regular file" in str(refusal(TokenSource("file", str(tmp_path / "token"))))


def test_token_is_the_first_line_a_command_prints() -> None:
    assert read_token(token_command(f"print('{TOKEN}'); print('second line')")) == TOKEN


def test_command_runs_without_a_shell(tmp_path: Path) -> None:
    refusal(TokenSource("command", f"echo {SECRET} > {tmp_path / 'shell-ran'}"))
    assert not (tmp_path / "shell-ran").exists()


def test_failed_command_is_named_without_its_arguments() -> None:
    error = refusal(token_command(f"import sys; sys.exit('{SECRET}')"))
    assert str(error) == f"The token command ({sys.executable}) exited with 1."


@pytest.mark.parametrize("place", ["no-such-program-here --token x", "'unclosed", "   "])
def test_command_that_cannot_run_is_an_error(place: str) -> None:
    assert "cannot be run" in str(refusal(TokenSource("command", place)))


def test_unset_variable_is_named() -> None:
    assert str(refusal(TokenSource("env", "NO_SUCH_TOKEN"))).startswith("The variable NO_SUCH_TOKEN is not set")


@pytest.mark.parametrize("value", [f"xoxb-{SECRET} x", f"xoxb-{SECRET}\nxoxb-second", f"Bearer xoxb-{SECRET}"])
def test_malformed_token_is_refused_without_being_shown(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", value)
    assert "does not look like a Slack token" in str(refusal(TokenSource("env", "ACME_TOKEN")))


def test_empty_token_file_is_an_error(tmp_path: Path) -> None:
    assert "is empty" in str(refusal(token_file(tmp_path, "\n")))


def test_missing_token_source_hints_at_the_settings() -> None:
    assert "SLACK_BOT_TOKEN" in refusal(TokenSource("setting")).hint


def test_command_that_prints_without_end_is_ended() -> None:
    error = refusal(token_command("while True: print('x' * 4096)"))
    assert str(error) == f"The token command ({sys.executable}) printed more than 4096 bytes."


def test_overdue_command_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "COMMAND_SECONDS", 1)
    pid_file = tmp_path / "pid"
    start = f"c = subprocess.Popen(['sleep', '60']); open('{pid_file}', 'w').write(str(c.pid))"
    script = f"import subprocess; {start}; c.wait()"
    assert "took over 1 s" in str(refusal(token_command(script)))
    state = Path(f"/proc/{pid_file.read_text()}/stat")
    until(lambda: not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z", within=5)
