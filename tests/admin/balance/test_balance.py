"""The balance: occurrences that the rules imply equal those on record, and each difference is named."""

from pathlib import Path

import pytest

from schedbot.admin.balance.balance import Balance
from schedbot.admin.balance.comparison import Imbalance
from schedbot.admin.jobs import backfill
from schedbot.admin.operations import doctor, prune
from schedbot.admin.schedules import pause_all
from schedbot.model import JobState
from tests.support.fuzz.random_year import live_through_year
from tests.support.schedules import Schedules, clock, ms, open_schedules

HOUR = 3_600_000


def imbalances(schedules: Schedules) -> tuple[list[Imbalance], Balance]:
    balance = Balance(schedules.session, None, None, None)
    return list(balance.imbalances()), balance


def named(schedules: Schedules) -> list[str]:
    """Return `daily 2026-12-01 09:00 1 0` (implied, on record) for each difference."""
    return [
        f"{each.schedule} {clock(each.due_at)} {each.expected} {each.recorded}" for each in imbalances(schedules)[0]
    ]


@pytest.fixture
def balanced(schedules: Schedules) -> Schedules:
    """An hourly schedule with a pause, an edit and a downtime, whose books balance."""
    schedules.add("hourly", cron="0 * * * *", misfire="all", grace="3h")
    schedules.tick("2026-12-01 12:30:00")
    schedules.pause("hourly")
    schedules.utc = "2026-12-01 15:30:00"
    schedules.resume("hourly")
    schedules.tick("2026-12-01 16:59:30")
    schedules.edit("hourly", cron="*/30 * * * *")
    schedules.tick("2026-12-08 09:00:00")
    return schedules


def test_history_with_pause_edit_and_downtime_balances(balanced: Schedules) -> None:
    differences, balance = imbalances(balanced)
    assert differences == []
    assert balance.totals.balanced == balance.totals.occurrences == 326
    assert balance.totals.states == {JobState.MISSED: 313, JobState.QUEUED: 9, JobState.CANCELLED: 4}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("DELETE FROM jobs WHERE due_at = {nine}", "hourly 2026-12-08 09:00 1 0"),
        ("UPDATE jobs SET due_at = due_at + 60000 WHERE due_at = {nine}", "hourly 2026-12-08 09:00 1 0"),
        ("UPDATE missed_spans SET count = count - 1", "hourly 2026-12-01 17:30 313 312"),
        ("DELETE FROM missed_spans WHERE first_due_at > 0", "hourly 2026-12-01 17:30 1 0"),
        ("UPDATE jobs SET kind = 'extra' WHERE due_at = {nine}", "hourly 2026-12-08 09:00 1 0"),
    ],
)
def test_changed_row_is_named(balanced: Schedules, change: str, difference: str) -> None:
    with balanced.db.writing():
        balanced.db.execute(change.format(nine=ms("2026-12-08 09:00:00")))
    assert difference in named(balanced)


@pytest.mark.parametrize(
    ("due", "why"),
    [("2026-12-01 14:00:00", "was not active then"), ("2026-12-01 12:10:00", "no version of the schedule")],
)
def test_job_that_no_rule_implies_is_named(balanced: Schedules, due: str, why: str) -> None:
    with balanced.db.writing():
        balanced.db.execute(
            "INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, ts)"
            " SELECT id, workspace_id, :due_at, 0, 0, 'succeeded', '1.0' FROM schedules",
            {"due_at": ms(due)},
        )
    [difference], _ = imbalances(balanced)
    assert (clock(difference.due_at), difference.expected, difference.recorded) == (due[:16], 0, 1)
    assert why in difference.why


def test_cron_that_was_off_for_an_hour_is_named(schedules: Schedules) -> None:
    schedules.add("hourly", cron="0 * * * *")
    schedules.tick("2026-12-01 09:59:00")
    schedules.utc = "2026-12-01 11:00:30"
    [difference], balance = imbalances(schedules)
    assert clock(difference.due_at) == "2026-12-01 11:00"
    assert "no tick has run since 2026-12-01T09:59:00.000Z" in difference.why
    assert (balance.totals.balanced, balance.totals.unbalanced) == (2, 1)
    problem = next(each for each in doctor.check_database(schedules.session, online=False) if each.check == "books")
    assert not problem.is_ok
    assert "'hourly'" in problem.detail
    schedules.tick("2026-12-01 11:00:40")
    assert named(schedules) == []


def test_skipped_backfilled_and_cancelled_jobs_balance(schedules: Schedules) -> None:
    schedules.add("hourly", cron="0 * * * *")
    schedules.skip_next("hourly")
    schedules.tick("2026-12-01 10:59:00")
    schedules.remove("hourly")
    schedules.add("hourly", cron="30 * * * *")
    schedules.run_now("hourly")
    plan = backfill.plan(schedules.session, "hourly", "2026-12-01 06:00", "2026-12-01 09:00")
    assert len(backfill.carry_out(schedules.session, plan)) == 3
    schedules.skip_next("hourly")
    schedules.edit("hourly", cron="15 * * * *")
    schedules.tick("2026-12-01 14:00:00")
    assert named(schedules) == []


@pytest.mark.slow  # hundreds of ticks
@pytest.mark.parametrize("seed", range(2))
def test_random_year_leaves_nothing_unaccounted(tmp_path: Path, seed: int) -> None:
    with open_schedules(tmp_path) as schedules:
        live_through_year(schedules, seed)
        assert named(schedules) == []


def test_edit_that_pauses_records_what_no_tick_saw(schedules: Schedules) -> None:
    schedules.add("hourly", cron="0 * * * *")
    schedules.tick("2026-12-01 09:59:00")
    schedules.utc = "2026-12-01 12:30:00"
    schedules.edit("hourly", paused="true")
    assert schedules.get("hourly").state.value == "paused"
    assert named(schedules) == []


def test_pause_of_all_covers_the_end_of_a_shorter_pause(schedules: Schedules) -> None:
    schedules.add("hourly", cron="0 * * * *")
    schedules.tick("2026-12-01 09:59:00")
    schedules.pause("hourly", until="2026-12-01 12:30")
    pause_all.pause(schedules.session, "moving", "2026-12-01T18:30:00Z")
    schedules.tick("2026-12-02 09:30:00")
    assert named(schedules) == []
    assert next(job[:16] for job in schedules.jobs() if " missed" in job) == "2026-12-01 19:00"


def test_resume_of_all_by_a_fast_clock_counts_from_now(schedules: Schedules) -> None:
    schedules.add("hourly", cron="0 * * * *")
    schedules.tick("2026-12-01 09:59:00")
    pause_all.pause(schedules.session, "moving", "")
    schedules.pause("hourly", until="2026-12-02 03:30")
    schedules.tick("2026-12-02 17:40:00")  # 30 h ahead
    pause_all.resume(schedules.session)
    schedules.tick("2026-12-01 11:40:00")
    schedules.tick("2026-12-03 09:30:00")
    assert named(schedules) == []
    assert next(job[:16] for job in schedules.jobs() if " missed" in job) == "2026-12-02 04:00"


def test_pruned_time_is_left_out(balanced: Schedules) -> None:
    with balanced.db.writing():
        balanced.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.0' WHERE state = 'queued'")
    prune.carry_out(balanced.session, older_than_ms=24 * HOUR, keep_failed=False)
    differences, balance = imbalances(balanced)
    assert differences == []
    assert balance.totals.occurrences == 49
