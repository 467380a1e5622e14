"""`--holiday-policy before`: a schedule's occurrences on holidays are due on the business day before, everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.jobs import backfill
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.span import SimulationSpan, parse_downtimes
from schedbot.commands.schedules.simulate import run_tick
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_value

# Thanksgiving is on Thursday, 26 November.
BEFORE = {"skip_holidays": "US", "holiday_policy": "before"}
WEEKLY = {"cron": "0 9 * * thu", "tz": "America/New_York", **BEFORE}
EVE, EVE_NINE = "2026-11-25 13:59:00", "2026-11-25 14:00"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as made:
        made.utc = "2026-11-23 12:00:00"
        yield made


def test_it_is_enqueued_for_the_day_before_and_not_for_the_holiday(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    assert schedules.next() == EVE_NINE
    for utc in (EVE, "2026-11-25 14:01:00", "2026-11-26 13:59:00", "2026-11-26 14:01:00"):
        schedules.tick(utc)
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    assert schedules.next() == "2026-12-03 14:00"


def test_a_daily_one_is_posted_once_on_the_day_before(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "cron": "0 9 * * *"})
    for day in range(23, 29):
        schedules.tick(f"2026-11-{day} 13:59:00")
    assert [line[:10] for line in schedules.jobs()] == [f"2026-11-{day}" for day in (23, 24, 25, 27, 28)]


def test_schedules_of_one_expression_keep_to_their_own_policy(schedules: Schedules) -> None:
    schedules.add("before", **WEEKLY)
    schedules.add("skip", **{**WEEKLY, "holiday_policy": "skip"})
    schedules.add("after", **{**WEEKLY, "holiday_policy": "after"})
    schedules.tick(EVE)
    schedules.tick("2026-11-26 13:59:00")
    assert schedules.jobs("before") == ["2026-11-25 14:00 queued"]
    assert schedules.jobs("skip") == ["2026-11-26 14:00 skipped holiday: Thanksgiving Day"]
    assert schedules.jobs("after") == ["2026-11-26 14:00 queued"]


def test_a_window_and_a_blackout_rule_on_the_day_it_is_moved_to(schedules: Schedules) -> None:
    schedules.add(**WEEKLY, window="mon-fri 10:00-18:00")
    schedules.add("black", **WEEKLY, blackout="2026-11-25", outside="skip")
    schedules.tick(EVE)
    assert schedules.jobs("black") == ["2026-11-25 14:00 skipped blackout: 2026-11-25"]
    assert clock(read_value(schedules.db, "SELECT available_at FROM jobs WHERE state = 'queued'")) == "2026-11-25 15:00"


def test_an_edit_to_before_takes_effect_at_once_and_back_again_too(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "holiday_policy": "skip"})
    schedules.utc = EVE
    schedules.edit(holiday_policy="before")
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    schedules.edit(holiday_policy="skip")
    assert schedules.jobs() == ["2026-11-25 14:00 cancelled schedule_edited"]
    assert schedules.next() == "2026-12-03 14:00"


def test_an_edit_on_the_holiday_itself_makes_up_for_nothing(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "holiday_policy": "skip"})
    schedules.utc = "2026-11-26 12:00:00"
    schedules.edit(holiday_policy="before")
    schedules.tick("2026-11-26 13:59:00")
    assert schedules.jobs() == []


def test_without_a_calendar_any_more_the_policy_is_gone_with_it(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    after = schedules.edit(skip_holidays="none").after
    assert (after.recurrence.before_holidays, after.terms.holiday_policy) == ("", "skip")
    assert schedules.next() == "2026-11-26 14:00"


@pytest.mark.parametrize("policy", ["before", "after"])
def test_a_policy_without_a_calendar_is_refused(schedules: Schedules, policy: str) -> None:
    with pytest.raises(BadField, match="needs a country or region") as refused:
        schedules.add(holiday_policy=policy)
    assert (refused.value.column, "--skip-holidays" in refused.value.hint) == ("holiday_policy", True)


def test_a_single_instant_whose_day_before_is_past_is_refused(schedules: Schedules) -> None:
    schedules.utc = "2026-11-25 15:00:00"
    with pytest.raises(BadField, match="never due after Wed 25 Nov 2026 10:00 EST") as refused:
        schedules.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    assert "business day before a holiday of US must be in the future" in refused.value.hint


def test_a_single_instant_is_due_on_the_day_before_and_over(schedules: Schedules) -> None:
    schedules.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    schedules.tick(EVE)
    schedules.tick("2026-11-26 14:01:00")
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    assert schedules.get().state == "finished"


def test_a_count_and_an_end_go_by_the_day_before(schedules: Schedules) -> None:
    schedules.add("counted", **WEEKLY, count="1")
    schedules.add("ended", **WEEKLY, until="2026-11-25")
    for name in ("counted", "ended"):
        assert schedules.next(name) == EVE_NINE
    schedules.tick(EVE)
    assert [schedules.get(name).state for name in ("counted", "ended")] == ["finished", "finished"]


def test_a_simulation_has_it_on_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    span = SimulationSpan(
        ms("2026-11-20 00:00"), ms("2026-12-04 00:00"), parse_downtimes((), schedules.session.local_zone, 0)
    )
    found = simulate.simulate(schedules.session, span, run_tick, lambda at: None)
    assert [clock(one.due_at) for one in found] == [EVE_NINE, "2026-12-03 14:00"]


def test_a_backfill_finds_it_on_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    schedules.utc = "2026-11-27 12:00:00"
    made = backfill.plan(schedules.session, "daily", "2026-11-24", "2026-11-27")
    assert [clock(due_at) for due_at in made.due] == [EVE_NINE]


def test_why_says_where_the_holidays_occurrence_went(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    schedules.tick(EVE)
    schedules.utc = "2026-11-27 12:00:00"
    told = " ".join(why.explain(schedules.session, "daily", "2026-11-26 09:00").because)
    assert "Nothing was due then" in told
    assert "if that is a holiday of US, on the business day before it" in told
    assert "The occurrence before is Wed 25 Nov 2026 09:00 EST" in told
