"""`--holiday-policy before`: occurrences on holidays are due on the business day before, in every command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.jobs import backfill
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.downtimes import SimulationSpan, parse_downtimes
from schedbot.commands.schedules.simulate import run_tick
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_value

# Thanksgiving is on Thursday, 26 November.
BEFORE = {"skip_holidays": "US", "holiday_policy": "before"}
WEEKLY = {"cron": "0 9 * * thu", "tz": "America/New_York", **BEFORE}
EVE, EVE_NINE = "2026-11-25 13:59:00", "2026-11-25 14:00"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as opened:
        opened.utc = "2026-11-23 12:00:00"
        yield opened


def test_job_is_due_the_day_before_the_holiday(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    assert schedules.next() == EVE_NINE
    for utc in (EVE, "2026-11-25 14:01:00", "2026-11-26 13:59:00", "2026-11-26 14:01:00"):
        schedules.tick(utc)
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    assert schedules.next() == "2026-12-03 14:00"


def test_daily_schedule_is_due_once_on_the_day_before(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "cron": "0 9 * * *"})
    for day in range(23, 29):
        schedules.tick(f"2026-11-{day} 13:59:00")
    assert [line[:10] for line in schedules.jobs()] == [f"2026-11-{day}" for day in (23, 24, 25, 27, 28)]


def test_equal_expressions_keep_their_own_policy(schedules: Schedules) -> None:
    schedules.add("before", **WEEKLY)
    schedules.add("skip", **{**WEEKLY, "holiday_policy": "skip"})
    schedules.add("after", **{**WEEKLY, "holiday_policy": "after"})
    schedules.tick(EVE)
    schedules.tick("2026-11-26 13:59:00")
    assert schedules.jobs("before") == ["2026-11-25 14:00 queued"]
    assert schedules.jobs("skip") == ["2026-11-26 14:00 skipped holiday: Thanksgiving Day"]
    assert schedules.jobs("after") == ["2026-11-26 14:00 queued"]


def test_window_and_blackout_apply_to_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY, window="mon-fri 10:00-18:00")
    schedules.add("black", **WEEKLY, blackout="2026-11-25", outside="skip")
    schedules.tick(EVE)
    assert schedules.jobs("black") == ["2026-11-25 14:00 skipped blackout: 2026-11-25"]
    assert clock(read_value(schedules.db, "SELECT available_at FROM jobs WHERE state = 'queued'")) == "2026-11-25 15:00"


def test_edit_of_the_policy_takes_effect_at_once(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "holiday_policy": "skip"})
    schedules.utc = EVE
    schedules.edit(holiday_policy="before")
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    schedules.edit(holiday_policy="skip")
    assert schedules.jobs() == ["2026-11-25 14:00 cancelled schedule_edited"]
    assert schedules.next() == "2026-12-03 14:00"


def test_edit_on_the_holiday_enqueues_nothing(schedules: Schedules) -> None:
    schedules.add(**{**WEEKLY, "holiday_policy": "skip"})
    schedules.utc = "2026-11-26 12:00:00"
    schedules.edit(holiday_policy="before")
    schedules.tick("2026-11-26 13:59:00")
    assert schedules.jobs() == []


def test_policy_is_removed_with_its_region(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    after = schedules.edit(skip_holidays="none").after
    assert (after.recurrence.before_holidays, after.terms.holiday_policy) == ("", "skip")
    assert schedules.next() == "2026-11-26 14:00"


@pytest.mark.parametrize("policy", ["before", "after"])
def test_policy_without_region_is_refused(schedules: Schedules, policy: str) -> None:
    with pytest.raises(BadField, match="needs a country or region") as refused:
        schedules.add(holiday_policy=policy)
    assert (refused.value.column, "--skip-holidays" in refused.value.hint) == ("holiday_policy", True)


def test_single_instant_with_a_past_day_before_is_refused(schedules: Schedules) -> None:
    schedules.utc = "2026-11-25 15:00:00"
    with pytest.raises(BadField, match="never due after Wed 25 Nov 2026 10:00 EST") as refused:
        schedules.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    assert "business day before a holiday of US must be in the future" in refused.value.hint


def test_single_instant_is_due_on_the_day_before(schedules: Schedules) -> None:
    schedules.add(at="2026-11-26 09:00", tz="America/New_York", **BEFORE)
    schedules.tick(EVE)
    schedules.tick("2026-11-26 14:01:00")
    assert schedules.jobs() == ["2026-11-25 14:00 queued"]
    assert schedules.get().state == "finished"


def test_count_and_end_apply_to_the_day_before(schedules: Schedules) -> None:
    schedules.add("counted", **WEEKLY, count="1")
    schedules.add("ended", **WEEKLY, until="2026-11-25")
    for name in ("counted", "ended"):
        assert schedules.next(name) == EVE_NINE
    schedules.tick(EVE)
    assert [schedules.get(name).state for name in ("counted", "ended")] == ["finished", "finished"]


def test_simulation_has_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    span = SimulationSpan(
        ms("2026-11-20 00:00"), ms("2026-12-04 00:00"), parse_downtimes((), schedules.session.local_zone, 0)
    )
    simulated = simulate.simulate(schedules.session, span, run_tick, lambda at: None)
    assert [clock(occurrence.due_at) for occurrence in simulated] == [EVE_NINE, "2026-12-03 14:00"]


def test_backfill_has_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    schedules.utc = "2026-11-27 12:00:00"
    opened = backfill.plan(schedules.session, "daily", "2026-11-24", "2026-11-27")
    assert [clock(due_at) for due_at in opened.due] == [EVE_NINE]


def test_why_names_the_day_before(schedules: Schedules) -> None:
    schedules.add(**WEEKLY)
    schedules.tick(EVE)
    schedules.utc = "2026-11-27 12:00:00"
    explanation = " ".join(why.explain(schedules.session, "daily", "2026-11-26 09:00").because)
    assert "Nothing was due then" in explanation
    assert "if that is a holiday of US, on the business day before it" in explanation
    assert "Previous occurrence: Wed 25 Nov 2026 09:00 EST" in explanation
