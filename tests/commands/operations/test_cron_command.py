"""`schedbot cron`: one marked block of the user's crontab, and no other byte."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from schedbot.admin.operations import crontab
from schedbot.admin.operations.installed_program import InstalledProgram
from tests.support.app import App

PROGRAM = InstalledProgram(("/opt/a b/schedbot",), {"SCHEDBOT_CONFIG": "/etc/100%/schedbot.toml"})
NEEDS_CRONTAB = pytest.mark.skipif(shutil.which("crontab") is None, reason="apt-get install cron")
OTHERS = "MAILTO=root\n# mine\n5 4 * * sun  backup --all   \n\n"


def read_crontab() -> str:
    return subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False).stdout


@pytest.fixture
def own_crontab() -> Iterator[None]:
    """Keep the user's crontab as it was. One test at a time changes it."""
    with FileLock(Path(tempfile.gettempdir()) / "schedbot-tests-crontab.lock"):
        before = read_crontab()
        yield
        if before:
            subprocess.run(["crontab", "-"], input=before, text=True, check=True)
        else:
            subprocess.run(["crontab", "-r"], capture_output=True, check=False)


def test_block_has_absolute_paths_and_escapes_percent() -> None:
    begin, _, line, end = crontab.build_block(PROGRAM).text.splitlines()
    assert (begin, end) == (
        "# BEGIN schedbot /etc/100%/schedbot.toml",
        "# END schedbot /etc/100%/schedbot.toml",
    )
    assert line == r"* * * * * SCHEDBOT_CONFIG=/etc/100\%/schedbot.toml '/opt/a b/schedbot' tick >/dev/null"


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=80).filter(lambda text: "BEGIN" not in text))
def test_install_and_remove_leave_all_other_bytes(text: str) -> None:
    before, block = text.encode(), crontab.build_block(PROGRAM)
    installed = crontab.replace_block(before, block.name, block.text)
    assert crontab.find_block(installed, block.name) == block.text.encode()
    assert crontab.replace_block(installed, block.name, block.text) == installed
    removed = crontab.replace_block(installed, block.name, "")
    assert removed == (before if not before or before.endswith(b"\n") else before + b"\n")


def test_renewed_block_stays_in_its_place() -> None:
    block = crontab.build_block(PROGRAM)
    old = block.text.replace("tick", "tick --json")
    assert (
        crontab.replace_block((OTHERS + old + OTHERS).encode(), block.name, block.text)
        == (OTHERS + block.text + OTHERS).encode()
    )


@pytest.mark.slow
@NEEDS_CRONTAB
@pytest.mark.usefixtures("own_crontab")
def test_install_show_and_remove_in_the_real_crontab(app: App) -> None:
    subprocess.run(["crontab", "-"], input=OTHERS, text=True, check=True)
    assert app.run("cron", "install", "--dry-run").returncode == 0
    assert read_crontab() == OTHERS
    installed = app.run("cron", "install")
    assert installed.returncode == 0, installed.stderr
    assert read_crontab() == OTHERS + installed.stdout
    assert f"SCHEDBOT_CONFIG={app.config}" in installed.stdout
    assert app.run("cron", "show").stdout == installed.stdout
    assert "Already installed" in app.run("cron", "install").stderr
    assert app.run("cron", "remove").returncode == 0
    assert read_crontab() == OTHERS
    assert "has no lines" in app.run("cron", "show").stderr


def test_crontab_that_refuses_to_remove_is_named(app: App, tmp_path: Path) -> None:
    content = tmp_path / "content"
    program = tmp_path / "crontab"
    program.write_text(f'#!/bin/sh\n[ "$1" = -l ] && exec cat {content}\necho not allowed >&2\nexit 1\n')
    program.chmod(0o755)
    content.write_text(crontab.build_block(InstalledProgram(("/x",), {"SCHEDBOT_CONFIG": str(app.config)})).text)
    refused = app.run("cron", "remove", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: The crontab cannot be read or changed: not allowed")


@pytest.mark.slow
@NEEDS_CRONTAB
@pytest.mark.usefixtures("own_crontab")
def test_line_that_cannot_run_is_not_installed(app: App) -> None:
    before = read_crontab()
    app.close()
    app.path.unlink()
    refused = app.run("cron", "install")
    assert refused.returncode == 1
    assert "A tick fails in the environment of cron: " in refused.stderr
    assert read_crontab() == before
