"""Shut-down of a pool: its deadline, its summary, and the things that it does not wait for."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.crash import child_pids
from schedbot.admin.schedules import pause
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.store.jobs import attempt_ends, attempts, claims
from tests.support.app import App, until
from tests.support.job_history import HOUR, NOW, new_job_history
from tests.support.sql import read_value


@pytest.mark.slow
def test_drain_leaves_jobs_of_live_pool_to_it(app: App) -> None:
    app.timeout_s = 60
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    assert app.work(within=25).returncode == 0
    assert app.states() == {"running": 1}
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1})
    pool.terminate()


@pytest.mark.slow
def test_stopped_pool_keeps_its_deadline(app: App) -> None:
    app.lease_s = 60
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    for child in child_pids(pool.pid):
        os.kill(child, signal.SIGSTOP)
    stopped_at = time.monotonic()
    pool.terminate()
    pool.communicate(timeout=30)
    assert 6.0 <= time.monotonic() - stopped_at < 7.5  # the time-out of a request, and 5 s


@pytest.mark.slow
def test_stopped_pool_ends_with_its_last_post(app: App) -> None:
    app.timeout_s, app.lease_s = 60, 60
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    pool.terminate()
    assert pool.stderr
    assert any("shutdown_started" in line for line in pool.stderr)
    app.slack.release()
    pool.communicate(timeout=5)  # sooner than at its next heartbeat
    assert app.states() == {"succeeded": 1}


@pytest.mark.slow
def test_summary_counts_job_cancelled_by_pause(app: App) -> None:
    app.add_schedule("yearly", cron="0 0 1 1 *")
    app.run("run-now", "yearly")
    app.slack.order("drop_before")
    pool = app.start("work", "--processes", "1", "--drain")
    until(lambda: app.states() == {"unknown": 1})
    pause.pause(app.session(), ["yearly"], "", "")
    _, summary = pool.communicate(timeout=60)
    assert app.states() == {"cancelled": 1}
    assert summary.splitlines()[-1] == "1 job ended: 1 cancelled."


def test_attempt_that_ends_after_pause_cancels_its_job(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        history.add_job(history.add_schedule("daily"), "queued")
        with history.db.writing():
            [job] = claims.claim(history.db, claims.ClaimRequest(NOW, 1, NOW + HOUR))
            attempts.begin(history.db, attempts.AttemptStart(job.id, job.token, 1, job.channel, "pool", NOW, NOW), NOW)
        pause.pause(history.session, ["daily"], "", "")
        result = AttemptResult(Outcome.RATE_LIMITED, "ratelimited")
        with history.db.writing():
            end = attempt_ends.AttemptEnd(job.id, job.token, 1, NOW, result, JobState.QUEUED, NOW, spent=0)
            assert attempt_ends.end_all(history.db, [end]) == ["cancelled"]


def test_work_fails_at_once_on_unwritable_database(app: App) -> None:
    app.add_due_jobs(1)
    # No file may grow, as on a full disk.
    line = f"ulimit -f 0; exec {sys.executable} -m schedbot work --drain"
    done = subprocess.run(
        ["bash", "-c", line], env=app.environment(), cwd=app.folder, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The disk that holds '")
    assert "No job was due." not in done.stderr


@pytest.mark.slow
def test_stopped_pool_does_not_wait_forever_for_full_disk(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats WHERE kind = 'pool'"))
    app.add_due_jobs(1)
    app.slack.order("hold")
    app.db.wake()
    app.slack.wait_for_held(1)
    resource.prlimit(pool.pid, resource.RLIMIT_FSIZE, (0, 0))
    app.slack.release()
    pool.terminate()
    assert pool.wait(timeout=30) == 1
    assert app.work().returncode == 0
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["report-0"])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT], ids=["hang-up", "quit"])
def test_hang_up_and_quit_end_pool_as_sigterm(app: App, number: signal.Signals) -> None:
    app.timeout_s = 20
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    for process in (*child_pids(pool.pid), pool.pid):
        os.kill(process, signal.SIGUSR1)
        os.kill(process, number)
    assert pool.stderr is not None
    assert any("shutdown_started" in line for line in pool.stderr)
    os.kill(pool.pid, signal.SIGHUP)  # the second, of the terminal's shell
    app.slack.release()
    assert (pool.wait(timeout=30), app.states()) == (0, {"succeeded": 1})


@pytest.mark.slow
def test_terminal_signals_only_the_pool(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "2")
    app.slack.wait_for_held(1)
    groups = {os.getpgid(child) for child in child_pids(pool.pid)}
    assert len(groups) == 2
    assert os.getpgid(pool.pid) not in groups


@pytest.mark.slow
def test_pool_under_nohup_outlives_its_terminal(app: App) -> None:
    app.add_due_jobs(1)
    line = f"trap '' HUP; exec {sys.executable} -m schedbot work --processes 1"
    pool = subprocess.Popen(["bash", "-c", line], env=app.environment(), cwd=app.folder, stderr=subprocess.PIPE)
    until(lambda: app.states() == {"succeeded": 1})
    pool.send_signal(signal.SIGHUP)
    app.run("run-now", "report-0")
    until(lambda: app.states() == {"succeeded": 2})
    pool.terminate()
    pool.communicate(timeout=30)
