"""A Slack user moves to another time zone: the schedules follow within a day and post nothing from the past."""

import re
import time

import pytest

from schedbot.admin.schedules import pause, refresh_user_zones
from schedbot.store.history import changes
from schedbot.store.schedules import due_soon, schedules, user_zones
from schedbot.store.sqlite.write_lock import process_lock
from tests.support.app import TOKEN, App
from tests.support.schedules import clock, ms
from tests.support.sql import read_rows, read_value

ANNA = "slack:U0ANNA0001"
USER = "U0ANNA0001"
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
# A Tuesday: 09:00 in New York is 14:00 UTC, in Los Angeles 17:00 UTC.
START = ms("2026-12-01 10:00:00")


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)


@pytest.fixture
def anna(app: App) -> App:
    """An app with a schedule at nine o'clock of a person in New York."""
    app.slack.set_user(USER, tz="America/New_York")
    app.add_schedule("anna", as_of=START, cron="0 9 * * *", tz=ANNA)
    return app


def moves(app: App, tz: str = "America/Los_Angeles") -> None:
    app.slack.set_user(USER, tz=tz)


def request_count(app: App) -> int:
    return len(app.slack.requests("users.info"))


def zone(app: App, name: str = "anna") -> str:
    schedule = schedules.by_name(app.db, name)
    assert schedule
    return schedule.recurrence.tz


def jobs(app: App) -> list[str]:
    rows = read_rows(app.db, "SELECT due_at, state, coalesce(cancel_reason, error) FROM jobs ORDER BY due_at")
    return [f"{clock(due_at)} {state} {error or ''}".strip() for due_at, state, error in rows]


def refresh(app: App, at: int) -> int:
    return refresh_user_zones.refresh(app.session(at))


def test_schedule_follows_its_user_after_a_day(anna: App) -> None:
    moves(anna)
    assert (refresh(anna, START + DAY_MS - 1), request_count(anna)) == (0, 1)
    assert refresh(anna, START + DAY_MS) == 1
    schedule = schedules.by_name(anna.db, "anna")
    assert schedule
    assert (schedule.recurrence.tz, schedule.terms.tz_from, schedule.version) == ("America/Los_Angeles", ANNA, 2)
    last = changes.last(anna.db, "schedule", schedule.id)
    assert last
    assert (last.command, last.actor) == ("tick", f"Slack (users.info of {USER})")
    assert ((last.before or {})["zone"], (last.after or {})["zone"]) == ("America/New_York", "America/Los_Angeles")


def test_move_cancels_the_old_zones_job(anna: App) -> None:
    anna.tick(START + DAY_MS + 4 * HOUR_MS - 60_000)  # 13:59 UTC: nine o'clock in New York waits
    moves(anna)
    refresh(anna, START + DAY_MS + 4 * HOUR_MS - 50_000)
    for hour in range(4, 8):
        anna.tick(START + DAY_MS + hour * HOUR_MS)
    assert jobs(anna)[-2:] == ["2026-12-02 14:00 cancelled schedule_edited", "2026-12-02 17:00 queued"]


def test_audit_of_a_cancelled_job_names_the_move(anna: App) -> None:
    anna.tick(START + DAY_MS + 4 * HOUR_MS - 60_000)
    moves(anna)
    refresh(anna, START + DAY_MS + 4 * HOUR_MS - 50_000)
    output = anna.run("audit", str(read_value(anna.db, "SELECT max(id) FROM jobs"))).stdout
    assert f"Slack (users.info of {USER}), tick" in output
    assert "zone America/New_York -> America/Los_Angeles" in output


def test_move_east_posts_nothing_from_the_past(anna: App) -> None:
    moves(anna, "Europe/Berlin")
    at = ms("2026-12-02 10:00:00")  # nine o'clock in Berlin was at 08:00 UTC
    anna.tick(at)
    before = jobs(anna)
    refresh(anna, at)
    anna.tick(at + HOUR_MS)
    assert jobs(anna) == before
    anna.tick(ms("2026-12-03 08:00:00"))
    assert jobs(anna) == [*before, "2026-12-03 08:00 queued"]


def test_occurrence_of_both_zones_stays_one_job(anna: App) -> None:
    anna.add_schedule("hourly", as_of=START, cron="0 * * * *", tz=ANNA)
    anna.tick(START + DAY_MS)
    before = jobs(anna)
    moves(anna)
    assert refresh(anna, START + DAY_MS) == 2
    assert jobs(anna) == before
    assert before[-1] == "2026-12-02 10:00 queued"


def test_paused_schedule_follows_and_stays_paused(anna: App) -> None:
    pause.pause(anna.session(START), ["anna"], "holiday", "")
    moves(anna)
    assert refresh(anna, START + DAY_MS) == 1
    schedule = schedules.by_name(anna.db, "anna")
    assert schedule
    assert (schedule.state.value, schedule.reason, zone(anna)) == ("paused", "holiday", "America/Los_Angeles")


def test_many_schedules_of_one_user_need_one_request(anna: App) -> None:
    for number in range(120):
        anna.add_schedule(f"report-{number}", as_of=START + number, cron="0 9 * * *", tz="America/New_York")
    with anna.db.writing():
        anna.db.execute("DROP TRIGGER version_is_final")
        anna.db.execute("UPDATE schedule_versions SET tz_from = :anna", {"anna": ANNA})
    moves(anna)
    assert (refresh(anna, START + DAY_MS), request_count(anna)) == (121, 2)
    assert read_value(anna.db, "SELECT count(DISTINCT recurrence_id) FROM schedules") == 1


def test_schedule_that_cannot_move_stays(anna: App, capsys: pytest.CaptureFixture[str]) -> None:
    at = ms("2026-12-02 10:00:00")
    anna.add_schedule("once", as_of=START, at="2026-12-02 09:00", tz=ANNA)
    moves(anna, "Asia/Tokyo")  # nine o'clock of that day is past there
    assert refresh(anna, at) == 1
    assert (zone(anna), zone(anna, "once")) == ("Asia/Tokyo", "America/New_York")
    assert "schedule_not_moved schedule=once" in capsys.readouterr().err


def test_zone_of_a_new_schedule_makes_others_follow(anna: App) -> None:
    moves(anna)
    anna.add_schedule("new", as_of=START + HOUR_MS, cron="0 10 * * *", tz=ANNA)
    assert refresh(anna, START + HOUR_MS) == 1
    assert zone(anna) == zone(anna, "new") == "America/Los_Angeles"


def test_user_without_schedule_is_forgotten(anna: App) -> None:
    anna.run("remove", "anna", "--yes")
    refresh(anna, START + DAY_MS)
    assert (request_count(anna), due_soon.has_user_zone(anna.db, START + 9 * DAY_MS)) == (1, False)


@pytest.mark.parametrize("error", ["token_revoked", "missing_scope", "user_not_found", "internal_error"])
def test_refused_request_is_repeated_in_an_hour(anna: App, error: str) -> None:
    moves(anna)
    at = START + DAY_MS
    anna.slack.order("error", "users.info", code=error)
    assert (refresh(anna, at), zone(anna)) == (0, "America/New_York")
    assert (refresh(anna, at + HOUR_MS - 1), request_count(anna)) == (0, 2)
    assert refresh(anna, at + HOUR_MS) == 1
    assert user_zones.list_unanswered(anna.db, at + 9 * DAY_MS) == []


def test_deactivated_user_keeps_the_zone(anna: App) -> None:
    anna.slack.set_user(USER, tz="UTC", deleted=True)
    assert (refresh(anna, START + DAY_MS), zone(anna)) == (0, "America/New_York")


def test_rate_limit_holds_the_workspace_and_is_no_failure(anna: App) -> None:
    anna.add_schedule("berlin", as_of=START, cron="0 9 * * *", tz="slack:U0SANDBOX02")
    at = START + DAY_MS
    anna.slack.order("ratelimit", "users.info", retry_after=90)
    before = request_count(anna)
    refresh(anna, at)
    refresh(anna, at + 89_000)
    assert request_count(anna) == before + 1
    refresh(anna, at + 90_000)
    assert request_count(anna) == before + 3
    assert user_zones.list_unanswered(anna.db, at + 9 * DAY_MS) == []


def test_stalled_slack_does_not_delay_the_tick(anna: App) -> None:
    anna.slack.order("stall", "users.info", times="forever")
    started = time.monotonic()
    refresh_user_zones.try_refresh(anna.session(START + DAY_MS), "tick", 15_000)
    assert time.monotonic() - started < 5
    assert zone(anna) == "America/New_York"


def test_one_process_at_a_time_refreshes(anna: App) -> None:
    moves(anna)
    with process_lock(anna.db, "people") as is_alone:
        assert is_alone
        make_due(anna, 0)
        ticked = anna.run("tick")
    assert (ticked.returncode, "user_zones" in ticked.stderr, request_count(anna)) == (0, False, 1)
    assert anna.run("tick").returncode == 0
    assert (request_count(anna), zone(anna)) == (2, "America/Los_Angeles")


@pytest.mark.slow
def test_unusable_lock_fails_neither_tick_nor_work(anna: App) -> None:
    make_due(anna, 0)
    (anna.folder / "schedbot.db-people.lock").mkdir()
    for done in (anna.run("tick"), anna.work()):
        assert done.returncode == 0
        assert "user_zones_not_refreshed" in done.stderr
    assert request_count(anna) == 1


def test_missing_token_keeps_the_zone_and_is_reported(anna: App, monkeypatch: pytest.MonkeyPatch) -> None:
    moves(anna)
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    assert (refresh(anna, START + DAY_MS), zone(anna)) == (0, "America/New_York")
    [(user, problem, _)] = refresh_user_zones.find_unanswered(anna.session(START + 3 * DAY_MS))
    assert (user, request_count(anna)) == (USER, 1)
    assert "could not be read from its source" in problem


def make_due(app: App, asked_at: int) -> None:
    """Let it be time to ask for everybody by the real clock."""
    with app.db.writing():
        app.db.execute("UPDATE people SET ask_at = 0, asked_at = :asked_at", {"asked_at": asked_at})


@pytest.mark.slow
def test_tick_and_work_refresh_and_dry_run_does_not(app: App) -> None:
    app.slack.set_user(USER, tz="America/New_York")
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    moves(app)
    make_due(app, 0)
    app.run("tick", "--dry-run")
    assert (request_count(app), zone(app)) == (1, "America/New_York")
    ticked = app.run("tick", "--json")
    assert (ticked.stdout.count("\n"), zone(app)) == (1, "America/Los_Angeles")
    assert "schedule_moved" in ticked.stderr
    moves(app, "Asia/Tokyo")
    make_due(app, 0)
    app.work()
    assert zone(app) == "Asia/Tokyo"


@pytest.mark.slow
def test_doctor_names_users_without_answer_for_two_days(app: App) -> None:
    app.slack.set_user(USER, tz="America/New_York")
    app.add_schedule("anna", cron="0 9 * * *", tz=ANNA)
    app.slack.order("error", "users.info", code="missing_scope")
    make_due(app, app.clock() - 47 * HOUR_MS)
    assert app.run("tick").returncode == 0
    assert "zone of" not in app.run("doctor").stdout
    make_due(app, app.clock() - 49 * HOUR_MS)
    output = app.run("doctor").stdout
    assert f"PROBLEM  time zone of {USER}: America/New_York" in output
    assert "lacks the scope users:read" in output


@pytest.mark.slow
def test_workspace_check_needs_users_scope_only_for_users(app: App) -> None:
    held = ["chat:write", "channels:history", "groups:history", "channels:read", "groups:read"]
    app.add_schedule("anna", cron="0 9 * * *", tz="slack:U0SANDBOX01")
    app.slack.add_workspace("acme", TOKEN, scopes=held)
    assert "Missing scope users:read" in app.run("workspace", "check").stdout
    app.run("remove", "anna", "--yes")
    checked = app.run("workspace", "check").stdout
    assert re.search(r"scope users:read, .*No schedule needs it now", checked)
