"""When a pool ends, what it says then, and what it does not wait for."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.crash import children
from schedbot.admin.schedules import pause
from schedbot.model import AttemptResult, JobState, Outcome, TokenSource
from schedbot.store.jobs import attempts, claims
from schedbot.store.jobs.unknown import LookUpResult, UnknownJob
from schedbot.worker.children.poster import Conditions
from schedbot.worker.state.circuit_breaker import IN_A_ROW
from schedbot.worker.state.in_flight import Hand
from schedbot.worker.state.poster_handle import JOBS_OF_A_CHILD, Seat
from schedbot.worker.state.write_queue import Ledger
from schedbot.worker.steps.reconcile import Rescue
from tests.support.app import App, until
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.sql import read_value


def test_a_drain_leaves_to_another_pool_what_that_has_in_hand(app: App) -> None:
    app.timeout_s = 60
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for(1)
    assert app.work(within=25).returncode == 0
    assert app.states() == {"running": 1}
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1})
    pool.terminate()


def test_a_pool_that_was_asked_to_stop_keeps_its_deadline(app: App) -> None:
    app.lease_s = 60
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for(1)
    for child in children(pool.pid):
        os.kill(child, signal.SIGSTOP)
    asked = time.monotonic()
    pool.terminate()
    pool.communicate(timeout=30)
    assert 6.0 <= time.monotonic() - asked < 7.5  # the time-out of a request, and 5 s


def test_a_post_that_is_not_sent_again_because_of_a_pause_is_told_as_cancelled(app: App) -> None:
    app.add_schedule("yearly", cron="0 0 1 1 *")
    app.run("run-now", "yearly")
    app.slack.order("drop_before")
    pool = app.start("work", "--processes", "1", "--drain")
    until(lambda: app.states() == {"unknown": 1})
    pause.pause(app.session(), ["yearly"], "", "")
    _, told = pool.communicate(timeout=60)
    assert app.states() == {"cancelled": 1}
    assert "Ended 1 job: 1 cancelled. 1 try left its job waiting: 1 unknown." in told


def test_an_attempt_that_ends_while_its_schedule_rests_leaves_its_job_cancelled(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        history.add_job(history.add_schedule("daily"), "queued")
        with history.db.writing():
            [job] = claims.claim(history.db, claims.ClaimRequest(NOW, 1, NOW + HOUR))
            attempts.begin(
                history.db, attempts.AttemptStart(job.id, job.token, 1, job.channel, "pool", NOW, NOW), NOW, NOW
            )
        pause.pause(history.session, ["daily"], "", "")
        reply = AttemptResult(Outcome.RATE_LIMITED, "ratelimited")
        with history.db.writing():
            end = attempts.AttemptEnd(job.id, job.token, 1, NOW, reply, JobState.QUEUED, NOW, spent=0)
            assert attempts.end(history.db, end) == "cancelled"


def unknown(number: int) -> UnknownJob:
    source, sent_at = TokenSource("setting"), NOW + number
    rest = (5, "hold", 0, None, NOW)
    return UnknownJob(number, "s", "s", "acme", "acme", source, NOW, NOW, 1, 1, "C1", sent_at, None, *rest)


def rescue(history: JobHistory) -> Rescue:
    return Rescue(Hand(history.session, Ledger(), [], "pool", "installation-1"))


def test_what_waits_to_be_looked_up_is_not_gathered_again_where_its_look_up_is_full(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        one = rescue(history)
        for _ in range(2):
            one.gather([unknown(number) for number in range(150)])
        assert [len(ask.jobs) for ask in one.queue] == [100, 50]


def test_a_child_that_has_had_its_share_is_asked_for_no_look_up(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        one = rescue(history)
        one.hand.seats.append(Seat(Conditions("http://127.0.0.1:9/api/", 1_000, 1)))
        one.hand.seats[0].ready, one.hand.seats[0].taken = True, JOBS_OF_A_CHILD
        one.gather([unknown(1)])
        one.ask_next()
        one.hand.seats[0].kill()
        assert len(one.queue) == 1


@pytest.mark.parametrize(("in_a_row", "state"), [(IN_A_ROW, JobState.QUEUED), (IN_A_ROW - 1, JobState.FAILED)])
def test_a_last_attempt_that_did_not_arrive_ends_no_job_in_an_outage(
    tmp_path: Path, in_a_row: int, state: JobState
) -> None:
    spent = replace(unknown(1), spent=5, deadline_at=NOW + HOUR)
    with new_job_history(tmp_path) as history:
        one = rescue(history)
        one.hand.circuit.failures = in_a_row
        assert one.ruled(LookUpResult(spent, NOW, "absent"), NOW, 0)[0] is state


def test_work_does_not_wait_for_a_database_that_it_can_never_write_to(app: App) -> None:
    app.add_due_jobs(1)
    # No file may grow, as on a full disk.
    line = f"ulimit -f 0; exec {sys.executable} -m schedbot work --drain"
    done = subprocess.run(
        ["bash", "-c", line], env=app.environment(), cwd=app.folder, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The disk that holds '")
    assert "Nothing was due." not in done.stderr


def test_a_pool_that_is_asked_to_stop_does_not_wait_for_a_full_disk_for_ever(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats WHERE kind = 'pool'"))
    app.add_due_jobs(1)
    app.slack.order("hold")
    app.db.wake()
    app.slack.wait_for(1)
    resource.prlimit(pool.pid, resource.RLIMIT_FSIZE, (0, 0))
    app.slack.release()
    pool.terminate()
    assert pool.wait(timeout=30) == 1
    assert app.work().returncode == 0
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["report-0"])
