"""A calendar that is said, changed or taken back reaches what waits: put off anew, brought back, or left out."""

import pytest

from schedbot.admin.schedules import shared_calendars
from schedbot.store.jobs import pacing
from tests.admin.test_calendars_shared import OFFICE, of_account
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows


def goes(schedules: Schedules) -> list[str]:
    """When what waits goes, until when it may, and what put it off."""
    rows = read_rows(
        schedules.db,
        "SELECT available_at, deadline_at, coalesce(deferred_by, 'at its own time') FROM jobs"
        " WHERE state = 'queued' ORDER BY due_at",
    )
    return [f"{clock(at)} / {clock(until)} / {why}" for at, until, why in rows]


def test_set_while_a_job_waits_reaches_it_and_clear_brings_it_back(schedules: Schedules) -> None:
    schedules.add(account="42", priority="high")
    assert goes(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]
    turned = of_account(schedules, window="10:00-18:00")
    assert (turned.jobs.moved, turned.jobs.skipped) == (1, 0)
    assert goes(schedules) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]
    assert of_account(schedules, window="10:00-18:00").jobs.moved == 0
    assert shared_calendars.clear_calendar(schedules.session, "42", None).jobs.moved == 1
    assert goes(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_what_waits_out_a_hold_of_slack_goes_at_the_opening_or_at_the_holds_end_and_no_later(
    schedules: Schedules,
) -> None:
    schedules.add(account="42")
    workspace, until = schedules.get().workspace_id, ms("2026-12-01 09:30:00")
    with schedules.db.writing():
        pacing.hold(schedules.db, workspace, pacing.POST, "", ms(schedules.utc), until)
        pacing.postpone_jobs(schedules.db, workspace, until, 3_000)
    for opens, goes_at in (("10:00", "10:00"), ("09:10", "09:30"), ("12:00", "12:00")):
        of_account(schedules, window=f"{opens}-18:00")
        assert [line[:16] for line in goes(schedules)] == [f"2026-12-01 {goes_at}"]
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert goes(schedules) == ["2026-12-01 09:30 / 2026-12-01 15:00 / at its own time"]


@pytest.mark.parametrize(("attempts", "state"), [(0, "skipped"), (1, "failed")])
def test_what_is_left_out_after_an_attempt_has_failed_and_was_not_skipped(
    schedules: Schedules, attempts: int, state: str
) -> None:
    schedules.add(account="42")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET attempts = :attempts", {"attempts": attempts})
    schedules.utc = "2026-12-01 09:01:00"
    assert of_account(schedules, window="10:00-18:00", outside="skip").jobs.skipped == 1
    assert schedules.jobs() == [f"2026-12-01 09:00 {state} outside window of account 42: 10:00-18:00"]


def test_cleared_once_it_is_late_what_was_put_off_goes_now(schedules: Schedules) -> None:
    of_account(schedules, window="10:00-18:00")
    schedules.add(account="42")
    schedules.utc = "2026-12-01 09:20:00"
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert goes(schedules) == ["2026-12-01 09:20 / 2026-12-01 15:20 / outside window of account 42: 10:00-18:00"]


def test_what_waits_though_it_is_late_already_goes_at_the_opening_and_no_later(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add(account="42")
    schedules.tick("2026-12-01 12:00:00")
    assert goes(schedules) == ["2026-12-01 12:00 / 2026-12-01 15:00 / at its own time"]
    of_account(schedules, window="14:00-18:00")
    assert goes(schedules) == ["2026-12-01 14:00 / 2026-12-01 20:00 / outside window of account 42: 14:00-18:00"]


def test_an_edit_of_window_and_grace_at_once_leaves_the_new_grace_after_the_opening(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    schedules.tick("2026-12-01 12:00:00")
    schedules.edit(window="14:00-18:00", grace="1h")
    assert [line[:35] for line in goes(schedules)] == ["2026-12-01 14:00 / 2026-12-01 15:00"]


def test_what_went_to_wait_again_after_its_opening_is_not_moved_into_the_past(schedules: Schedules) -> None:
    of_account(schedules, window="10:00-18:00")
    schedules.add(account="42")
    schedules.utc = "2026-12-01 10:05:00"
    of_account(schedules, window="09:30-18:00")
    assert goes(schedules) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]


def test_what_is_in_hand_and_has_not_left_is_taken_back(schedules: Schedules) -> None:
    schedules.add(account="42")
    schedules.claim(sent=False)
    of_account(schedules, window="10:00-18:00")
    assert [line[:16] for line in goes(schedules)] == ["2026-12-01 10:00"]
    schedules.claim(sent=True)
    assert shared_calendars.clear_calendar(schedules.session, "42", None).jobs.moved == 0


def test_a_schedule_that_moves_to_another_account_keeps_to_that_ones_hours(schedules: Schedules) -> None:
    of_account(schedules, window="10:00-18:00")
    schedules.add()
    schedules.edit(account="42")
    assert [line[:16] for line in goes(schedules)] == ["2026-12-01 10:00"]
    schedules.edit(account="43")
    assert goes(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_an_extra_job_is_a_persons_will_and_is_not_put_off(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 19:00:00"
    schedules.add(account="42")
    schedules.run_now()
    assert of_account(schedules, window=OFFICE).jobs.moved == 0
