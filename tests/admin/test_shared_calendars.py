"""Windows and blackouts of an account and a workspace: a job is posted when all of them are open."""

import pytest

from schedbot.admin.explain import why as why_report
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.schedules import occurrences, shared_calendars
from schedbot.admin.schedules.shared_calendars import CalendarChange
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.downtimes import Downtime, SimulationSpan
from schedbot.commands.schedules.simulate import run_tick
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes, jobs
from schedbot.store.history.filters import Filter
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows

OFFICE = "mon-fri 08:00-18:00"
SATURDAY = "2026-12-05 08:59:00"


def set_account_calendar(schedules: Schedules, account: str = "42", **fields: str) -> CalendarChange:
    return shared_calendars.set_calendar(schedules.session, account, None, fields)


def set_workspace_calendar(schedules: Schedules, **fields: str) -> CalendarChange:
    return shared_calendars.set_calendar(schedules.session, None, "default", fields)


def queued_jobs(schedules: Schedules, name: str = "") -> list[str]:
    """List the queued jobs: available_at, deadline_at and the reason of a deferral."""
    rows = read_rows(
        schedules.db,
        "SELECT available_at, deadline_at, coalesce(deferred_by, 'at its own time') FROM jobs j"
        " JOIN schedules s ON s.id = j.schedule_id WHERE j.state = 'queued' AND :name IN ('', s.name) ORDER BY due_at",
        {"name": name},
    )
    return [f"{clock(at)} / {clock(until)} / {why}" for at, until, why in rows]


def test_account_window_defers_occurrences_outside(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add("hers", cron="0 9 * * sat", account="42")
    schedules.add("other", cron="0 9 * * sat", account="43")
    schedules.tick(SATURDAY)
    reason = "outside window of account 42: mon-fri 08:00-18:00"
    assert queued_jobs(schedules, "hers") == [f"2026-12-07 08:00 / 2026-12-07 14:00 / {reason}"]
    assert queued_jobs(schedules, "other") == ["2026-12-05 09:00 / 2026-12-05 15:00 / at its own time"]


def test_workspace_blackout_skips_and_names_the_workspace(schedules: Schedules) -> None:
    set_workspace_calendar(schedules, blackout="2026-12-05", outside="skip")
    schedules.add(cron="0 9 * * sat", window="00:00-24:00")
    schedules.tick(SATURDAY)
    assert schedules.jobs() == ["2026-12-05 09:00 skipped blackout of workspace default: 2026-12-05"]


def test_skip_policy_counts_only_for_its_own_limits(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE, outside="defer")
    set_workspace_calendar(schedules, blackout="2026-12-07", outside="skip")
    schedules.add(cron="0 9 5 12 *", account="42", window="10:00-20:00")
    schedules.tick(SATURDAY)
    assert queued_jobs(schedules) == ["2026-12-08 10:00 / 2026-12-08 16:00 / outside window: 10:00-20:00"]


def test_windows_over_midnight_intersect(schedules: Schedules) -> None:
    set_account_calendar(schedules, window="fri 22:00-02:00")
    schedules.add(cron="0 20 * * fri", account="42", window="00:30-06:00")
    schedules.tick("2026-12-04 19:59:00")
    assert [line[:16] for line in queued_jobs(schedules)] == ["2026-12-05 00:30"]


def test_window_opens_by_local_time_on_a_clock_change(schedules: Schedules) -> None:
    schedules.utc = "2026-03-01 12:00:00"
    set_account_calendar(schedules, window="sun 02:30-09:00")
    set_workspace_calendar(schedules, window="01:00-12:00")
    schedules.add(cron="0 0 * * sun", account="42", tz="America/New_York")
    schedules.tick("2026-03-08 04:59:00")
    assert [line[:16] for line in queued_jobs(schedules)] == ["2026-03-08 07:00"]  # 03:00 EDT, right after the gap


@pytest.mark.parametrize("policy", ["skip", "before", "after"])
def test_deferred_occurrence_is_not_posted_on_a_holiday(schedules: Schedules, policy: str) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.utc = "2026-11-25 12:00:00"
    holidays = {"skip_holidays": "US", "holiday_policy": policy}
    schedules.add(cron="0 20 * * wed", tz="America/New_York", account="42", **holidays)
    schedules.tick("2026-11-26 00:59:30")  # Wednesday evening in New York; Thursday is Thanksgiving
    assert [line[:16] for line in queued_jobs(schedules)] == ["2026-11-27 13:00"]


def test_windows_without_overlap_are_refused(schedules: Schedules) -> None:
    schedules.add("night", account="42", window="20:00-02:00")
    with pytest.raises(BadField, match="never open at the same time for the schedule 'night'"):
        set_account_calendar(schedules, window="08:00-18:00")
    assert list(changes.of_object(schedules.db, "calendar", "account:42")) == []
    set_account_calendar(schedules, account="43", window="08:00-18:00")
    for change in (
        lambda: schedules.add("late", account="43", window="20:00-02:00"),
        lambda: schedules.edit("night", account="43"),
    ):
        with pytest.raises(BadField, match="'08:00-18:00' \\(account 43\\) are never open at the same time"):
            change()


def test_occurrence_without_common_window_is_skipped(schedules: Schedules) -> None:
    schedules.add(account="42", window="20:00-22:00", cron="0 21 * * *")
    with schedules.db.writing():
        schedules.db.execute("INSERT INTO calendars (account, send_window) VALUES ('42', '08:00-18:00')")
    schedules.tick("2026-12-01 20:59:00")
    assert schedules.jobs()[-1] == "2026-12-01 21:00 skipped outside window of account 42: 08:00-18:00"


def test_set_keeps_other_fields_and_records_the_change(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE, blackout="2026-12-24")
    change = set_account_calendar(schedules, window="", outside="skip")
    assert change.after is not None
    assert (change.after.window, change.after.outside, change.after.blackout) == ("", "skip", "2026-12-24")
    shared_calendars.clear_calendar(schedules.session, "42", None)
    expected = [
        (entry.command, entry.before, entry.after)
        for entry in changes.of_object(schedules.db, "calendar", "account:42")
    ]
    last = {"window": "", "outside": "skip", "blackout": "2026-12-24"}
    assert expected[0] == ("calendar clear", last, None)
    assert expected[1] == ("calendar set", {"window": OFFICE, "outside": "defer", "blackout": "2026-12-24"}, last)


def test_calendar_needs_one_owner_and_a_limit(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="Use only one of --account, --workspace"):
        shared_calendars.set_calendar(schedules.session, "42", "default", {"window": OFFICE})
    with pytest.raises(BadInput, match="account is empty"):
        shared_calendars.set_calendar(schedules.session, "", "default", {"window": OFFICE})
    with pytest.raises(BadInput, match="No calendar given"):
        shared_calendars.clear_calendar(schedules.session, None, None)
    with pytest.raises(NotFound):
        shared_calendars.set_calendar(schedules.session, None, "defualt", {"window": OFFICE})
    with pytest.raises(BadInput, match="No window and no blackout given"):
        set_account_calendar(schedules, outside="skip")


@pytest.mark.slow
def test_upcoming_and_simulated_agree_with_the_tick(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    set_workspace_calendar(schedules, blackout="2026-12-06", outside="skip")
    schedule = schedules.add(cron="0 9 * * fri,sat,sun", account="42")
    upcoming = list(occurrences.find_upcoming(schedule, schedules.session.now(), {}))[:3]
    expected = [
        (clock(entry.due_at), entry.deferred_to and clock(entry.deferred_to), entry.skip_reason) for entry in upcoming
    ]
    blackout = "blackout of workspace default: 2026-12-06"
    assert expected == [
        ("2026-12-04 09:00", None, None),
        (
            "2026-12-05 09:00",
            "2026-12-07 08:00",
            None,
        ),  # Sunday's is skipped and does not replace it
        ("2026-12-06 09:00", None, blackout),
    ]
    span = SimulationSpan(ms("2026-12-04 00:00:00"), ms("2026-12-07 00:00:00"))
    simulated = list(simulate.simulate(schedules.session, span, run_tick, lambda _: None))
    assert [(clock(entry.due_at), entry.error) for entry in simulated] == [(at, why) for at, _, why in expected]
    schedules.tick("2026-12-06 08:59:00")
    assert [line.split(" ", 3)[3:] for line in schedules.jobs()[-1:]] == [[blackout]]


def test_why_names_the_reason_and_time_of_a_deferral(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add(cron="0 9 * * sat", account="42")
    answer = why_report.explain(schedules.session, "daily", "2026-12-05 09:00")
    window = f"outside window of account 42: {OFFICE}."
    assert answer.because[0].endswith(f"It will be deferred to Mon 7 Dec 08:00 UTC: {window}")
    schedules.tick(SATURDAY)
    (sentence,) = why_report.explain(schedules.session, "daily", "2026-12-05 09:00").because
    assert sentence == f"Job 1 is queued: it is deferred to 7 Dec 08:00 UTC: {window}"
    [job] = jobs.newest(schedules.db, Filter(schedules=(schedules.get().id,)), 1)
    assert job.deferred_to == ms("2026-12-07 08:00:00")


def test_job_stays_deferred_after_pause_and_resume(schedules: Schedules) -> None:
    set_account_calendar(schedules, window="09:01-18:00")
    schedules.add(account="42")
    schedules.pause()
    schedules.resume()
    assert queued_jobs(schedules) == ["2026-12-01 09:01 / 2026-12-01 15:01 / outside window of account 42: 09:01-18:00"]


@pytest.mark.parametrize("until", ["", "2026-12-06 13:00"])
def test_short_pause_keeps_a_job_deferred_to_monday(schedules: Schedules, until: str) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    before = queued_jobs(schedules)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause(until=until)
    assert queued_jobs(schedules) == []
    schedules.tick("2026-12-06 13:00:00")
    assert until or schedules.resume()
    assert queued_jobs(schedules) == before


def test_short_pause_keeps_a_deferred_last_occurrence(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add(account="42", at="2026-12-05 09:00")
    schedules.tick(SATURDAY)
    before = queued_jobs(schedules)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.tick("2026-12-06 13:00:00")
    rested = schedules.resume()
    assert (rested.schedule.state, rested.jobs) == ("finished", 1)
    assert queued_jobs(schedules) == before


def test_short_pause_keeps_a_deferred_job_with_attempts(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    before = queued_jobs(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET attempts = 1, spent = 1, error = 'http_503'")
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.tick("2026-12-06 13:00:00")
    schedules.resume()
    assert queued_jobs(schedules) == before


def test_new_rule_during_a_pause_drops_the_deferred_job(schedules: Schedules) -> None:
    set_account_calendar(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.edit(cron="0 9 * * fri")
    schedules.resume()
    assert schedules.jobs() == ["2026-12-05 09:00 cancelled schedule_edited"]


@pytest.mark.parametrize(
    ("outside", "expected"),
    [("defer", ("queued", None, 0)), ("skip", ("skipped", "outside window of account 42: mon-fri 08:00-18:00", None))],
)
def test_simulated_downtime_over_closing_posts_nothing_late(
    schedules: Schedules, outside: str, expected: tuple[str, str | None, int | None]
) -> None:
    set_account_calendar(schedules, window=OFFICE, outside=outside)
    schedules.add(cron="30 17 * * fri", account="42")
    downtimes = (Downtime(ms("2026-12-04 17:29:30"), ms("2026-12-04 19:00:00")),)
    span = SimulationSpan(ms("2026-12-04 00:00:00"), ms("2026-12-07 00:00:00"), downtimes)
    [simulated] = simulate.simulate(schedules.session, span, run_tick, lambda _: None)
    assert (simulated.state, simulated.error, simulated.late_ms) == expected
