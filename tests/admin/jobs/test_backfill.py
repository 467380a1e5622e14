"""`backfill` enqueues past occurrences that have no job, and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.jobs import backfill
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from schedbot.store.jobs import settlement
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

SPAN = ("2026-11-28 00:00", "2026-12-01 00:00")


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as schedules:
        schedules.add()
        schedules.utc = "2026-12-01 12:00:00"
        yield schedules


def run_backfill(schedules: Schedules) -> list[str]:
    plan = backfill.plan(schedules.session, "daily", *SPAN)
    return [clock(due_at) for _, due_at in backfill.carry_out(schedules.session, plan)]


def test_occurrences_are_queued_a_second_apart(schedules: Schedules) -> None:
    assert run_backfill(schedules) == ["2026-11-28 09:00", "2026-11-29 09:00", "2026-11-30 09:00"]
    rows = read_rows(
        schedules.db,
        "SELECT available_at - :now, state FROM jobs WHERE due_at < :end ORDER BY due_at",
        {"now": ms(schedules.utc), "end": ms(SPAN[1])},
    )
    assert rows == [(0, "queued"), (1_000, "queued"), (2_000, "queued")]


def test_second_backfill_finds_nothing(schedules: Schedules) -> None:
    run_backfill(schedules)
    assert backfill.plan(schedules.session, "daily", *SPAN).due == []


def test_job_without_grace_has_an_hour(schedules: Schedules) -> None:
    schedules.edit(grace="0s")
    run_backfill(schedules)
    rows = read_rows(
        schedules.db, "SELECT deadline_at - available_at FROM jobs WHERE due_at < :end", {"end": ms(SPAN[1])}
    )
    assert set(rows) == {(3_600_000,)}


def test_missed_occurrence_is_counted_and_not_enqueued(schedules: Schedules) -> None:
    run_backfill(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'missed' WHERE due_at = :at", {"at": ms("2026-11-29 09:00")})
        schedules.db.execute("DELETE FROM jobs WHERE due_at = :at", {"at": ms("2026-11-28 09:00")})
    plan = backfill.plan(schedules.session, "daily", *SPAN)
    assert ([clock(due_at) for due_at in plan.due], plan.missed, plan.on_record) == (["2026-11-28 09:00"], 1, 1)


def test_holiday_is_skipped(schedules: Schedules) -> None:
    schedules.edit(skip_holidays="US")
    plan = backfill.plan(schedules.session, "daily", "2026-11-25 00:00", "2026-11-28 00:00")
    assert ([clock(due_at) for due_at in plan.due], plan.skipped) == (["2026-11-25 09:00", "2026-11-27 09:00"], 1)


def test_change_record_has_span_and_count(schedules: Schedules) -> None:
    run_backfill(schedules)
    change = changes.last(schedules.db, "schedule", schedules.get().id)
    assert change is not None
    assert change.after is not None
    assert (change.command, change.actor, change.after["backfilled"]) == ("backfill", "tester@host", 3)


def test_future_end_is_refused(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="is in the future"):
        backfill.plan(schedules.session, "daily", "2026-11-30 00:00", "2026-12-02 00:00")


def test_paused_schedule_is_refused_with_a_hint(schedules: Schedules) -> None:
    schedules.pause(reason="vacation")
    with pytest.raises(BadInput, match="'daily' is paused: vacation") as refusal:
        backfill.plan(schedules.session, "daily", *SPAN)
    assert "schedbot resume daily" in refusal.value.hint


def test_removed_schedule_is_not_found(schedules: Schedules) -> None:
    schedules.remove()
    with pytest.raises(NotFound):
        backfill.plan(schedules.session, "daily", *SPAN)


def test_too_many_occurrences_are_refused(schedules: Schedules) -> None:
    schedules.edit(cron="* * * * *")
    with pytest.raises(BadInput, match="more than 10000"):
        backfill.plan(schedules.session, "daily", "2026-11-01 00:00", "2026-12-01 00:00")


@pytest.mark.parametrize("end", ["pause", "suspend", "skip"])
def test_called_off_occurrence_is_enqueued_again(schedules: Schedules, end: str) -> None:
    schedules.tick("2026-12-02 08:59:00")
    match end:
        case "pause":
            schedules.pause()
        case "skip":
            schedules.skip_next()
        case _:
            suspend(schedules)
    schedules.utc = "2026-12-02 12:00:00"
    if end != "skip":
        schedules.resume()
    plan = backfill.plan(schedules.session, "daily", "2026-12-02 00:00", "2026-12-02 12:00")
    assert [clock(due_at) for _, due_at in backfill.carry_out(schedules.session, plan)] == ["2026-12-02 09:00"]
    assert schedules.jobs()[-1] == "2026-12-02 09:00 queued"


def suspend(schedules: Schedules) -> None:
    """Suspend the schedule as a pool does whose channel is archived."""
    with schedules.db.writing():
        settlement.suspend_schedule(schedules.db, schedules.get().id, "C0000000001", "is_archived", ms(schedules.utc))


def test_rest_of_a_backfill_follows_after_a_suspension(schedules: Schedules) -> None:
    run_backfill(schedules)
    suspend(schedules)
    schedules.resume()
    assert run_backfill(schedules) == ["2026-11-28 09:00", "2026-11-29 09:00", "2026-11-30 09:00"]
