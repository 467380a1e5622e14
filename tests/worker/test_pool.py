"""A pool whose child does not answer, whose slots are full, or whose jobs are edited under its hands."""

import os
import signal
from pathlib import Path

from bench.crash import children
from tests.support.app import App, now_ms, until
from tests.support.sql import read_value


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_a_child_that_stopped_answering_is_replaced_and_its_post_settled(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for(1)
    for child in children(pool.pid):
        os.kill(child, signal.SIGSTOP)
    until(lambda: app.states() == {"succeeded": 1}, within=60)
    assert app.slack.texts() == ["report-0"]


def test_a_job_whose_grace_ends_while_its_channel_is_busy_does_not_leave(app: App) -> None:
    app.timeout_s = 20
    app.add_due_jobs(2, channels=1)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET deadline_at = :at WHERE id = 2", {"at": now_ms() + 4_000})
    app.slack.order("hold")
    app.start("work", "--processes", "1")
    app.slack.wait_for(1)
    until(lambda: now_ms() > read_value(app.db, "SELECT deadline_at FROM jobs WHERE id = 2"))
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1, "missed": 1}, within=20)
    assert app.slack.texts() == ["report-0"]


def test_full_slots_cost_the_parent_no_time(app: App) -> None:
    app.timeout_s = 20
    app.add_due_jobs(12)
    app.slack.order("hold", times=12)
    pool = app.start("work", "--processes", "1", "--in-flight", "4")
    app.slack.wait_for(4)
    began, until_at = cpu_ticks(pool.pid), now_ms() + 3_000
    until(lambda: now_ms() > until_at)
    assert cpu_ticks(pool.pid) - began < 100  # of 300, were it spinning


def test_an_edit_of_a_job_in_hand_leaves_its_channels_free(app: App) -> None:
    app.add_due_jobs(2, channels=1)
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1, "running": 1})
    last = read_value(
        app.db, "SELECT s.name FROM jobs j JOIN schedules s ON s.id = j.schedule_id WHERE j.state = 'running'"
    )
    app.run("edit", last, "--channel", "C0000000007", "--text", "moved")
    until(lambda: app.states() == {"succeeded": 2}, within=20)
    assert "moved" in app.slack.texts() or last in app.slack.texts()
    assert len(app.slack.texts()) == 2
    pool.terminate()
