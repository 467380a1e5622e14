"""Every snippet of docs/sync.md runs as it stands: files are written, commands print what the page shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "sync.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield file, kind and content of each block of the page."""
    for match in BLOCK.finditer(PAGE.read_text()):
        yield match["file"] or "", match["kind"], match["content"]


def run_shell(script: str, folder: Path) -> str:
    """Run a block of shell; `schedbot` is this program. Returns its output."""
    program = folder / "bin" / "schedbot"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m schedbot "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(PAGE.parents[1])}
    command = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_snippets_of_the_manual_run_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SCHEDBOT_CONFIG", "SCHEDBOT_DATABASE"):
        monkeypatch.delenv(variable, raising=False)
    run_shell("schedbot init", tmp_path)
    printed = ""
    for file, kind, content in blocks():
        if file:
            (tmp_path / file).write_text(content)
        elif kind == "sh":
            printed = run_shell(content, tmp_path)
        elif kind == "text":
            assert printed == content
