"""Completion in the shell: commands, options, and names of schedules and workspaces; quick, and never an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ADD, Run


def complete(run: Run, line: str, **variables: str) -> list[str]:
    """Return the words that bash offers for the last word of a line."""
    words = line.split(" ")
    done = run(
        COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1), _SCHEDBOT_COMPLETE="complete_bash", **variables
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines() if done.stdout.strip() else []


@pytest.mark.slow
def test_commands_and_options_complete(run: Run) -> None:
    assert complete(run, "schedbot p") == ["pause", "preview", "prune"]
    assert {"add", "list", "health"} <= set(complete(run, "schedbot "))
    assert complete(run, "schedbot workspace res") == ["resume"]
    assert complete(run, "schedbot add x --cr") == ["--cron"]


@pytest.mark.slow
def test_names_of_schedules_complete(run: Run) -> None:
    for name in ("acme-daily", "acme-weekly", "globex", "its own"):
        run("add", name, *ADD)
    for line in ("show ac", "pause globex ac", "audit --schedule ac", "list ac", "why ac", "backfill ac"):
        assert complete(run, f"schedbot {line}") == ["acme-daily", "acme-weekly"]
    assert complete(run, "schedbot show it") == ["its\\ own"]
    assert complete(run, "schedbot show zz") == []
    assert complete(run, "schedbot add ac") == []


@pytest.mark.slow
def test_names_of_workspaces_complete(run: Run) -> None:
    run("workspace", "add", "acme", "--token-env", "TOKEN_OF_ACME")
    for line in ("workspace pause ", "list --workspace ", "add x --workspace ", "audit --workspace "):
        assert complete(run, f"schedbot {line}") == ["acme", "default"]
    assert complete(run, "schedbot workspace add ") == []


@pytest.mark.slow
def test_completion_reads_the_database_named_in_the_line(run: Run) -> None:
    run("init", "--database", "other.db")
    run("add", "elsewhere", *ADD, "--database", "other.db")
    assert complete(run, "schedbot --database other.db show ") == ["elsewhere"]
    assert complete(run, "schedbot show --database other.db e") == ["elsewhere"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"SCHEDBOT_DATABASE": "nothing.db"},
        {"SCHEDBOT_DATABASE": "text.db"},
        {"SCHEDBOT_CONFIG": "nothing.toml"},
        {"SCHEDBOT_CONFIG": "text.db"},
    ],
    ids=str,
)
def test_completion_without_a_database_is_empty(run: Run, tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "text.db").write_text("not a database\n" * 99)
    assert complete(run, "schedbot show a", **variables) == []
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.slow
def test_completion_of_a_broken_line_is_silent(run: Run) -> None:
    for line in ("schedbot nope x", "schedbot show --frob a", "schedbot show 'a", "schedbot next --cron 0 9 "):
        complete(run, line)
    assert run(_SCHEDBOT_COMPLETE="complete_bash").stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_neither_rich_nor_slack_sdk(run: Run, shell: str) -> None:
    run("add", "acme", *ADD)
    for line in ("schedbot show a", "schedbot ", "schedbot show --"):
        done = run(
            COMP_WORDS=line.replace(" ", "\n"),
            COMP_CWORD=str(line.count(" ")),
            _TYPER_COMPLETE_ARGS=line,
            _TYPER_COMPLETE_FISH_ACTION="get-args",
            _SCHEDBOT_COMPLETE=f"complete_{shell}",
            PYTHONPROFILEIMPORTTIME="1",
        )
        modules = {entry.rpartition("|")[2].strip() for entry in done.stderr.splitlines()}
        assert "schedbot.cli" in modules
        assert not {"rich", "slack_sdk", "jinja2", "croniter", "aiohttp"} & modules
        assert done.stdout.strip()


@pytest.mark.slow
def test_bash_completes_a_name_in_a_real_shell(run: Run, tmp_path: Path) -> None:
    run("add", "acme-weekly", *ADD)
    env = {**os.environ, "_SCHEDBOT_COMPLETE": "source_bash"}  # --show-completion looks for the shell around it
    command = [sys.executable, "-m", "schedbot"]
    script = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60).stdout
    assert "_schedbot_completion() {" in script
    program = shutil.which("schedbot", path=f"{Path(sys.executable).parent}:/usr/bin")
    line = (
        f'{script}\nCOMP_WORDS=(schedbot show acme-w); COMP_CWORD=2; _schedbot_completion "{program}"; '
        'echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "SCHEDBOT_DATABASE": str(tmp_path / "s.db")}
    done = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("acme-weekly\n", "")
