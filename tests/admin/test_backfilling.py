"""`backfill`: what never was enqueued is posted at a person's word, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.jobs import backfill
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

SPAN = ("2026-11-28 00:00", "2026-12-01 00:00")


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as found:
        found.add()
        found.utc = "2026-12-01 12:00:00"
        yield found


def carried_out(schedules: Schedules) -> list[str]:
    made = backfill.plan(schedules.session, "daily", *SPAN)
    return [clock(due_at) for _, due_at in backfill.carry_out(schedules.session, made)]


def test_each_occurrence_without_a_job_is_queued_a_second_apart(schedules: Schedules) -> None:
    assert carried_out(schedules) == ["2026-11-28 09:00", "2026-11-29 09:00", "2026-11-30 09:00"]
    rows = read_rows(
        schedules.db,
        "SELECT available_at - :now, state FROM jobs WHERE due_at < :end ORDER BY due_at",
        {"now": ms(schedules.utc), "end": ms(SPAN[1])},
    )
    assert rows == [(0, "queued"), (1_000, "queued"), (2_000, "queued")]


def test_a_second_backfill_finds_nothing(schedules: Schedules) -> None:
    carried_out(schedules)
    assert backfill.plan(schedules.session, "daily", *SPAN).due == []


def test_they_may_be_posted_although_the_schedule_has_no_grace(schedules: Schedules) -> None:
    schedules.edit(grace="0s")
    carried_out(schedules)
    rows = read_rows(
        schedules.db, "SELECT deadline_at - available_at FROM jobs WHERE due_at < :end", {"end": ms(SPAN[1])}
    )
    assert set(rows) == {(3_600_000,)}


def test_what_is_on_record_as_missed_is_counted_and_left_to_a_retry(schedules: Schedules) -> None:
    carried_out(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'missed' WHERE due_at = :at", {"at": ms("2026-11-29 09:00")})
        schedules.db.execute("DELETE FROM jobs WHERE due_at = :at", {"at": ms("2026-11-28 09:00")})
    made = backfill.plan(schedules.session, "daily", *SPAN)
    assert ([clock(one) for one in made.due], made.missed, made.on_record) == (["2026-11-28 09:00"], 1, 1)


def test_a_holiday_is_left_out(schedules: Schedules) -> None:
    schedules.edit(skip_holidays="US")
    made = backfill.plan(schedules.session, "daily", "2026-11-25 00:00", "2026-11-28 00:00")
    assert ([clock(one) for one in made.due], made.skipped) == (["2026-11-25 09:00", "2026-11-27 09:00"], 1)


def test_it_is_recorded_as_a_change_with_its_span_and_count(schedules: Schedules) -> None:
    carried_out(schedules)
    change = changes.last(schedules.db, "schedule", schedules.get().id)
    assert change is not None
    assert change.after is not None
    assert (change.command, change.actor, change.after["backfilled"]) == ("backfill", "tester@host", 3)


def test_the_future_is_refused(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="is in the future"):
        backfill.plan(schedules.session, "daily", "2026-11-30 00:00", "2026-12-02 00:00")


def test_a_paused_schedule_is_refused_with_what_to_do(schedules: Schedules) -> None:
    schedules.pause(reason="vacation")
    with pytest.raises(BadInput, match="'daily' is paused: vacation") as refusal:
        backfill.plan(schedules.session, "daily", *SPAN)
    assert "schedbot resume daily" in refusal.value.hint


def test_a_removed_schedule_is_not_there(schedules: Schedules) -> None:
    schedules.remove()
    with pytest.raises(NotFound):
        backfill.plan(schedules.session, "daily", *SPAN)


def test_more_than_a_channel_takes_in_hours_is_refused(schedules: Schedules) -> None:
    schedules.edit(cron="* * * * *")
    with pytest.raises(BadInput, match="more than 10000"):
        backfill.plan(schedules.session, "daily", "2026-11-01 00:00", "2026-12-01 00:00")
