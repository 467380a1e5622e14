"""A press that is killed from outside: its report is tried once more with another, and only once."""

import os
import signal
from pathlib import Path

from bench.crash import children
from tests.support.app import App, Program, until
from tests.support.sql import read_value
from tests.worker.test_pool import cpu_ticks

FOR_EVER = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
AT_WORK_TICKS = 150  # more than a child's start takes, less than a press's time limit


def pool_that_renders(app: App, report: Path) -> Program:
    report.write_text('{"text": "harmless"}')
    app.add_due_jobs(1, text="", report=str(report))
    report.write_text(FOR_EVER)
    return app.start("work", "--processes", "1")


def press_at_work(pool: Program, dead: int = 0) -> int:
    """The child that renders: nothing else takes that much time."""
    found: list[int] = []

    def busy() -> bool:
        try:
            found[:] = [one for one in children(pool.pid) if one != dead and cpu_ticks(one) > AT_WORK_TICKS]
        except OSError:  # one was buried while we looked
            return False
        return bool(found)

    until(busy, within=30)
    return found[0]


def test_a_report_whose_press_was_killed_is_posted_once(app: App, tmp_path: Path) -> None:
    report = tmp_path / "report.json.j2"
    pool = pool_that_renders(app, report)
    press = press_at_work(pool)
    report.write_text('{"text": "harmless"}')
    os.kill(press, signal.SIGKILL)
    until(lambda: app.states() == {"succeeded": 1}, within=30)
    assert app.slack.texts() == ["harmless"]
    assert read_value(app.db, "SELECT count(*) FROM attempts") == 1


def test_a_report_that_lost_two_presses_has_failed(app: App, tmp_path: Path) -> None:
    pool = pool_that_renders(app, tmp_path / "report.json.j2")
    first = press_at_work(pool)
    os.kill(first, signal.SIGKILL)
    os.kill(press_at_work(pool, dead=first), signal.SIGKILL)
    until(lambda: app.states() == {"failed": 1}, within=30)
    assert [job["error"] for job in app.audit()] == ["render_failed"]
    assert app.slack.texts() == []
    assert "exit code -9" in read_value(app.db, "SELECT detail FROM attempts")


def test_a_report_that_loops_does_not_outlive_its_pool_for_long(app: App, tmp_path: Path) -> None:
    pool = pool_that_renders(app, tmp_path / "report.json.j2")
    press = press_at_work(pool)
    pool.kill()
    until(lambda: not Path(f"/proc/{press}").exists(), within=40)
