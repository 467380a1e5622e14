"""An account and a workspace have windows and blackouts too: a post goes when all of them are open."""

import pytest

from schedbot.admin.explain import why as why_report
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.schedules import occurrences, shared_calendars
from schedbot.admin.schedules.shared_calendars import CalendarChange
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.span import Downtime, SimulationSpan
from schedbot.commands.schedules.simulate import run_tick
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes, jobs
from schedbot.store.history.filters import Filter
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows

OFFICE = "mon-fri 08:00-18:00"
SATURDAY = "2026-12-05 08:59:00"


def of_account(schedules: Schedules, account: str = "42", **said: str) -> CalendarChange:
    return shared_calendars.set_calendar(schedules.session, account, None, said)


def of_workspace(schedules: Schedules, **said: str) -> CalendarChange:
    return shared_calendars.set_calendar(schedules.session, None, "default", said)


def goes(schedules: Schedules, name: str = "") -> list[str]:
    """When what waits goes, until when it may, and what put it off."""
    rows = read_rows(
        schedules.db,
        "SELECT available_at, deadline_at, coalesce(deferred_by, 'at its own time') FROM jobs j"
        " JOIN schedules s ON s.id = j.schedule_id WHERE j.state = 'queued' AND :name IN ('', s.name) ORDER BY due_at",
        {"name": name},
    )
    return [f"{clock(at)} / {clock(until)} / {why}" for at, until, why in rows]


def test_an_accounts_window_puts_off_what_is_due_outside(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add("hers", cron="0 9 * * sat", account="42")
    schedules.add("other", cron="0 9 * * sat", account="43")
    schedules.tick(SATURDAY)
    reason = "outside window of account 42: mon-fri 08:00-18:00"
    assert goes(schedules, "hers") == [f"2026-12-07 08:00 / 2026-12-07 14:00 / {reason}"]
    assert goes(schedules, "other") == ["2026-12-05 09:00 / 2026-12-05 15:00 / at its own time"]


def test_a_workspaces_blackout_leaves_out_and_says_whose_it_was(schedules: Schedules) -> None:
    of_workspace(schedules, blackout="2026-12-05", outside="skip")
    schedules.add(cron="0 9 * * sat", window="00:00-24:00")
    schedules.tick(SATURDAY)
    assert schedules.jobs() == ["2026-12-05 09:00 skipped blackout of workspace default: 2026-12-05"]


def test_one_that_says_skip_decides_only_where_it_blocks_itself(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE, outside="defer")
    of_workspace(schedules, blackout="2026-12-07", outside="skip")
    schedules.add(cron="0 9 5 12 *", account="42", window="10:00-20:00")
    schedules.tick(SATURDAY)
    assert goes(schedules) == ["2026-12-08 10:00 / 2026-12-08 16:00 / outside window: 10:00-20:00"]


def test_a_night_of_the_account_meets_the_schedules_own_over_midnight(schedules: Schedules) -> None:
    of_account(schedules, window="fri 22:00-02:00")
    schedules.add(cron="0 20 * * fri", account="42", window="00:30-06:00")
    schedules.tick("2026-12-04 19:59:00")
    assert [line[:16] for line in goes(schedules)] == ["2026-12-05 00:30"]


def test_it_opens_by_the_schedules_own_clock_also_when_that_changes(schedules: Schedules) -> None:
    schedules.utc = "2026-03-01 12:00:00"
    of_account(schedules, window="sun 02:30-09:00")
    of_workspace(schedules, window="01:00-12:00")
    schedules.add(cron="0 0 * * sun", account="42", tz="America/New_York")
    schedules.tick("2026-03-08 04:59:00")
    assert [line[:16] for line in goes(schedules)] == ["2026-03-08 07:00"]  # 03:00 EDT, right after the gap


@pytest.mark.parametrize("policy", ["skip", "before", "after"])
def test_what_is_put_off_does_not_end_on_a_holiday(schedules: Schedules, policy: str) -> None:
    of_account(schedules, window=OFFICE)
    schedules.utc = "2026-11-25 12:00:00"
    holidays = {"skip_holidays": "US", "holiday_policy": policy}
    schedules.add(cron="0 20 * * wed", tz="America/New_York", account="42", **holidays)
    schedules.tick("2026-11-26 00:59:30")  # Wednesday evening in New York; Thursday is Thanksgiving
    assert [line[:16] for line in goes(schedules)] == ["2026-11-27 13:00"]


def test_windows_that_never_meet_are_refused_wherever_that_can_be_known(schedules: Schedules) -> None:
    schedules.add("night", account="42", window="20:00-02:00")
    with pytest.raises(BadField, match="never open at the same time for the schedule 'night'"):
        of_account(schedules, window="08:00-18:00")
    assert list(changes.of_object(schedules.db, "calendar", "account:42")) == []
    of_account(schedules, account="43", window="08:00-18:00")
    for change in (
        lambda: schedules.add("late", account="43", window="20:00-02:00"),
        lambda: schedules.edit("night", account="43"),
    ):
        with pytest.raises(BadField, match="'08:00-18:00' \\(account 43\\) are never open at the same time"):
            change()


def test_where_they_never_meet_all_the_same_it_is_left_out(schedules: Schedules) -> None:
    schedules.add(account="42", window="20:00-22:00", cron="0 21 * * *")
    with schedules.db.writing():
        schedules.db.execute("INSERT INTO calendars (account, send_window) VALUES ('42', '08:00-18:00')")
    schedules.tick("2026-12-01 20:59:00")
    assert schedules.jobs()[-1] == "2026-12-01 21:00 skipped outside window of account 42: 08:00-18:00"


def test_what_is_not_said_stays_and_each_change_is_on_record(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE, blackout="2026-12-24")
    turned = of_account(schedules, window="", outside="skip")
    assert turned.after is not None
    assert (turned.after.window, turned.after.outside, turned.after.blackout) == ("", "skip", "2026-12-24")
    shared_calendars.clear_calendar(schedules.session, "42", None)
    told = [(one.command, one.before, one.after) for one in changes.of_object(schedules.db, "calendar", "account:42")]
    last = {"window": "", "outside": "skip", "blackout": "2026-12-24"}
    assert told[0] == ("calendar clear", last, None)
    assert told[1] == ("calendar set", {"window": OFFICE, "outside": "defer", "blackout": "2026-12-24"}, last)


def test_what_is_meant_has_to_be_said(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="Use only one of --account, --workspace"):
        shared_calendars.set_calendar(schedules.session, "42", "default", {"window": OFFICE})
    with pytest.raises(BadInput, match="No calendar given"):
        shared_calendars.clear_calendar(schedules.session, None, None)
    with pytest.raises(NotFound):
        shared_calendars.set_calendar(schedules.session, None, "defualt", {"window": OFFICE})
    with pytest.raises(BadInput, match="No window and no blackout given"):
        of_account(schedules, outside="skip")


def test_what_is_to_come_and_what_is_simulated_agree_with_the_tick(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    of_workspace(schedules, blackout="2026-12-06", outside="skip")
    schedule = schedules.add(cron="0 9 * * fri,sat,sun", account="42")
    coming = list(occurrences.find_upcoming(schedule, schedules.session.now(), {}))[:3]
    told = [(clock(one.due_at), one.deferred_to and clock(one.deferred_to), one.skip_reason) for one in coming]
    blackout = "blackout of workspace default: 2026-12-06"
    assert told == [
        ("2026-12-04 09:00", None, None),
        ("2026-12-05 09:00", "2026-12-07 08:00", None),  # Sunday's cannot stand for it: it is left out
        ("2026-12-06 09:00", None, blackout),
    ]
    span = SimulationSpan(ms("2026-12-04 00:00:00"), ms("2026-12-07 00:00:00"))
    found = list(simulate.simulate(schedules.session, span, run_tick, lambda _: None))
    assert [(clock(one.due_at), one.error) for one in found] == [(at, why) for at, _, why in told]
    schedules.tick("2026-12-06 08:59:00")
    assert [line.split(" ", 3)[3:] for line in schedules.jobs()[-1:]] == [[blackout]]


def test_what_was_put_off_says_whereto_and_by_what(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add(cron="0 9 * * sat", account="42")
    asked = why_report.explain(schedules.session, "daily", "2026-12-05 09:00")
    told = f"Put off to Mon 7 Dec 08:00 UTC by 'outside window of account 42: {OFFICE}'."
    assert asked.because[0].endswith(f"It will be put off to {told[11:]}")
    schedules.tick(SATURDAY)
    assert why_report.explain(schedules.session, "daily", "2026-12-05 09:00").because == (
        f"Job 1 is queued: it goes in 47 h. {told}",
    )
    [seen] = jobs.newest(schedules.db, Filter(schedules=(schedules.get().id,)), 1)
    assert seen.deferred_to == ms("2026-12-07 08:00:00")


def test_a_pause_and_its_end_keep_what_put_a_job_off(schedules: Schedules) -> None:
    of_account(schedules, window="09:01-18:00")
    schedules.add(account="42")
    schedules.pause()
    schedules.resume()
    assert goes(schedules) == ["2026-12-01 09:01 / 2026-12-01 15:01 / outside window of account 42: 09:01-18:00"]


@pytest.mark.parametrize("until", ["", "2026-12-06 13:00"])
def test_a_pause_of_an_hour_on_sunday_leaves_what_was_put_off_to_monday(schedules: Schedules, until: str) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    before = goes(schedules)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause(until=until)
    assert goes(schedules) == []
    schedules.tick("2026-12-06 13:00:00")
    assert until or schedules.resume()
    assert goes(schedules) == before


def test_a_pause_on_sunday_leaves_the_last_occurrence_too_that_was_put_off_to_monday(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add(account="42", at="2026-12-05 09:00")
    schedules.tick(SATURDAY)
    before = goes(schedules)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.tick("2026-12-06 13:00:00")
    rested = schedules.resume()
    assert (rested.schedule.state, rested.jobs) == ("finished", 1)
    assert goes(schedules) == before


def test_nor_does_it_take_what_was_tried_before_closing(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    before = goes(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET attempts = 1, spent = 1, error = 'http_503'")
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.tick("2026-12-06 13:00:00")
    schedules.resume()
    assert goes(schedules) == before


def test_by_another_rule_it_does_not_come_back_from_the_pause(schedules: Schedules) -> None:
    of_account(schedules, window=OFFICE)
    schedules.add(account="42", cron="0 9 * * sat")
    schedules.tick(SATURDAY)
    schedules.utc = "2026-12-06 12:00:00"
    schedules.pause()
    schedules.edit(cron="0 9 * * fri")
    schedules.resume()
    assert schedules.jobs() == ["2026-12-05 09:00 cancelled schedule_edited"]


@pytest.mark.parametrize(
    ("outside", "told"),
    [("defer", ("queued", None, 0)), ("skip", ("skipped", "outside window of account 42: mon-fri 08:00-18:00", None))],
)
def test_a_simulated_machine_that_is_off_over_closing_posts_nothing_after_it(
    schedules: Schedules, outside: str, told: tuple[str, str | None, int | None]
) -> None:
    of_account(schedules, window=OFFICE, outside=outside)
    schedules.add(cron="30 17 * * fri", account="42")
    downs = (Downtime(ms("2026-12-04 17:29:30"), ms("2026-12-04 19:00:00")),)
    span = SimulationSpan(ms("2026-12-04 00:00:00"), ms("2026-12-07 00:00:00"), downs)
    [found] = simulate.simulate(schedules.session, span, run_tick, lambda _: None)
    assert (found.state, found.error, found.late_ms) == told
