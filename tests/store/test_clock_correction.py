"""A tick at a right time puts right what a tick wrote while the clock was ahead."""

import pytest

from schedbot.admin.operations import health
from schedbot.store.operations import heartbeats
from schedbot.store.operations.health import read_vitals
from schedbot.tick import tick
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows, read_value

AHEAD = ["2026-12-01 17:59:30", "2036-12-01 08:59:30"]  # 9 hours, 10 years
ahead = pytest.mark.parametrize("ahead", AHEAD)


def count_spans(schedules: Schedules) -> int:
    return int(read_value(schedules.db, "SELECT count(*) FROM missed_spans"))


def next_due(schedules: Schedules) -> list[str]:
    rows = read_rows(schedules.db, "SELECT next_due_at FROM recurrences WHERE next_due_at IS NOT NULL ORDER BY 1")
    return [clock(due_at) for (due_at,) in rows]


def assess(schedules: Schedules) -> health.Health:
    return health.assess(read_vitals(schedules.db, ms(schedules.utc)))


@ahead
def test_each_hour_is_enqueued_after_a_tick_ahead(schedules: Schedules, ahead: str) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick(ahead)
    schedules.tick("2026-12-01 09:01:30")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    assert (next_due(schedules), count_spans(schedules)) == (["2026-12-01 10:00"], 0)
    for hour in ("10", "11", "12"):
        schedules.tick(f"2026-12-01 {hour}:00:00")
    assert schedules.jobs() == [f"2026-12-01 {hour}:00 queued" for hour in ("09", "10", "11", "12")]


@ahead
def test_finished_schedules_become_active_again(schedules: Schedules, ahead: str) -> None:
    schedules.add("once", at="2026-12-01 12:00")
    schedules.add("counted", cron="0 * * * *", count="3")
    schedules.add("ended", cron="0 * * * *", until="2026-12-01 11:30")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick(ahead)
    assert {schedules.get(name).state for name in ("once", "counted", "ended")} == {"finished"}
    schedules.tick("2026-12-01 09:01:30")
    assert {schedules.get(name).state for name in ("once", "counted", "ended")} == {"active"}
    for hour in ("10", "11", "12", "13"):
        schedules.tick(f"2026-12-01 {hour}:00:00")
    assert {schedules.get(name).state for name in ("once", "counted", "ended")} == {"finished"}
    assert schedules.jobs("once") == ["2026-12-01 12:00 queued"]
    assert schedules.jobs("counted") == [f"2026-12-01 {hour}:00 queued" for hour in ("09", "10", "11")]
    assert schedules.jobs("ended") == [f"2026-12-01 {hour}:00 queued" for hour in ("09", "10", "11")]


@ahead
def test_schedule_that_finished_before_stays_finished(schedules: Schedules, ahead: str) -> None:
    schedules.add("once", at="2026-12-01 09:30")
    schedules.tick("2026-12-01 09:30:00")
    schedules.tick(ahead)
    schedules.tick("2026-12-01 09:31:00")
    assert (schedules.get("once").state, schedules.jobs()) == ("finished", ["2026-12-01 09:30 queued"])


def test_a_later_right_tick_treats_the_time_as_a_downtime(schedules: Schedules) -> None:
    schedules.add(cron="*/5 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2026-12-01 17:59:30")
    schedules.tick("2026-12-01 11:02:00")
    states = [job.split()[2] for job in schedules.jobs()]
    assert (states.count("queued"), states.count("missed")) == (2, 23)
    assert schedules.jobs()[-1] == "2026-12-01 11:00 queued"


def test_two_wrong_times_after_each_other_are_taken_back(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    for wrong in ("2036-12-01 08:59:30", "2026-12-01 17:59:30", "2030-01-01 00:00:00"):
        schedules.tick(wrong)
    schedules.tick("2026-12-01 10:00:30")
    assert schedules.jobs() == ["2026-12-01 09:00 queued", "2026-12-01 10:00 queued"]


def test_job_with_an_attempt_stays(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2026-12-01 17:59:30")
    with schedules.db.writing():
        schedules.db.execute(
            "UPDATE jobs SET state = 'succeeded', attempts = 1, ts = '1.0' WHERE due_at = :due_at",
            {"due_at": ms("2026-12-01 18:00:00")},
        )
    for hour in range(9, 20):
        schedules.tick(f"2026-12-01 {hour:02}:00:30")
    states = {job[11:16]: job.split()[2] for job in schedules.jobs()}
    assert states.pop("18:00") == "succeeded"
    assert set(states.values()) == {"queued"}
    assert len(states) == 10


def test_occurrence_skipped_by_hand_stays_skipped(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 09:00:30")
    assert schedules.skip_next() == "2026-12-01 10:00"
    schedules.tick("2026-12-01 18:00:30")
    schedules.tick("2026-12-01 09:02:00")
    schedules.tick("2026-12-01 10:00:00")
    assert schedules.jobs()[-1] == "2026-12-01 10:00 skipped skipped_by_hand"


def test_missed_span_ends_at_the_present(schedules: Schedules) -> None:
    schedules.add(cron="* * * * *")
    schedules.tick("2026-12-03 09:00:30")  # the first tick: no right time is known before it
    assert count_spans(schedules) == 1
    schedules.tick("2026-12-01 10:00:30")
    [(last, count)] = read_rows(schedules.db, "SELECT last_due_at, count FROM missed_spans")
    assert (clock(last), count) == ("2026-12-01 10:00", 60)
    assert schedules.jobs()[0] == "2026-12-01 09:00 queued"
    assert next_due(schedules) == ["2026-12-01 10:03"]


def test_timed_pause_that_ended_ahead_is_a_pause_again(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    schedules.pause(reason="holiday", until="2026-12-01 12:30")
    schedules.tick("2026-12-01 17:59:30")
    assert schedules.get().state == "active"
    schedules.tick("2026-12-01 09:01:00")
    paused = schedules.get()
    assert (paused.state, paused.reason, paused.state_by) == ("paused", "holiday", "tester@host")
    assert paused.state_until == ms("2026-12-01 12:30:00")
    for hour in range(10, 15):
        schedules.tick(f"2026-12-01 {hour}:00:00")
    assert [job for job in schedules.jobs() if "queued" in job] == [
        "2026-12-01 13:00 queued",
        "2026-12-01 14:00 queued",
    ]


def test_schedule_added_while_the_clock_was_ahead_is_due(schedules: Schedules) -> None:
    schedules.add("old", cron="30 * * * *")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2036-12-01 08:59:30")
    schedules.add("new", cron="0 * * * *")
    schedules.tick("2026-12-01 09:01:00")
    schedules.tick("2026-12-01 10:00:00")
    assert schedules.jobs("new") == ["2026-12-01 10:00 queued"]


@ahead
def test_health_names_a_clock_that_was_ahead(schedules: Schedules, ahead: str) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:30")
    assert assess(schedules).code == 0
    schedules.tick(ahead)
    schedules.utc = "2026-12-01 09:00:00"
    result = assess(schedules)
    assert (result.status, result.code) == ("failed", 1)
    assert [problem.sentence for problem in result.problems if "clock of this machine was ahead" in problem.sentence]
    schedules.tick("2026-12-01 09:00:30")
    assert assess(schedules).code == 0


def test_pool_heartbeat_of_the_future_is_no_sign_of_life(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:30")
    with schedules.db.writing():
        heartbeats.beat(schedules.db, "pool", "gone", 0, ms("2026-12-01 18:00:00"))
    result = assess(schedules)
    assert (result.vitals.pools, result.code) == (0, 1)
    schedules.tick("2026-12-01 09:00:00")
    assert assess(schedules).vitals.ahead_at is None
    assert heartbeats.get_last_beat(schedules.db, "pool", ms("2036-01-01 00:00:00")) is None


def test_downtime_is_on_record_until_500_others(schedules: Schedules) -> None:
    with schedules.db.writing():
        for hour in range(510):
            heartbeats.beat_tick(schedules.db, hour * 3_600_000)
    assert [gap.started_at // 3_600_000 for gap in heartbeats.list_gaps(schedules.db)] == list(range(9, 509))


def test_dry_run_shows_what_the_correction_enqueues(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 09:01:00")
    schedules.tick("2026-12-01 18:00:30")
    schedules.utc = "2026-12-01 10:00:00"
    assert tick(schedules.session, dry_run=True).enqueued == 1
    assert assess(schedules).code == 1


def test_command_on_a_clock_ahead_loses_no_occurrence(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:10")
    schedules.utc = "2026-12-03 12:00:00"
    schedules.edit(cron="5 * * * *")  # no tick runs before the clock is right
    schedules.tick("2026-12-01 09:04:10")
    assert "2026-12-01 09:05 queued" in schedules.jobs()
