"""A calendar that is said, changed or taken back reaches what waits: put off anew, brought back, or left out."""

import pytest

from schedbot.admin.schedules import shared_calendars
from schedbot.store.jobs import pacing
from tests.admin.test_calendars_shared import OFFICE, of_account
from tests.support.schedules import Book, clock, ms


def goes(book: Book) -> list[str]:
    """When what waits goes, until when it may, and what put it off."""
    rows = book.db.rows(
        "SELECT available_at, deadline_at, coalesce(deferred_by, 'at its own time') FROM jobs"
        " WHERE state = 'queued' ORDER BY due_at"
    )
    return [f"{clock(at)} / {clock(until)} / {why}" for at, until, why in rows]


def test_set_while_a_job_waits_reaches_it_and_clear_brings_it_back(book: Book) -> None:
    book.add(account="42", priority="high")
    assert goes(book) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]
    turned = of_account(book, window="10:00-18:00")
    assert (turned.jobs.moved, turned.jobs.left_out) == (1, 0)
    assert goes(book) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]
    assert of_account(book, window="10:00-18:00").jobs.moved == 0
    assert shared_calendars.clear(book.session, "42", None).jobs.moved == 1
    assert goes(book) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_what_waits_out_a_hold_of_slack_goes_at_the_opening_or_at_the_holds_end_and_no_later(book: Book) -> None:
    book.add(account="42")
    workspace, until = book.stands().workspace_id, ms("2026-12-01 09:30:00")
    with book.db.writing():
        pacing.hold(book.db, workspace, pacing.POST, "", ms(book.utc), until)
        pacing.push_back(book.db, workspace, until, 3_000)
    for opens, goes_at in (("10:00", "10:00"), ("09:10", "09:30"), ("12:00", "12:00")):
        of_account(book, window=f"{opens}-18:00")
        assert [line[:16] for line in goes(book)] == [f"2026-12-01 {goes_at}"]
    shared_calendars.clear(book.session, "42", None)
    assert goes(book) == ["2026-12-01 09:30 / 2026-12-01 15:00 / at its own time"]


@pytest.mark.parametrize(("attempts", "state"), [(0, "skipped"), (1, "failed")])
def test_what_is_left_out_after_an_attempt_has_failed_and_was_not_skipped(
    book: Book, attempts: int, state: str
) -> None:
    book.add(account="42")
    with book.db.writing():
        book.db.execute("UPDATE jobs SET attempts = :attempts", {"attempts": attempts})
    book.utc = "2026-12-01 09:01:00"
    assert of_account(book, window="10:00-18:00", outside="skip").jobs.left_out == 1
    assert book.jobs() == [f"2026-12-01 09:00 {state} outside window of account 42: 10:00-18:00"]


def test_cleared_once_it_is_late_what_was_put_off_goes_now(book: Book) -> None:
    of_account(book, window="10:00-18:00")
    book.add(account="42")
    book.utc = "2026-12-01 09:20:00"
    shared_calendars.clear(book.session, "42", None)
    assert goes(book) == ["2026-12-01 09:20 / 2026-12-01 15:20 / outside window of account 42: 10:00-18:00"]


def test_what_waits_though_it_is_late_already_goes_at_the_opening_and_no_later(book: Book) -> None:
    book.utc = "2026-12-01 08:00:00"
    book.add(account="42")
    book.tick("2026-12-01 12:00:00")
    assert goes(book) == ["2026-12-01 12:00 / 2026-12-01 15:00 / at its own time"]
    of_account(book, window="14:00-18:00")
    assert goes(book) == ["2026-12-01 14:00 / 2026-12-01 20:00 / outside window of account 42: 14:00-18:00"]


def test_an_edit_of_window_and_grace_at_once_leaves_the_new_grace_after_the_opening(book: Book) -> None:
    book.utc = "2026-12-01 08:00:00"
    book.add()
    book.tick("2026-12-01 12:00:00")
    book.edit(window="14:00-18:00", grace="1h")
    assert [line[:35] for line in goes(book)] == ["2026-12-01 14:00 / 2026-12-01 15:00"]


def test_what_went_to_wait_again_after_its_opening_is_not_moved_into_the_past(book: Book) -> None:
    of_account(book, window="10:00-18:00")
    book.add(account="42")
    book.utc = "2026-12-01 10:05:00"
    of_account(book, window="09:30-18:00")
    assert goes(book) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]


def test_what_is_in_hand_and_has_not_left_is_taken_back(book: Book) -> None:
    book.add(account="42")
    book.claim(sent=False)
    of_account(book, window="10:00-18:00")
    assert [line[:16] for line in goes(book)] == ["2026-12-01 10:00"]
    book.claim(sent=True)
    assert shared_calendars.clear(book.session, "42", None).jobs.moved == 0


def test_a_schedule_that_moves_to_another_account_keeps_to_that_ones_hours(book: Book) -> None:
    of_account(book, window="10:00-18:00")
    book.add()
    book.edit(account="42")
    assert [line[:16] for line in goes(book)] == ["2026-12-01 10:00"]
    book.edit(account="43")
    assert goes(book) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_an_extra_job_is_a_persons_will_and_is_not_put_off(book: Book) -> None:
    book.utc = "2026-12-01 19:00:00"
    book.add(account="42")
    book.run_now()
    assert of_account(book, window=OFFICE).jobs.moved == 0
