"""`schedbot demo` runs the real commands, and leaves no files or processes however it ends."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import until

pytestmark = pytest.mark.slow

Program = subprocess.Popen[bytes]
PROGRAM = [sys.executable, "-m", "schedbot", "demo"]


def environment(folder: Path) -> dict[str, str]:
    """Return an environment with the test's own temporary folder, which must be empty at the end."""
    return {**os.environ, "TMPDIR": str(folder), "TERM": "xterm"}


def list_processes(folder: Path) -> list[str]:
    """Return the command lines of processes that have this folder in their environment."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # A zombie has no command line.
            if str(folder).encode() in (process / "environ").read_bytes() and (process / "cmdline").read_bytes():
                commands.append((process / "cmdline").read_bytes().decode())
        except OSError:
            continue
    return commands


@pytest.fixture(scope="module")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One whole run without a terminal, and its temporary folder."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        PROGRAM, env=environment(folder), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=110
    )
    return folder, done


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Program]:
    """A run on a terminal (by `script`); its keyboard is `stdin`."""
    command = ["script", "-qefc", " ".join(PROGRAM), "/dev/null"]
    program = subprocess.Popen(command, env=environment(tmp_path), stdin=-1, stdout=-1, stderr=-2)
    yield program
    program.kill()
    program.communicate()


def read_until(program: Program, words: bytes) -> bytes:
    """Return the output up to these words."""
    assert program.stdout is not None
    output = b""
    while words not in output:
        piece = os.read(program.stdout.fileno(), 4096)
        assert piece, f"it ended before {words!r}: {output!r}"
        output += piece
    return output


def test_demo_succeeds(finished_demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = finished_demo
    assert done.returncode == 0, done.stdout + done.stderr
    for command in ("init --example .", "reports", "work &", "add la-standup", "tick", "audit"):
        assert f"$ schedbot {command}" in done.stdout
    assert re.search(r"berlin-backup +succeeded", done.stdout)
    assert re.search(r"sao-paulo-old +failed +is_archived", done.stdout)
    assert "Every message was posted exactly once" in done.stdout
    assert "Enqueued 1," in done.stdout.partition("$ schedbot tick")[2].partition("$")[0]
    assert re.search(r"tokyo-later +queued", done.stdout)


def test_demo_draws_the_posted_messages(finished_demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, _, drawn = finished_demo[1].stdout.partition("The messages in Slack")
    assert re.findall(r"^#[a-z]+$", drawn, re.MULTILINE) == ["#general", "#reports", "#ops"]
    assert "  | Acme & Sons: your week" in drawn
    assert drawn.count("Backup: 14 of 14 done.") == 1


def test_demo_without_a_terminal_has_plain_lines(finished_demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = finished_demo
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert str(folder) not in done.stdout


def test_demo_leaves_no_files_and_processes(finished_demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = finished_demo
    assert list(folder.iterdir()) == []
    assert list_processes(folder) == []


@pytest.mark.parametrize("moment", [b"Its page", b"work", b"lord-howe", b"jobs ended;"])
def test_ctrl_c_leaves_no_files_and_processes(running: Program, tmp_path: Path, moment: bytes) -> None:
    assert running.stdin is not None
    read_until(running, moment)
    assert list(tmp_path.iterdir()) != []
    running.stdin.write(b"\x03")
    running.stdin.flush()
    read_until(running, b"No process is left.")
    assert running.wait(10) != 0
    assert list(tmp_path.iterdir()) == []
    assert list_processes(tmp_path) == []


def test_sigterm_leaves_no_files_and_processes(tmp_path: Path) -> None:
    program = subprocess.Popen(PROGRAM, env=environment(tmp_path), stdout=-1, stderr=-3)
    read_until(program, b"$ schedbot add")
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=20)
    assert program.returncode == 1
    assert list(tmp_path.iterdir()) == []
    until(lambda: list_processes(tmp_path) == [])


def test_kept_sandbox_serves_its_page(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    command = [*PROGRAM, "--keep", "--dir", str(folder)]
    program = subprocess.Popen(command, env=environment(tmp_path), stdout=-1, stderr=-3)
    page = re.findall(rb"Page: (\S+)", read_until(program, b"Ctrl-C stops the sandbox."))[0].decode()
    assert urllib.request.urlopen(page, timeout=10).status == 200
    program.send_signal(signal.SIGINT)
    output = program.communicate(timeout=20)[0].decode()
    assert (program.returncode, output.count("Traceback")) == (0, 0), output
    assert list_processes(tmp_path) == []
    config = ["--config", str(folder / "schedbot.toml")]
    audit = subprocess.run([*PROGRAM[:-1], *config, "audit", "1"], capture_output=True, text=True, timeout=30)
    assert "the message is in the channel's history" in audit.stdout


def test_no_color_is_honoured_on_a_terminal(tmp_path: Path) -> None:
    command = ["script", "-qefc", " ".join(PROGRAM), "/dev/null"]
    program = subprocess.Popen(command, env={**environment(tmp_path), "NO_COLOR": "1"}, stdin=-1, stdout=-1, stderr=-2)
    assert b"\x1b" not in read_until(program, b"work &")
    program.communicate(b"\x03", timeout=20)
    assert list_processes(tmp_path) == []


def test_folder_with_a_database_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "schedbot.db").write_text("mine")
    done = subprocess.run([*PROGRAM, "--dir", str(tmp_path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "already contains schedbot.db" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["schedbot.db"]
    assert (tmp_path / "schedbot.db").read_text() == "mine"
