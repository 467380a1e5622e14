"""What of windows and blackouts is hardly meant so is said beside the answer, and nothing is refused for it."""

from time import perf_counter

import pytest

from schedbot.admin.schedules import shared_calendars, warnings
from schedbot.errors import BadInput
from tests.support.app import House
from tests.support.schedules import Book

OFFICE = "mon-fri 08:00-18:00"


def said(book: Book, name: str = "daily") -> str:
    return " ".join(warnings.notes(book.stands(name), book.session.now()))


def test_a_way_to_treat_what_is_outside_of_no_window_is_noted(book: Book) -> None:
    book.add(outside="skip")
    assert said(book) == "'--outside skip' does nothing: the schedule has no window and no blackout of its own."
    book.edit(blackout="2026-12-24")
    assert said(book) == ""


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        pytest.param({"cron": "0 20 * * *", "window": OFFICE}, f"outside window: {OFFICE}", id="outside of a window"),
        pytest.param({"cron": "*/5 20 * * *", "window": OFFICE}, f"outside window: {OFFICE}", id="many a day"),
        pytest.param({"cron": "0 9 25 12 *", "skip_holidays": "US"}, "holiday: Christmas Day", id="on a holiday"),
        pytest.param({"at": "2026-12-24 09:00", "blackout": "2026-12-24"}, "blackout: 2026-12-24", id="once"),
        pytest.param({"cron": "0 9 * 12 *", "blackout": "2026-12-01/2027-01-01"}, "blackout: 2026-12-01/", id="a year"),
        pytest.param({"until": "2026-12-05", "blackout": "2026-12-01/2026-12-05"}, "blackout: 2026", id="to its end"),
    ],
)
def test_a_schedule_of_which_nothing_is_ever_posted_is_noted(book: Book, terms: dict[str, str], why: str) -> None:
    book.add(**{"outside": "skip", "paused": "true", **terms})
    assert f"Nothing will be posted within a year: each occurrence is left out, the next one by '{why}" in said(book)


def test_so_is_one_that_its_accounts_calendar_leaves_out(book: Book) -> None:
    shared_calendars.set_(book.session, "42", None, {"window": OFFICE, "outside": "skip"})
    book.add(cron="0 9 * * sat", account="42")
    assert f"'outside window of account 42: {OFFICE}'" in said(book)


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"cron": "0 20 * * *", "window": OFFICE}, id="it waits for the opening"),
        pytest.param({"cron": "* * * * *", "window": "mon 08:00-08:01", "outside": "skip"}, id="a minute a week"),
        pytest.param({"cron": "0 9 * * *", "blackout": "2026-12-01/2027-10-31", "outside": "skip"}, id="11 months"),
        pytest.param({"cron": "0 9 * * *", "skip_holidays": "US"}, id="some days are holidays"),
    ],
)
def test_nothing_is_said_where_something_goes(book: Book, terms: dict[str, str]) -> None:
    book.add(**terms)
    began = perf_counter()
    assert said(book) == ""
    assert perf_counter() - began < 2


def test_when_it_is_next_due_is_told_soon_also_of_one_that_never_is(book: Book) -> None:
    book.add(cron="* 20-23 * * *", window="08:00-18:00", outside="skip")
    book.add("holidays", cron="* * 24-25,31 12 *", skip_holidays="US", blackout="2026-12-01/2026-12-24", outside="skip")
    began = perf_counter()
    assert (book.next(), book.next("holidays")) == ("never", "2026-12-31 00:00")
    with pytest.raises(BadInput, match="has no occurrence to skip: all are left out already"):
        book.skip_next()
    assert book.skip_next("holidays") == "2026-12-31 00:00"
    assert perf_counter() - began < 5


def test_add_and_edit_say_it_beside_their_answer(house: House) -> None:
    words = ("--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi")
    added = house.run("add", "daily", *words, "--outside", "skip")
    assert (added.returncode, "Note: '--outside skip' does nothing" in added.stderr) == (0, True)
    edited = house.run("edit", "daily", "--window", "10:00-18:00")
    assert (edited.returncode, "Note: Nothing will be posted within a year" in edited.stderr) == (0, True)
