"""Pool with a stopped child, a busy channel or full slots."""

import os
import signal
from pathlib import Path

import pytest

from bench.crash import child_pids
from tests.support.app import App, now_ms, until
from tests.support.sql import read_value

pytestmark = pytest.mark.slow


def cpu_ticks(pid: int) -> int:
    """Return the processor time of a process, in ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_stopped_poster_is_replaced_and_its_post_settled(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    for child in child_pids(pool.pid):
        os.kill(child, signal.SIGSTOP)
    until(lambda: app.states() == {"succeeded": 1}, within=60)
    assert app.slack.texts() == ["report-0"]


def test_job_is_missed_when_grace_ends_before_its_turn(app: App) -> None:
    app.timeout_s = 20
    app.add_due_jobs(2, channels=1)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET deadline_at = :at WHERE id = 2", {"at": now_ms() + 4_000})
    app.slack.order("hold")
    app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    until(lambda: now_ms() > read_value(app.db, "SELECT deadline_at FROM jobs WHERE id = 2"))
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1, "missed": 1}, within=20)
    assert app.slack.texts() == ["report-0"]


def test_full_slots_cost_no_processor_time(app: App) -> None:
    app.timeout_s = 20
    app.add_due_jobs(12)
    app.slack.order("hold", times=12)
    pool = app.start("work", "--processes", "1", "--in-flight", "4")
    app.slack.wait_for_held(4)
    ticks_before, until_at = cpu_ticks(pool.pid), now_ms() + 3_000
    until(lambda: now_ms() > until_at)
    assert cpu_ticks(pool.pid) - ticks_before < 100  # a busy loop takes 300
