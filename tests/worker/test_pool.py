"""Pool: busy slots, edits of claimed jobs, and the clean end when a newer program replaces this one."""

import os
import shutil
import signal
from pathlib import Path

import pytest

import schedbot
from bench.crash import child_pids
from tests.support.app import App, Program, now_ms, until
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


def test_full_claim_is_followed_by_another_at_once(app: App) -> None:
    app.add_due_jobs(24)
    assert app.run("work", "--drain", "--processes", "1", "--in-flight", "1").returncode == 0
    assert app.states() == {"succeeded": 24}
    spent_ms = read_value(app.db, "SELECT max(ended_at) - min(sent_at) FROM attempts")
    assert spent_ms < 4_000  # at each look of an idle pool one claim: 6 s


NEWER = "9.9.9"
WITHIN = 40  # s: a pool starts


def install(app: App) -> Path:
    """Copy the program into the app's folder, from which its commands then run."""
    folder = app.folder / "schedbot"
    shutil.copytree(Path(schedbot.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def upgrade(program: Path) -> None:
    module = program / "__init__.py"
    module.write_text(module.read_text().replace(schedbot.__version__, NEWER))


def poster_pids(pool: Program, count: int) -> list[int]:
    """Return the process ids of the posters, in the order of their numbers."""
    return sorted(child_pids(pool.pid))[-count:]


def read_log(pool: Program, word: str) -> str:
    """Return the next line of the pool's log that contains the word."""
    assert pool.stderr is not None
    return next(line for line in pool.stderr if word in line)


def test_newer_child_ends_pool_after_posts_in_flight(app: App) -> None:
    program, app.timeout_s = install(app), 20
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "2")
    app.slack.wait_for_held(1, within=WITHIN)
    upgrade(program)
    busy_number = int(read_value(app.db, "SELECT worker FROM attempts").rpartition("/")[2])
    os.kill(poster_pids(pool, 2)[2 - busy_number], signal.SIGKILL)
    assert NEWER in read_log(pool, "newer_program_found")
    app.slack.release()
    error = read_log(pool, "Error: ")
    assert (NEWER in error, schedbot.__version__ in error, pool.wait(WITHIN)) == (True, True, 1)
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["report-0"])


def test_queued_job_at_upgrade_is_posted_once(app: App) -> None:
    program = install(app)
    app.add_due_jobs(1)
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    upgrade(program)
    os.kill(poster_pids(pool, 1)[0], signal.SIGKILL)
    read_log(pool, "child_died")
    app.run("run-now", "report-0")
    assert pool.wait(WITHIN) == 1
    assert app.states() == {"succeeded": 1, "queued": 1}
    assert app.work().returncode == 0
    assert app.slack.texts() == ["report-0", "report-0"]
