"""A renderer gets no secrets of the environment, and cannot start processes or dump its memory."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bench.crash import child_pids
from schedbot.reports.resource_limits import MEMORY_BYTES
from tests.support.app import App, Program, until
from tests.worker.test_dead_renderers import start_rendering_pool

LIMITED = "import os, resource; from schedbot.reports.resource_limits import limit_resources; limit_resources();"


def run_limited(code: str) -> str:
    """Run Python code under a renderer's limits. Return what it prints."""
    return subprocess.run([sys.executable, "-c", f"{LIMITED} {code}"], stdout=-1, stderr=-2, text=True).stdout


def test_limited_process_starts_no_other() -> None:
    # Root is exempt from the limit.
    assert "Resource temporarily unavailable" in run_limited("os.geteuid() or os.setuid(65534); os.fork()")


def test_limits_stay_below_a_lower_hard_limit() -> None:
    code = "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); limit_resources();"
    assert run_limited(f"{code} print(resource.getrlimit(resource.RLIMIT_AS))") == f"({1 << 29}, {1 << 29})\n"


def find_limited_child(pool: Program) -> Path | None:
    """Return the folder in /proc of the child with a renderer's limit of memory."""
    for child in child_pids(pool.pid):
        with suppress(OSError):
            process = Path(f"/proc/{child}")
            if str(MEMORY_BYTES) in (process / "limits").read_text():
                return process
    return None


@pytest.mark.slow
def test_renderer_has_no_token_in_its_environment(app: App, tmp_path: Path) -> None:
    pool = start_rendering_pool(app, tmp_path / "report.json.j2")
    process = until(lambda: find_limited_child(pool))
    variables = (process / "environ").read_text()
    assert "SLACK" not in variables
    assert "SCHEDBOT" not in variables
    assert "PATH=" in variables
    assert re.search(r"^Max core file size +0 +0 ", (process / "limits").read_text(), re.M)
