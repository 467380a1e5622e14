"""A window is kept when a post leaves, too: a late pool or a retry posts nothing after closing."""

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


# For one connection: the jobs with a window that were claimed and went back to the queue.
PUT_BACK = """
CREATE TEMP TRIGGER goes_back AFTER UPDATE ON jobs
WHEN OLD.state = 'running' AND NEW.state = 'queued' AND EXISTS (SELECT 1 FROM schedule_versions v
  WHERE v.schedule_id = OLD.schedule_id AND v.send_window <> '')
BEGIN INSERT INTO put_back VALUES (OLD.id); END
"""


def window(opens_ms: int, closes_ms: int) -> str:
    """A daily window in UTC, by how far from now it opens and closes."""
    clocks = (time.strftime("%H:%M", time.gmtime((now_ms() + far) // 1000)) for far in (opens_ms, closes_ms))
    return "-".join(clocks)


def due_two_hours_ago(app: App, **said: str) -> int:
    """A schedule that was due two hours ago and was enqueued then; its job still waits."""
    due_at = (now_ms() - 2 * HOUR) // 1000 * 1000
    app.add_schedule("report", as_of=due_at - 30_000, at=rfc3339(due_at), **said)
    return due_at


def job(app: App) -> tuple[int, int, int | None, str | None]:
    """When the job is available, until when, and whereto and by what it was put off."""
    return read_rows(app.db, "SELECT available_at, deadline_at, deferred_to, deferred_by FROM jobs")[0]


def test_a_pool_that_comes_after_closing_puts_the_job_back_to_the_opening(app: App) -> None:
    open_then = window(-3 * HOUR, -1 * HOUR)
    due_two_hours_ago(app, window=open_then)
    assert job(app)[2] is None
    assert app.work().returncode == 0
    available_at, deadline_at, deferred_to, why = job(app)
    opening = (now_ms() - 3 * HOUR) // MINUTE * MINUTE + 24 * HOUR
    assert (app.states(), app.posts()) == ({"queued": 1}, [])
    assert abs(available_at - opening) <= MINUTE
    assert (deferred_to, why) == (available_at, f"outside window: {open_then}")
    assert deadline_at == available_at + 6 * HOUR


def test_with_outside_skip_it_is_on_record_as_left_out(app: App) -> None:
    open_then = window(-3 * HOUR, -1 * HOUR)
    due_two_hours_ago(app, window=open_then, outside="skip")
    assert app.work().returncode == 0
    [told] = app.audit()
    assert (told["state"], told["error"]) == ("skipped", f"outside window: {open_then}")
    assert (told["deferred_to"], app.posts()) == (None, [])


def test_what_was_tried_before_closing_failed_and_can_be_sent_again_at_the_opening(app: App) -> None:
    open_then = window(-3 * HOUR, -1 * HOUR)
    due_two_hours_ago(app, window=open_then, outside="skip")
    with app.db.writing():
        app.db.execute("UPDATE jobs SET attempts = 1, spent = 1, error = 'internal_error'")
    assert app.work().returncode == 0
    [told] = app.audit()
    assert (told["state"], told["error"]) == ("failed", f"outside window: {open_then}")
    assert f"not posted, outside window: {open_then}." in app.run("audit", "1").stdout
    assert app.run("retry", "1", "--yes").returncode == 0
    app.work()
    assert (app.states(), app.posts()) == ({"queued": 1}, [])


def test_what_was_put_off_is_not_late_when_it_goes_at_its_opening(app: App) -> None:
    assert app.run("calendar", "set", "--account", "42", "--window", window(0, HOUR)).returncode == 0
    due_two_hours_ago(app, account="42")
    deferred_to = job(app)[2]
    assert deferred_to is not None
    app.work()
    [told] = app.audit()
    assert (told["state"], told["deferred_to"]) == ("succeeded", rfc3339(deferred_to))
    assert "outside window of account 42" in told["deferred_by"]
    assert told["lateness_ms"] < 2 * MINUTE
    assert "after it was to go. Put off to" in app.run("audit", "1").stdout


def test_a_workspaces_blackout_that_is_set_while_a_job_waits_leaves_it_out(app: App) -> None:
    due_two_hours_ago(app)
    today, yesterday = (time.strftime("%F", time.gmtime(now_ms() / 1000 - days * 86_400)) for days in (0, 1))
    days = f"{yesterday}/{today}"
    done = app.run("calendar", "set", "--workspace", "default", "--blackout", days, "--outside", "skip")
    assert "0 now go at another time, 1 are left out" in done.stdout, done.stderr
    assert app.run("calendar", "clear", "--workspace", "default").returncode == 0
    app.work()
    assert [(one["state"], one["error"]) for one in app.audit()] == [
        ("skipped", f"blackout of workspace default: {days}")
    ]


@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_what_a_person_sends_again_after_closing_waits_for_the_opening(app: App, outside: str) -> None:
    """Also where a later occurrence has had its turn since: what is left out could not be sent any more."""
    due_at = (now_ms() - 50 * HOUR) // MINUTE * MINUTE
    at = time.strftime("%M %H * * *", time.gmtime(due_at // 1000))
    app.add_schedule("report", as_of=due_at - 30_000, cron=at, window=window(-3 * HOUR, -1 * HOUR), outside=outside)
    with app.db.writing():
        app.db.execute("UPDATE jobs SET state = 'failed', error = 'not_arrived'")
    assert "Queued 1 job" in app.run("retry", "1", "--stale", "--yes").stdout
    app.work()
    available_at, deadline_at, deferred_to, why = job(app)
    assert (app.states(), app.posts()) == ({"queued": 1}, [])
    assert now_ms() < available_at < deadline_at
    assert (deferred_to, str(why)[:14]) == (available_at, "outside window")


def test_what_is_due_when_its_window_opens_is_not_put_back_once_more(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    opening, began = (now_ms() // MINUTE + 2) * MINUTE, steady_ms()
    # While a clock is set right bit by bit, it goes slower than the one that the pool waits by.
    app.clock = lambda: opening - 3 * SECOND + (steady_ms() - began) * 99 // 100
    app.add_schedule("report", at=rfc3339(opening), window=window(opening - now_ms(), opening - now_ms() + HOUR))
    earlier = {"at": rfc3339(opening - 4 * SECOND), "channel": "C9999999999"}
    for number in range(6):  # they keep the pool at work until then
        app.add_schedule(f"early-{number}", as_of=opening - MINUTE, **earlier)
    with app.db.writing():
        app.db.execute("CREATE TEMP TABLE put_back (job)")
        app.db.execute(PUT_BACK)
    Pool(app.session(), drain=True).run()
    assert (app.states(), read_rows(app.db, "SELECT job FROM put_back")) == ({"succeeded": 7}, [])


def test_what_a_person_asks_for_goes_at_once(app: App) -> None:
    app.add_schedule("report", cron="0 0 1 1 *", window=window(2 * HOUR, 3 * HOUR), outside="skip")
    assert app.run("run-now", "report").returncode == 0
    app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 1}, 1)


def test_what_a_person_asks_for_goes_though_its_schedule_has_no_grace(app: App) -> None:
    app.add_schedule("report", cron="0 0 1 1 *", grace="0s")
    assert app.run("run-now", "report").returncode == 0
    app.work()
    assert (app.states(), len(app.posts())) == ({"succeeded": 1}, 1)


@pytest.mark.parametrize(("opens", "state"), [(-3 * HOUR, "queued"), (0, "succeeded")])
def test_a_workspace_that_is_resumed_after_closing_posts_at_the_opening(app: App, opens: int, state: str) -> None:
    due_two_hours_ago(app, window=window(opens, opens + 2 * HOUR))
    assert app.run("workspace", "pause", "default").returncode == 0
    assert app.run("workspace", "resume", "default").returncode == 0
    app.work()
    assert app.states() == {state: 1}


def test_what_is_sent_again_after_closing_waits_though_a_later_one_was_posted(app: App) -> None:
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
    [told, _] = app.audit()
    assert (told["state"], told["error"], len(app.posts())) == ("queued", None, 0)
    assert "outside window" in told["deferred_by"]


def test_what_is_shut_out_just_as_a_newer_program_takes_over_is_let_go_at_once(app: App) -> None:
    due_two_hours_ago(app, window=window(-3 * HOUR, -1 * HOUR))
    pool, now = Pool(app.session()), now_ms()
    with app.db.writing():
        [job] = claims.claim(app.db, ClaimRequest(now, 1, now + HOUR))
    assert pool.sender.defer_if_closed(job, now)
    pool.in_flight.writes.keep_only_endings()
    pool.in_flight.writes.commit(app.db)
    assert app.states() == {"queued": 1}
