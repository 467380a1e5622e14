"""Where a token is found, and that no error gives it away."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack.tokens import find

TOKEN = "xoxb-sandbox-acme"
SECRET = "hunter2-and-more"


def refusal(source: TokenSource) -> TokenUnavailable:
    with pytest.raises(TokenUnavailable) as refused:
        find(source)
    assert SECRET not in f"{refused.value} {refused.value.hint} {refused.value.__cause__}"
    return refused.value


def kept(folder: Path, content: str, mode: int = 0o600) -> TokenSource:
    file = folder / "token"
    file.write_text(content)
    file.chmod(mode)
    return TokenSource("file", str(file))


def command(program: str) -> TokenSource:
    return TokenSource("command", shlex.join([sys.executable, "-c", program]))


@pytest.mark.parametrize("token", [TOKEN, "xoxp-1-2-abc", "xoxe.xoxb-1-Mi0yLTEyMzQ1"])
def test_a_token_is_found_in_a_variable(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", token)
    assert find(TokenSource("env", "ACME_TOKEN")) == token


def test_a_token_is_found_in_a_file_of_ones_own(tmp_path: Path) -> None:
    assert find(kept(tmp_path, f"{TOKEN}\n")) == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(mode: int, tmp_path: Path) -> None:
    error = refusal(kept(tmp_path, TOKEN, mode))
    assert "can be read by others" in str(error)
    assert error.hint == f"chmod 600 {tmp_path / 'token'}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    source = kept(tmp_path, TOKEN)
    os.chown(source.place, 12_345, -1)
    assert "belongs to another user" in str(refusal(source))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert str(refusal(TokenSource("file", str(tmp_path / "none")))) == (
        f"The token file '{tmp_path / 'none'}' cannot be read: no such file or directory."
    )


def test_a_folder_is_no_token_file(tmp_path: Path) -> None:
    assert "is a directory" in str(refusal(TokenSource("file", str(tmp_path))))


def test_a_pipe_is_no_token_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token", 0o600)
    assert "is no plain file" in str(refusal(TokenSource("file", str(tmp_path / "token"))))


def test_a_token_is_what_a_command_prints_first() -> None:
    assert find(command(f"print('{TOKEN}'); print('second line')")) == TOKEN


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    refusal(TokenSource("command", f"echo {SECRET} > {tmp_path / 'made-by-a-shell'}"))
    assert not (tmp_path / "made-by-a-shell").exists()


def test_a_failing_command_is_named_by_its_program_and_its_end_alone() -> None:
    error = refusal(command(f"import sys; sys.exit('{SECRET}')"))
    assert str(error) == f"The token command ({sys.executable}) ended with 1."


@pytest.mark.parametrize("place", ["no-such-program-here --token x", "'unclosed", "   "])
def test_a_command_that_cannot_be_run_is_said(place: str) -> None:
    assert "cannot be run" in str(refusal(TokenSource("command", place)))


def test_a_variable_that_is_not_set_is_named() -> None:
    assert str(refusal(TokenSource("env", "NO_SUCH_TOKEN"))).startswith("The variable NO_SUCH_TOKEN is not set")


@pytest.mark.parametrize("value", [f"xoxb-{SECRET} x", f"xoxb-{SECRET}\nxoxb-second", f"Bearer xoxb-{SECRET}"])
def test_what_does_not_look_like_a_token_is_refused_unseen(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", value)
    assert "does not look like a Slack token" in str(refusal(TokenSource("env", "ACME_TOKEN")))


def test_an_empty_place_is_said_to_be_empty(tmp_path: Path) -> None:
    assert "is empty" in str(refusal(kept(tmp_path, "\n")))


def test_a_workspace_without_any_place_for_its_token_is_told_where_to_put_it() -> None:
    assert "SLACK_BOT_TOKEN" in refusal(TokenSource("setting")).hint
