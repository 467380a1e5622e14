"""Promise 4: a zombie, a pool stopped until its lease has passed, stores no result and starts no post."""

import signal
from pathlib import Path

import pytest

from tests.support.app import FAKETIME, App, Program, now_ms, until
from tests.support.sql import read_rows, read_value


def stop(app: App, pool: Program) -> None:
    """Stop a pool while it holds no write lock: a pool stopped during a write blocks all others."""
    with app.db.writing():
        pool.send_signal(signal.SIGSTOP)
        until(lambda: Path(f"/proc/{pool.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")


def test_zombie_that_wakes_writes_nothing(app: App) -> None:
    app.lease_s = 2
    app.add_due_jobs(1)
    app.slack.order("hold")
    zombie = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    stop(app, zombie)
    app.slack.clear()
    assert app.work(within=60).returncode == 0
    record = read_rows(app.db, "SELECT * FROM jobs, attempts ON attempts.job_id = jobs.id")
    app.slack.release()
    zombie.send_signal(signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.communicate(timeout=30)
    assert read_rows(app.db, "SELECT * FROM jobs, attempts ON attempts.job_id = jobs.id") == record
    assert app.slack.texts() == ["report-0"]
    assert app.states() == {"succeeded": 1}


def test_zombie_that_wakes_sends_nothing(app: App) -> None:
    app.lease_s = 2
    app.add_due_jobs(4, channels=1)
    zombie = app.start("work", "--processes", "1")
    until(lambda: app.states().get("succeeded") == 1)
    stop(app, zombie)
    assert app.work(within=60).returncode == 0
    zombie.send_signal(signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.communicate(timeout=30)
    assert sorted(app.slack.texts()) == [f"report-{number}" for number in range(4)]
    assert app.states() == {"succeeded": 4}


def test_each_claim_draws_a_new_token(app: App) -> None:
    from schedbot.store.jobs import claims

    app.add_due_jobs(1)
    tokens = set()
    for _ in range(3):
        with app.db.writing():
            [job] = claims.claim(app.db, claims.ClaimRequest(after_available(app), 1, after_available(app) + 1))
            claims.release(app.db, job.id, job.token, job.available_at)
        tokens.add(job.token)
    assert len(tokens) == 3


def after_available(app: App) -> int:
    """Return an instant at which every job is available."""
    return int(read_value(app.db, "SELECT max(available_at) FROM jobs")) + 1


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
@pytest.mark.parametrize("hours", ["+1h", "-1h"])
def test_clock_set_by_an_hour_breaks_no_lease(app: App, hours: str) -> None:
    app.lease_s, app.timeout_s = 3, 20
    clock = app.folder / "clock"
    clock.write_text("+0")
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    app.add_due_jobs(2)
    app.slack.order("hold", channel="C0000000000")
    pools = [app.start("work", FAKETIME_DONT_FAKE_MONOTONIC="1", **env) for _ in range(2)]
    app.slack.wait_for_held(1)
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats WHERE kind = 'pool'") == 2)
    clock.write_text(hours)
    until(lambda: read_value(app.db, "SELECT max(abs(lease_until - :now)) > 3000000 FROM jobs", {"now": now_ms()}))
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 2}, within=30)
    assert sorted(app.slack.texts()) == ["report-0", "report-1"]
    assert read_rows(app.db, "SELECT * FROM lookups") == []
    for pool in pools:
        pool.terminate()
