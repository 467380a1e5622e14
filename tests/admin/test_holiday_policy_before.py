"""`--holiday-policy before`: a schedule's occurrences on holidays are due on the business day before, everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.jobs import backfill
from schedbot.admin.simulation import downtimes, simulate
from schedbot.admin.simulation.tick_steps import Span
from schedbot.commands.schedules.simulate import ticked
from tests.support.schedules import Book, clock, ms, opened

# Thanksgiving is on Thursday, 26 November.
BEFORE = {"skip_holidays": "US", "holiday_policy": "before"}
WEEKLY = {"cron": "0 9 * * thu", "tz": "America/New_York", **BEFORE}
EVE, EVE_NINE = "2026-11-25 13:59:00", "2026-11-25 14:00"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with opened(tmp_path) as made:
        made.utc = "2026-11-23 12:00:00"
        yield made


def test_it_is_enqueued_for_the_day_before_and_not_for_the_holiday(book: Book) -> None:
    book.add(**WEEKLY)
    assert book.next() == EVE_NINE
    for utc in (EVE, "2026-11-25 14:01:00", "2026-11-26 13:59:00", "2026-11-26 14:01:00"):
        book.tick(utc)
    assert book.jobs() == ["2026-11-25 14:00 queued"]
    assert book.next() == "2026-12-03 14:00"


def test_a_daily_one_is_posted_once_on_the_day_before(book: Book) -> None:
    book.add(**{**WEEKLY, "cron": "0 9 * * *"})
    for day in range(23, 29):
        book.tick(f"2026-11-{day} 13:59:00")
    assert [line[:10] for line in book.jobs()] == [f"2026-11-{day}" for day in (23, 24, 25, 27, 28)]


def test_schedules_of_one_expression_keep_to_their_own_policy(book: Book) -> None:
    book.add("before", **WEEKLY)
    book.add("skip", **{**WEEKLY, "holiday_policy": "skip"})
    book.add("after", **{**WEEKLY, "holiday_policy": "after"})
    book.tick(EVE)
    book.tick("2026-11-26 13:59:00")
    assert book.jobs("before") == ["2026-11-25 14:00 queued"]
    assert book.jobs("skip") == ["2026-11-26 14:00 skipped holiday: Thanksgiving Day"]
    assert book.jobs("after") == ["2026-11-26 14:00 queued"]


def test_a_window_and_a_blackout_rule_on_the_day_it_is_moved_to(book: Book) -> None:
    book.add(**WEEKLY, window="mon-fri 10:00-18:00")
    book.add("black", **WEEKLY, blackout="2026-11-25", outside="skip")
    book.tick(EVE)
    assert book.jobs("black") == ["2026-11-25 14:00 skipped blackout: 2026-11-25"]
    assert clock(book.db.value("SELECT available_at FROM jobs WHERE state = 'queued'")) == "2026-11-25 15:00"


def test_an_edit_to_before_takes_effect_at_once_and_back_again_too(book: Book) -> None:
    book.add(**{**WEEKLY, "holiday_policy": "skip"})
    book.utc = EVE
    book.edit(holiday_policy="before")
    assert book.jobs() == ["2026-11-25 14:00 queued"]
    book.edit(holiday_policy="skip")
    assert book.jobs() == ["2026-11-25 14:00 cancelled schedule_edited"]
    assert book.next() == "2026-12-03 14:00"


def test_an_edit_on_the_holiday_itself_makes_up_for_nothing(book: Book) -> None:
    book.add(**{**WEEKLY, "holiday_policy": "skip"})
    book.utc = "2026-11-26 12:00:00"
    book.edit(holiday_policy="before")
    book.tick("2026-11-26 13:59:00")
    assert book.jobs() == []


def test_without_a_calendar_any_more_the_policy_is_gone_with_it(book: Book) -> None:
    book.add(**WEEKLY)
    after = book.edit(skip_holidays="none").after
    assert (after.recurrence.before, after.terms.holiday_policy) == ("", "skip")
    assert book.next() == "2026-11-26 14:00"


@pytest.mark.parametrize("policy", ["before", "after"])
def test_a_policy_without_a_calendar_is_refused(book: Book, policy: str) -> None:
    with pytest.raises(BadField, match="not whose holidays") as refused:
        book.add(holiday_policy=policy)
    assert (refused.value.column, "--skip-holidays" in refused.value.hint) == ("holiday_policy", True)


def test_a_single_instant_whose_day_before_is_past_is_refused(book: Book) -> None:
    book.utc = "2026-11-25 15:00:00"
    with pytest.raises(BadField, match="never due after Wed 25 Nov 2026 10:00 EST") as refused:
        book.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    assert "business day before a holiday of US is still to come" in refused.value.hint


def test_a_single_instant_is_due_on_the_day_before_and_over(book: Book) -> None:
    book.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    book.tick(EVE)
    book.tick("2026-11-26 14:01:00")
    assert book.jobs() == ["2026-11-25 14:00 queued"]
    assert book.stands().state == "finished"


def test_a_count_and_an_end_go_by_the_day_before(book: Book) -> None:
    book.add("counted", **WEEKLY, count="1")
    book.add("ended", **WEEKLY, until="2026-11-25")
    for name in ("counted", "ended"):
        assert book.next(name) == EVE_NINE
    book.tick(EVE)
    assert [book.stands(name).state for name in ("counted", "ended")] == ["finished", "finished"]


def test_a_simulation_has_it_on_the_day_before(book: Book) -> None:
    book.add(**WEEKLY)
    span = Span(ms("2026-11-20 00:00"), ms("2026-12-04 00:00"), downtimes.read((), book.session.reader_zone, 0))
    found = simulate.simulate(book.session, span, ticked, lambda at: None)
    assert [clock(one.due_at) for one in found] == [EVE_NINE, "2026-12-03 14:00"]


def test_a_backfill_finds_it_on_the_day_before(book: Book) -> None:
    book.add(**WEEKLY)
    book.utc = "2026-11-27 12:00:00"
    made = backfill.plan(book.session, "daily", "2026-11-24", "2026-11-27")
    assert [clock(due_at) for due_at in made.due] == [EVE_NINE]


def test_why_says_where_the_holidays_occurrence_went(book: Book) -> None:
    book.add(**WEEKLY)
    book.tick(EVE)
    book.utc = "2026-11-27 12:00:00"
    told = " ".join(why.why(book.session, "daily", "2026-11-26 09:00").because)
    assert "Nothing was due then" in told
    assert "if that is a holiday of US, on the business day before it" in told
    assert "The occurrence before is Wed 25 Nov 2026 09:00 EST" in told
