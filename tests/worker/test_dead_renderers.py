"""A renderer that is killed: another renderer tries its report once more, and only once."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bench.crash import child_pids
from tests.support.app import App, Program, until
from tests.support.failing_pools import run_limited
from tests.support.sql import read_value
from tests.worker.test_pool import cpu_ticks

pytestmark = pytest.mark.slow

FOR_EVER = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
LIBRARY = "markupsafe"  # only a renderer loads the library of templates
BUSY_TICKS = 30  # more than a renderer takes after it has loaded the library, and before its first report


def start_rendering_pool(app: App, report: Path) -> Program:
    """Start a pool with a report that loops."""
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    report.write_text(FOR_EVER)
    return app.start("work", "--processes", "1")


def find_busy_renderer(pool: Program, dead: int = 0) -> int:
    """Return the process id of the child that renders. Only a report keeps a loaded renderer busy."""
    loaded: dict[int, int] = {}  # processor time when the library was first seen, by child

    def find() -> int | None:
        for child in child_pids(pool.pid):
            with suppress(OSError):  # it ended meanwhile
                if child != dead and LIBRARY in Path(f"/proc/{child}/maps").read_text():
                    ticks = cpu_ticks(child)
                    if ticks - loaded.setdefault(child, ticks) > BUSY_TICKS:
                        return child
        return None

    return int(until(find, within=60))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "starved"])
def test_report_of_lost_renderer_is_posted_once(app: App, tmp_path: Path, number: signal.Signals) -> None:
    report = tmp_path / "report.json.j2"
    pool = start_rendering_pool(app, report)
    renderer = find_busy_renderer(pool)
    report.write_text('{"text": "harmless"}')
    os.kill(renderer, number)
    until(lambda: app.states() == {"succeeded": 1}, within=30 if number is signal.SIGKILL else 40)
    assert app.slack.texts() == ["harmless"]
    assert read_value(app.db, "SELECT count(*) FROM attempts") == 1


def test_report_that_lost_two_renderers_fails(app: App, tmp_path: Path) -> None:
    pool = start_rendering_pool(app, tmp_path / "report.json.j2")
    first = find_busy_renderer(pool)
    os.kill(first, signal.SIGKILL)
    os.kill(find_busy_renderer(pool, dead=first), signal.SIGKILL)
    until(lambda: app.states() == {"failed": 1}, within=30)
    assert [job["error"] for job in app.audit()] == ["render_failed"]
    assert app.slack.texts() == []
    assert "exit code -9" in read_value(app.db, "SELECT detail FROM attempts")


def test_report_that_starves_twice_fails(app: App, tmp_path: Path) -> None:
    pool = start_rendering_pool(app, tmp_path / "report.json.j2")
    first = find_busy_renderer(pool)
    os.kill(first, signal.SIGSTOP)
    until(lambda: first not in child_pids(pool.pid), within=40)
    os.kill(find_busy_renderer(pool, dead=first), signal.SIGSTOP)
    until(lambda: app.states() == {"failed": 1}, within=40)
    assert "took more than 10 s" in read_value(app.db, "SELECT detail FROM attempts")


def test_renderer_is_ended_by_its_limit_of_processor_time() -> None:
    """A report that runs on several cores, or after its pool, may not use more."""
    program = "from schedbot.reports import resource_limits as r; r.CPU_S = 0; r.allow_cpu_time()\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == -signal.SIGXCPU


def test_renderer_starts_under_a_lower_hard_limit(app: App, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    done = run_limited(app, "--as=900000000", "work", "--drain", "--processes", "1")
    assert (done.returncode, app.slack.texts()) == (0, ["harmless"]), done.stderr


def test_looping_renderer_ends_soon_after_its_pool(app: App, tmp_path: Path) -> None:
    pool = start_rendering_pool(app, tmp_path / "report.json.j2")
    renderer = find_busy_renderer(pool)
    pool.kill()
    until(lambda: not Path(f"/proc/{renderer}").exists(), within=40)
