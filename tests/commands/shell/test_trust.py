"""Files that are found are trusted only if nobody else may write them; files are private when they are made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app import App

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")


def run_here(app: App, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that finds its files in the current folder."""
    return app.run(*words, SCHEDBOT_CONFIG="", SCHEDBOT_DATABASE="", SLACK_BOT_TOKEN="")


def give_away(path: Path) -> None:
    os.chown(path, 65534, 65534)


@needs_root
@pytest.mark.parametrize("name", ["schedbot.toml", "schedbot.db"])
def test_found_file_of_another_user_is_refused(app: App, name: str) -> None:
    path = app.folder / name
    give_away(path)
    done = run_here(app, "list")
    option = "--config" if name.endswith("toml") else "--database"
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{path}' was found, not named, and it belongs to nobody, not to root." in done.stderr
    assert f"name it: {option} {path}" in done.stderr
    assert run_here(app, option, str(path), "list").returncode == 0


@pytest.mark.parametrize("name", ["schedbot.toml", "schedbot.db"])
def test_found_file_that_others_write_is_refused(app: App, name: str) -> None:
    (app.folder / name).chmod(0o664)
    done = run_here(app, "list")
    assert done.returncode == 2
    assert "can be written by others (mode 0664)" in done.stderr
    assert f"chmod go-w {app.folder / name}" in done.stderr


@needs_root
def test_doctor_does_not_run_a_found_token_command(app: App) -> None:
    ran = app.folder / "ran"
    app.config.write_text(f"[slack]\ntoken_command = 'touch {ran}'")
    give_away(app.config)
    assert run_here(app, "doctor").returncode == 1
    assert app.run("doctor", SLACK_BOT_TOKEN="").stdout.count("'schedbot doctor --online' runs it") == 1
    assert not ran.exists()
    app.run("doctor", "--online", SLACK_BOT_TOKEN="")
    assert ran.exists()


@pytest.mark.parametrize("content", ["[slack]\ntoken_command = 'echo'", "[reports.a]\npython = 'a:b'"])
def test_config_that_others_write_names_no_command(app: App, content: str) -> None:
    app.config.write_text(content)
    app.config.chmod(0o666)
    done = app.run("list")
    assert done.returncode == 2
    assert f"'{app.config}' names commands or code, and can be written by others (mode 0666)." in done.stderr
    app.config.write_text("")
    assert app.run("list").returncode == 0


@pytest.mark.slow
def test_made_files_are_private_under_any_umask(app: App) -> None:
    command = 'umask 000; "$0" -m schedbot init && "$0" -m schedbot tick'
    folder = app.folder / "new"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    env = app.environment(SCHEDBOT_DATABASE="", SCHEDBOT_CONFIG=str(folder / "schedbot.toml"))
    done = subprocess.run(["bash", "-c", command, sys.executable], env=env, cwd=folder, capture_output=True, text=True)
    assert f"The folder '{folder}' can be written by others (mode 0777): chmod go-w {folder}" in done.stdout
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes.keys() >= {"schedbot.toml", "schedbot.db", "schedbot.db-lock"}
    assert set(modes.values()) == {0o600}
    doctor = subprocess.run([sys.executable, "-m", "schedbot", "doctor"], env=env, capture_output=True, text=True)
    assert f"chmod go-w {folder}" in doctor.stdout
