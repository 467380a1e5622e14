"""A timed pause is on until its end; one that a tick ended on a clock that was ahead is on again afterwards."""

import pytest

from schedbot.admin.jobs import retry
from schedbot.admin.operations import health
from schedbot.admin.schedules import pause_all
from schedbot.errors import BadInput
from schedbot.model import JobState
from schedbot.store.history.filters import Filter
from schedbot.store.operations.health import read_vitals
from tests.support.schedules import Schedules


def pause(schedules: Schedules, until: str = "") -> None:
    pause_all.pause(schedules.session, "", until)


def resume(schedules: Schedules, utc: str) -> bool:
    """Resume all schedules at the instant `utc`. Return whether that was a change."""
    schedules.utc = utc
    return pause_all.resume(schedules.session).is_changed


def queued(schedules: Schedules, name: str = "") -> list[str]:
    return [job.removesuffix(" queued") for job in schedules.jobs(name) if job.endswith("queued")]


def test_tick_works_after_two_pauses_at_a_clock_ahead(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    pause(schedules, until="2h")
    schedules.tick("2026-12-01 12:00:00")
    pause(schedules)
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2026-12-01 09:59:30")
    assert queued(schedules) == []
    assert resume(schedules, "2026-12-01 09:59:40")
    schedules.tick("2026-12-01 09:59:45")
    assert queued(schedules) == ["2026-12-01 10:00"]


def test_newest_of_two_ended_pauses_is_on_again(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    pause(schedules, until="2h")
    schedules.tick("2026-12-01 12:00:00")
    pause(schedules, until="2h")
    schedules.tick("2026-12-01 15:00:00")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2026-12-01 12:59:30")
    assert queued(schedules) == []
    schedules.tick("2026-12-01 13:59:30")
    assert queued(schedules) == ["2026-12-01 14:00"]


@pytest.mark.parametrize("utc", ["2026-12-01 12:00:10", "2026-12-01 08:59:30"])
def test_resume_is_final_after_a_clock_ahead(schedules: Schedules, utc: str) -> None:
    schedules.add(cron="0 * * * *")
    pause(schedules, until="2h")
    schedules.tick("2026-12-01 12:00:00")
    resume(schedules, utc)
    schedules.tick("2026-12-01 08:59:40")
    assert queued(schedules) == ["2026-12-01 09:00"]


@pytest.mark.parametrize("utc", ["2026-12-01 12:00:10", "2026-12-01 08:59:30"])
def test_resume_of_a_name_is_final_after_a_clock_ahead(schedules: Schedules, utc: str) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 11:00")
    schedules.tick("2026-12-01 12:00:00")
    schedules.utc = utc
    schedules.resume()
    schedules.tick("2026-12-01 08:59:40")
    assert queued(schedules) == ["2026-12-01 09:00"]


def test_edit_keeps_a_pause_that_a_clock_ahead_ended(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 11:00")
    schedules.tick("2026-12-01 12:00:00")
    schedules.edit(text="Hello")
    schedules.tick("2026-12-01 09:59:40")
    assert (schedules.get().state, queued(schedules)) == ("paused", [])


def test_pause_of_all_is_on_until_its_very_end(schedules: Schedules) -> None:
    schedules.add(cron="* * * * *")
    pause(schedules, until="2m")  # at 08:59
    schedules.tick("2026-12-01 09:00:01")
    assert queued(schedules) == ["2026-12-01 09:01"]
    vitals = read_vitals(schedules.db, schedules.session.now())
    assert health.assess(vitals).problems[0].sentence.startswith("All posts are paused until")
    with pytest.raises(BadInput, match="All posts are paused"):
        schedules.run_now()
    with pytest.raises(BadInput, match="All posts are paused"):
        retry.plan(schedules.session, Filter(states=(JobState.CANCELLED,)), stale=False)
    schedules.add("late", cron="* * * * *")
    assert queued(schedules, "late") == ["2026-12-01 09:01"]
    schedules.utc = "2026-12-01 09:01:00"
    assert schedules.run_now()


def test_pause_of_all_can_be_extended_shortly_before_its_end(schedules: Schedules) -> None:
    schedules.add(cron="* * * * *")
    pause(schedules, until="2m")
    schedules.tick("2026-12-01 09:00:01")
    pause(schedules, until="2026-12-01T09:10:00Z")
    assert queued(schedules) == []
    schedules.tick("2026-12-01 09:09:01")
    assert queued(schedules) == ["2026-12-01 09:10"]


def test_resume_shortly_before_the_end_brings_all_back(schedules: Schedules) -> None:
    schedules.add(cron="* * * * *")
    schedules.add("once", at="2026-12-01 09:00:40")
    pause(schedules, until="2026-12-01T09:01:00Z")
    schedules.tick("2026-12-01 08:59:50")
    assert resume(schedules, "2026-12-01 08:59:55")
    assert queued(schedules) == ["2026-12-01 09:00", "2026-12-01 09:00", "2026-12-01 09:01"]


def test_pause_of_a_schedule_is_on_until_its_very_end(schedules: Schedules) -> None:
    schedules.add("daily", cron="* * * * *")
    schedules.add("other", cron="* * * * *")
    schedules.pause(until="2026-12-01 09:01")
    schedules.tick("2026-12-01 09:00:01")
    assert (schedules.get().state, queued(schedules, "daily")) == ("paused", ["2026-12-01 09:01"])
    plan = retry.plan(schedules.session, Filter(states=(JobState.CANCELLED,)), stale=True)
    assert (plan.ready, plan.stopped > 0) == ([], True)
    schedules.tick("2026-12-01 09:01:01")
    assert (schedules.get().state, queued(schedules, "daily")) == ("active", ["2026-12-01 09:01", "2026-12-01 09:02"])


def test_resume_of_a_name_shortly_before_the_end_of_its_pause(schedules: Schedules) -> None:
    schedules.add(cron="* * * * *")
    schedules.pause(until="2026-12-01 09:01")
    schedules.tick("2026-12-01 08:59:50")
    schedules.resume()
    assert queued(schedules) == ["2026-12-01 09:00", "2026-12-01 09:01"]
