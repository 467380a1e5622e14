"""`add` and `edit` warn about windows and blackouts that are likely mistakes, and refuse nothing."""

from time import perf_counter

import pytest

from schedbot.admin.schedules import shared_calendars, warnings
from schedbot.errors import BadInput
from tests.support.app import App
from tests.support.schedules import Schedules

OFFICE = "mon-fri 08:00-18:00"


def warnings_of(schedules: Schedules, name: str = "daily") -> str:
    return " ".join(warnings.find_warnings(schedules.get(name), schedules.session.now()))


def test_outside_policy_without_window_is_a_warning(schedules: Schedules) -> None:
    schedules.add(outside="skip")
    assert (
        warnings_of(schedules)
        == "'--outside skip' does nothing: the schedule has no window and no blackout of its own."
    )
    schedules.edit(blackout="2026-12-24")
    assert warnings_of(schedules) == ""


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
def test_schedule_that_posts_nothing_is_a_warning(schedules: Schedules, terms: dict[str, str], why: str) -> None:
    schedules.add(**{"outside": "skip", "paused": "true", **terms})
    assert f"Nothing will be posted within a year: every occurrence is skipped, the next by '{why}" in warnings_of(
        schedules
    )


def test_schedule_skipped_by_its_account_is_a_warning(schedules: Schedules) -> None:
    shared_calendars.set_calendar(schedules.session, "42", None, {"window": OFFICE, "outside": "skip"})
    schedules.add(cron="0 9 * * sat", account="42")
    assert f"'outside window of account 42: {OFFICE}'" in warnings_of(schedules)


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"cron": "0 20 * * *", "window": OFFICE}, id="it waits for the opening"),
        pytest.param({"cron": "* * * * *", "window": "mon 08:00-08:01", "outside": "skip"}, id="a minute a week"),
        pytest.param({"cron": "0 9 * * *", "blackout": "2026-12-01/2027-10-31", "outside": "skip"}, id="11 months"),
        pytest.param({"cron": "0 9 * * *", "skip_holidays": "US"}, id="some days are holidays"),
    ],
)
def test_schedule_that_posts_something_has_no_warning(schedules: Schedules, terms: dict[str, str]) -> None:
    schedules.add(**terms)
    began = perf_counter()
    assert warnings_of(schedules) == ""
    assert perf_counter() - began < 2


def test_next_due_is_found_fast_if_all_are_skipped(schedules: Schedules) -> None:
    schedules.add(cron="* 20-23 * * *", window="08:00-18:00", outside="skip")
    schedules.add(
        "holidays", cron="* * 24-25,31 12 *", skip_holidays="US", blackout="2026-12-01/2026-12-24", outside="skip"
    )
    began = perf_counter()
    assert (schedules.next(), schedules.next("holidays")) == ("never", "2026-12-31 00:00")
    with pytest.raises(BadInput, match="has no occurrence to skip: all are skipped already"):
        schedules.skip_next()
    assert schedules.skip_next("holidays") == "2026-12-31 00:00"
    assert perf_counter() - began < 5


def test_add_and_edit_print_warnings(app: App) -> None:
    words = ("--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi")
    added = app.run("add", "daily", *words, "--outside", "skip")
    assert (added.returncode, "Note: '--outside skip' does nothing" in added.stderr) == (0, True)
    edited = app.run("edit", "daily", "--window", "10:00-18:00")
    assert (edited.returncode, "Note: Nothing will be posted within a year" in edited.stderr) == (0, True)
