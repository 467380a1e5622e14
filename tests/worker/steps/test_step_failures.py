"""Unexpected errors in a running pool: each ends what it is about, is logged with its place, and the pool goes on."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

import schedbot
from schedbot import log
from schedbot.session import Session
from schedbot.worker.pool import Pool
from schedbot.worker.state.step_failures import StepFailures, StepKeepsFailing
from tests.support.app import TOKEN, App, now_ms, until
from tests.support.sql import read_row, read_value


def damage(app: App, *statements: str) -> None:
    """Write into the database as another program would, without its constraints."""
    other = apsw.Connection(str(app.path))
    other.set_busy_timeout(5_000)
    other.execute("PRAGMA ignore_check_constraints = ON")
    guards = "SELECT name FROM sqlite_schema WHERE tbl_name = 'schedule_versions' AND type = 'trigger'"
    for (name,) in other.execute(guards).fetchall():
        other.execute(f"DROP TRIGGER {name}")
    for sql in statements:
        other.execute(sql)
    other.close()


# Values that this program never writes: for the read of a claim, and for the calendar at the start of a delivery.
UNREADABLE = {
    "params are no JSON": "params = '{'",
    "params are no text": "params = CAST(x'7bff7d' AS TEXT)",
    "window is no window": "send_window = 'noon'",
    "outside is no policy": "outside = 'x', blackout = 'y'",
}
SPOIL = "UPDATE schedule_versions SET {} WHERE report_source = 'report-1'"


@pytest.mark.slow
@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_job_stops_no_other(app: App, value: str) -> None:
    app.add_due_jobs(3)
    damage(app, SPOIL.format(value))
    done = app.work()
    assert (app.states(), sorted(app.slack.texts())) == ({"succeeded": 2, "queued": 1}, ["report-0", "report-2"])
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "step_failed" in done.stderr
    assert "place=schedbot/" in done.stderr
    available_at = read_value(app.db, "SELECT available_at FROM jobs WHERE state = 'queued'")
    assert available_at > now_ms() + 60_000


@pytest.mark.slow
def test_unreadable_job_is_missed_when_its_grace_ends(app: App) -> None:
    app.add_due_jobs(2)
    damage(app, SPOIL.format("params = '{'"), "UPDATE jobs SET deadline_at = due_at WHERE id = 2")
    app.work()
    assert app.states() == {"succeeded": 1, "missed": 1}


# Triggers stand for whatever makes one write fail: of the intent, of the end, and of the job that goes back.
REFUSED_WRITES = {
    "intent": "BEFORE INSERT ON attempts WHEN NEW.job_id = 2",
    "end": "BEFORE UPDATE OF state ON jobs WHEN NEW.id = 2 AND NEW.state = 'succeeded'",
}


@pytest.mark.slow
@pytest.mark.parametrize("when", REFUSED_WRITES.values(), ids=REFUSED_WRITES.keys())
def test_write_of_one_job_that_fails_stops_no_other(app: App, when: str) -> None:
    app.add_due_jobs(3)
    damage(app, f"CREATE TRIGGER refused {when} BEGIN SELECT RAISE(ABORT, 'refused'); END")
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states().get("succeeded") == 2)
    until(lambda: app.states() == {"succeeded": 2, "queued": 1} or len(app.posts()) == 3)
    damage(app, "DROP TRIGGER refused", "UPDATE jobs SET available_at = due_at WHERE state = 'queued'")
    until(lambda: app.states() == {"succeeded": 3}, within=60)
    assert (pool.poll(), sorted(app.slack.texts())) == (None, ["report-0", "report-1", "report-2"])


def install(app: App, module: str, change: Callable[[str], str]) -> None:
    """Copy the program into the app's folder, from which its commands then run, with another version of a module."""
    folder = app.folder / "schedbot"
    shutil.copytree(Path(schedbot.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / module
    path.write_text(change(path.read_text()))


ANSWER = "        if not self.unsent:\n"
GARBAGE = {
    "no JSON": r'self.writer.write(b"garbage\n")',
    "no object": r'self.writer.write(b"[7]\n")',
    "unknown type": r'self.writer.write(b"{\"type\": \"Other\"}\n")',
    "unknown look-up": r'self.writer.write(b"{\"type\": \"LookUpFailed\", \"number\": 77, \"reason\": \"\"}\n")',
}


@pytest.mark.slow
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_poster_that_sends_garbage_is_replaced(app: App, garbage: str) -> None:
    """The first poster sends it after its first post; the pool then looks the post up, and it is there once."""
    once = str(app.folder / "sent")
    spoil = f"""\
        import os, pathlib
        if isinstance(response, PostResponse) and not os.path.exists({once!r}):
            pathlib.Path({once!r}).touch()
            {garbage}
            return
"""
    install(app, "worker/children/poster.py", lambda source: source.replace(ANSWER, spoil + ANSWER))
    app.add_due_jobs(3)
    done = app.run("work", "--drain", "--processes", "1")
    assert (done.returncode, app.states()) == (0, {"succeeded": 3})
    assert sorted(app.slack.texts()) == ["report-0", "report-1", "report-2"]
    assert "step_failed step=child_message" in done.stderr
    assert "child_died" in done.stderr


@pytest.mark.slow
def test_claim_that_keeps_failing_ends_pool(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.add_due_jobs(1)
    pool = Pool(Session(replace(app.settings, processes=1), app.db, app.clock))
    pool.in_flight.failures.give_up_ms = 3_000
    damage(app, "ALTER TABLE direct_messages RENAME TO elsewhere")
    ticks_before = os.times().user
    with pytest.raises(StepKeepsFailing, match=r"^The step '\w+' has failed for \d s: \w+ at schedbot/store/"):
        pool.run()
    assert os.times().user - ticks_before < 2
    damage(app, "ALTER TABLE elsewhere RENAME TO direct_messages")
    assert app.work().returncode == 0
    assert app.states() == {"succeeded": 1}


def fail() -> None:
    raise ValueError(TOKEN)


def test_failing_step_pauses_and_another_runs() -> None:
    failures = StepFailures()
    runs: list[str] = []
    failures.run("bad", fail)
    failures.run("bad", lambda: runs.append("bad"))
    failures.run("good", lambda: runs.append("good"))
    assert (runs, failures.is_any_pausing(), failures.fatal) == (["good"], True, None)
    until(lambda: not failures.is_any_pausing(), within=5)
    failures.run("bad", lambda: runs.append("bad"))
    assert runs == ["good", "bad"]


def test_step_that_succeeds_between_is_not_fatal() -> None:
    failures = StepFailures(give_up_ms=1)
    for _ in range(3):
        until(lambda: not failures.is_any_pausing(), within=5)
        failures.run("step", fail)
        failures.clear("step")
    assert failures.fatal is None


def test_log_of_failure_has_place_and_no_secret(capsys: pytest.CaptureFixture[str], app: App) -> None:
    try:
        app.db.integer("SELECT 'xoxb-secret-token'")
    except TypeError as error:
        log.failure("claim", error, job=7)
    line = capsys.readouterr().err
    assert "error step_failed step=claim error=TypeError place=schedbot/store/" in line
    assert ("job=7" in line, "secret" in line) == (True, False)


@pytest.mark.slow
def test_unreadable_unknown_job_stops_no_look_up(app: App) -> None:
    app.add_due_jobs(2)
    damage(
        app,
        "UPDATE jobs SET state = 'unknown', attempts = 1, available_at = due_at, error = 'timeout'",
        "INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, ended_at,"
        " outcome) SELECT id, 1, workspace_id, 1, 'C' || id, 'p/1', due_at, due_at, due_at, 'unknown' FROM jobs",
        "UPDATE jobs SET error = CAST(x'ff' AS TEXT) WHERE id = 1",
    )
    pool = app.start("work", "--processes", "1")
    until(lambda: read_row(app.db, "SELECT count(*) FROM lookups WHERE job_id = 2") != (0,))
    pool.terminate()
    _, errors = pool.communicate(timeout=20)
    assert (pool.returncode, "step=read_job" in errors) == (0, True)
