"""Calendar at send time: a late pool or a retry posts nothing outside the send window or in a blackout."""

import time

import pytest

from schedbot.clock import steady_ms
from schedbot.store.jobs import claims
from schedbot.store.jobs.claims import ClaimRequest
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App, now_ms, rfc3339
from tests.support.sql import read_rows

HOUR = 3_600_000
MINUTE = 60_000
SECOND = 1_000


# Trigger of one connection: records the jobs with a send window that were claimed and put back.
PUT_BACK = """
CREATE TEMP TRIGGER goes_back AFTER UPDATE ON jobs
WHEN OLD.state = 'running' AND NEW.state = 'queued' AND EXISTS (SELECT 1 FROM schedule_versions v
  WHERE v.schedule_id = OLD.schedule_id AND v.send_window <> '')
BEGIN INSERT INTO put_back VALUES (OLD.id); END
"""


def window(opens_ms: int, closes_ms: int) -> str:
    """Return a daily window in UTC that opens and closes so far from now."""
    clocks = (
        time.strftime("%H:%M", time.gmtime((now_ms() + offset_ms) // 1000)) for offset_ms in (opens_ms, closes_ms)
    )
    return "-".join(clocks)


def add_overdue_job(app: App, **fields: str) -> int:
    """Add a schedule that was due two hours ago and was enqueued then; its job is still queued."""
    due_at = (now_ms() - 2 * HOUR) // 1000 * 1000
    app.add_schedule("report", as_of=due_at - 30_000, at=rfc3339(due_at), **fields)
    return due_at


def read_job(app: App) -> tuple[int, int, int | None, str | None]:
    """Return available_at, deadline_at, deferred_to and deferred_by of the job."""
    return read_rows(app.db, "SELECT available_at, deadline_at, deferred_to, deferred_by FROM jobs")[0]


@pytest.mark.slow
def test_late_pool_defers_job_to_the_opening(app: App) -> None:
    past_window = window(-3 * HOUR, -1 * HOUR)
    add_overdue_job(app, window=past_window)
    assert read_job(app)[2] is None
    assert app.work().returncode == 0
    available_at, deadline_at, deferred_to, reason = read_job(app)
    opening = (now_ms() - 3 * HOUR) // MINUTE * MINUTE + 24 * HOUR
    assert (app.states(), app.posts()) == ({"queued": 1}, [])
    assert abs(available_at - opening) <= MINUTE
    assert (deferred_to, reason) == (available_at, f"outside window: {past_window}")
    assert deadline_at == available_at + 6 * HOUR


@pytest.mark.slow
def test_outside_skip_records_job_as_skipped(app: App) -> None:
    past_window = window(-3 * HOUR, -1 * HOUR)
    add_overdue_job(app, window=past_window, outside="skip")
    assert app.work().returncode == 0
    [entry] = app.audit()
    assert (entry["state"], entry["error"]) == ("skipped", f"outside window: {past_window}")
    assert (entry["deferred_to"], app.posts()) == (None, [])


@pytest.mark.slow
def test_job_tried_before_closing_fails_and_can_be_retried(app: App) -> None:
    past_window = window(-3 * HOUR, -1 * HOUR)
    add_overdue_job(app, window=past_window, outside="skip")
    with app.db.writing():
        app.db.execute("UPDATE jobs SET attempts = 1, spent = 1, error = 'internal_error'")
    assert app.work().returncode == 0
    [entry] = app.audit()
    assert (entry["state"], entry["error"]) == ("failed", f"outside window: {past_window}")
    assert f"Job 1 failed: outside window: {past_window}." in app.run("audit", "1").stdout
    assert app.run("retry", "1", "--yes").returncode == 0
    app.work()
    assert (app.states(), app.posts()) == ({"queued": 1}, [])


@pytest.mark.slow
def test_deferred_job_sent_at_its_opening_is_not_late(app: App) -> None:
    assert app.run("calendar", "set", "--account", "42", "--window", window(0, HOUR)).returncode == 0
    add_overdue_job(app, account="42")
    deferred_to = read_job(app)[2]
    assert deferred_to is not None
    app.work()
    [entry] = app.audit()
    assert (entry["state"], entry["deferred_to"]) == ("succeeded", rfc3339(deferred_to))
    assert "outside window of account 42" in entry["deferred_by"]
    assert entry["lateness_ms"] < 2 * MINUTE
    assert "after its deferred time. Deferred to" in app.run("audit", "1").stdout


@pytest.mark.slow
def test_new_workspace_blackout_skips_queued_job(app: App) -> None:
    add_overdue_job(app)
    today, yesterday = (time.strftime("%F", time.gmtime(now_ms() / 1000 - days * 86_400)) for days in (0, 1))
    days = f"{yesterday}/{today}"
    done = app.run("calendar", "set", "--workspace", "default", "--blackout", days, "--outside", "skip")
    assert "0 moved to another time, 1 skipped" in done.stdout, done.stderr
    assert app.run("calendar", "clear", "--workspace", "default").returncode == 0
    app.work()
    assert [(entry["state"], entry["error"]) for entry in app.audit()] == [
        ("skipped", f"blackout of workspace default: {days}")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_retry_after_closing_waits_for_the_opening(app: App, outside: str) -> None:
    """Also after a later occurrence of the schedule: a skipped job could never be sent again."""
    due_at = (now_ms() - 50 * HOUR) // MINUTE * MINUTE
    at = time.strftime("%M %H * * *", time.gmtime(due_at // 1000))
    app.add_schedule("report", as_of=due_at - 30_000, cron=at, window=window(-3 * HOUR, -1 * HOUR), outside=outside)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET state = 'failed', error = 'not_arrived'")
    assert "Queued 1 job" in app.run("retry", "1", "--stale", "--yes").stdout
    app.work()
    available_at, deadline_at, deferred_to, reason = read_job(app)
    assert (app.states(), app.posts()) == ({"queued": 1}, [])
    assert now_ms() < available_at < deadline_at
    assert (deferred_to, str(reason)[:14]) == (available_at, "outside window")


@pytest.mark.slow
def test_job_due_at_the_opening_is_not_put_back_twice(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    opening, started = (now_ms() // MINUTE + 2) * MINUTE, steady_ms()
    # A clock that is corrected gradually runs slower than the steady time by which the pool waits.
    app.clock = lambda: opening - 3 * SECOND + (steady_ms() - started) * 99 // 100
    app.add_schedule("report", at=rfc3339(opening), window=window(opening - now_ms(), opening - now_ms() + HOUR))
    earlier = {"at": rfc3339(opening - 4 * SECOND), "channel": "C9999999999"}
    for number in range(6):  # these keep the pool running until then
        app.add_schedule(f"early-{number}", as_of=opening - MINUTE, **earlier)
    with app.db.writing():
        app.db.execute("CREATE TEMP TABLE put_back (job)")
        app.db.execute(PUT_BACK)
    Pool(app.session(), drain=True).run()
    assert (app.states(), read_rows(app.db, "SELECT job FROM put_back")) == ({"succeeded": 7}, [])


@pytest.mark.slow
def test_run_now_ignores_the_window(app: App) -> None:
    app.add_schedule("report", cron="0 0 1 1 *", window=window(2 * HOUR, 3 * HOUR), outside="skip")
    assert app.run("run-now", "report").returncode == 0
    app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 1}, 1)


@pytest.mark.slow
def test_run_now_posts_without_grace(app: App) -> None:
    app.add_schedule("report", cron="0 0 1 1 *", grace="0s")
    assert app.run("run-now", "report").returncode == 0
    app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 1}, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("opens", "state"), [(-3 * HOUR, "queued"), (0, "succeeded")])
def test_resumed_workspace_posts_at_the_opening(app: App, opens: int, state: str) -> None:
    add_overdue_job(app, window=window(opens, opens + 2 * HOUR))
    assert app.run("workspace", "pause", "default").returncode == 0
    assert app.run("workspace", "resume", "default").returncode == 0
    app.work()
    assert app.states() == {state: 1}


@pytest.mark.slow
def test_retry_after_closing_waits_after_later_occurrence(app: App) -> None:
    before = (now_ms() - 26 * HOUR) // 1000 * 1000
    hour, minute = time.gmtime(before // 1000)[3:5]
    opens = {"cron": f"{minute} {hour} * * *", "window": window(-3 * HOUR, -1 * HOUR)}
    app.add_schedule("report", as_of=before - 60_000, **opens)
    app.tick(before)
    app.tick(before + 24 * HOUR)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET state = 'failed', error = 'render_failed' WHERE id = 1")
        app.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.1' WHERE id = 2")
    assert app.run("retry", "1", "--stale", "--yes").returncode == 0
    app.work()
    [entry, _] = app.audit()
    assert (entry["state"], entry["error"], len(app.posts())) == ("queued", None, 0)
    assert "outside window" in entry["deferred_by"]


def test_deferral_is_written_under_newer_program(app: App) -> None:
    add_overdue_job(app, window=window(-3 * HOUR, -1 * HOUR))
    pool, now = Pool(app.session()), now_ms()
    with app.db.writing():
        [job] = claims.claim(app.db, ClaimRequest(now, 1, now + HOUR))
    assert pool.sender.defer_if_closed(job, now)
    pool.in_flight.writes.keep_only_endings()
    pool.in_flight.writes.commit(app.db)
    assert app.states() == {"queued": 1}
