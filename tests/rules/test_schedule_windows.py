"""Holidays, send windows and blackouts defer or skip occurrences of a schedule."""

import pytest

from schedbot.admin.fields.parsers import BadField
from tests.support.schedules import Schedules, clock
from tests.support.sql import read_rows

OFFICE = "mon-fri 08:00-18:00"
SATURDAY = "2026-12-05 08:59:00"


def queued_times(schedules: Schedules) -> list[str]:
    """Return due time, post time and deadline of each queued job."""
    rows = read_rows(
        schedules.db, "SELECT due_at, available_at, deadline_at FROM jobs WHERE state = 'queued' ORDER BY due_at"
    )
    return [" / ".join(map(clock, row)) for row in rows]


def test_occurrence_outside_the_window_is_deferred(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick(SATURDAY)
    assert queued_times(schedules) == ["2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]
    schedules.tick("2026-12-05 09:05:00")
    assert len(schedules.jobs()) == 1


def test_skipped_occurrence_names_its_window(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE, outside="skip")
    schedules.tick(SATURDAY)
    assert schedules.jobs() == ["2026-12-05 09:00 skipped outside window: mon-fri 08:00-18:00"]


def test_last_of_the_deferred_occurrences_replaces_the_others(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 17:30:00"
    schedules.add(cron="0 * * * *", window="09:00-18:00", misfire="all", grace="1d")
    schedules.tick("2026-12-02 08:59:00")
    assert [line for line in schedules.jobs() if "queued" in line] == ["2026-12-02 09:00 queued"]
    assert sum("skipped outside window: 09:00-18:00" in line for line in schedules.jobs()) == 15


def test_last_occurrence_before_the_end_is_deferred(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", window=OFFICE, until="2026-12-05 10:00")
    schedules.tick(SATURDAY)
    assert queued_times(schedules)[-1] == "2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"


def test_late_tick_defers_to_the_window(schedules: Schedules) -> None:
    schedules.add(cron="0 17 * * fri", window=OFFICE, grace="3d")
    schedules.tick("2026-12-04 19:00:00")
    assert queued_times(schedules) == ["2026-12-04 17:00 / 2026-12-07 08:00 / 2026-12-10 08:00"]


def test_blackout_defers_or_skips(schedules: Schedules) -> None:
    fields = {"cron": "0 9 5 12 *", "blackout": "2026-12-04/2026-12-06"}
    schedules.add("waits", **fields)
    schedules.add("does not", **fields, outside="skip")
    schedules.tick(SATURDAY)
    assert queued_times(schedules) == ["2026-12-05 09:00 / 2026-12-07 00:00 / 2026-12-07 06:00"]
    assert schedules.jobs("does not") == ["2026-12-05 09:00 skipped blackout: 2026-12-04/2026-12-06"]


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        pytest.param("skip", "2026-12-25 14:00 skipped holiday: Christmas Day", id="skipped"),
        pytest.param("after", "2026-12-25 14:00 queued", id="moved to the next business day"),
    ],
)
def test_holiday_policy_skips_or_moves(schedules: Schedules, policy: str, line: str) -> None:
    schedules.add(cron="0 9 * * fri", tz="America/New_York", skip_holidays="US", holiday_policy=policy)
    schedules.tick("2026-12-25 13:59:00")
    assert schedules.jobs()[-1] == line
    queued = ["2026-12-25 14:00 / 2026-12-28 14:00 / 2026-12-28 20:00"] if policy == "after" else []
    assert [times for times in queued_times(schedules) if "12-25" in times] == queued


def test_next_occurrence_replaces_a_moved_one(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", skip_holidays="US", holiday_policy="after")
    schedules.tick("2026-12-25 08:59:00")
    assert schedules.jobs()[-1] == "2026-12-25 09:00 skipped holiday: Christmas Day"


def test_upcoming_occurrences_show_deferrals(schedules: Schedules) -> None:
    from schedbot.admin.schedules import occurrences

    schedule = schedules.add(cron="0 9 * * fri", skip_holidays="US", holiday_policy="after", window=OFFICE)
    coming = list(occurrences.find_upcoming(schedule, schedules.session.now(), {}))[:4]
    assert [
        (clock(occurrence.due_at), occurrence.deferred_to and clock(occurrence.deferred_to), occurrence.defer_reason)
        for occurrence in coming
    ] == [
        ("2026-12-04 09:00", None, None),
        ("2026-12-11 09:00", None, None),
        ("2026-12-18 09:00", None, None),
        ("2026-12-25 09:00", "2026-12-28 09:00", "holiday: Christmas Day"),
    ]


def test_edit_of_the_window_moves_queued_jobs(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick(SATURDAY)
    schedules.edit(window="mon-fri 10:00-18:00")
    assert queued_times(schedules) == ["2026-12-05 09:00 / 2026-12-07 10:00 / 2026-12-07 16:00"]
    schedules.utc = "2026-12-06 12:00:00"
    schedules.edit(window="none")
    assert queued_times(schedules) == ["2026-12-05 09:00 / 2026-12-06 12:00 / 2026-12-06 18:00"]


def test_schedules_of_one_recurrence_have_own_windows(schedules: Schedules) -> None:
    schedules.add("office", cron="0 9 * * sat", window=OFFICE)
    schedules.add("always", cron="0 9 * * sat")
    schedules.add("late", cron="0 9 * * sat", window="20:00-22:00")
    schedules.tick(SATURDAY)
    assert sorted(line.split(" / ")[1] for line in queued_times(schedules)) == [
        "2026-12-05 09:00",
        "2026-12-05 20:00",
        "2026-12-07 08:00",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [("window", "9 to 5"), ("blackout", "Christmas"), ("outside", "later"), ("holiday_policy", "never")],
)
def test_invalid_calendar_value_names_its_column(schedules: Schedules, column: str, value: str) -> None:
    with pytest.raises(BadField) as refused:
        schedules.add(**{column: value})
    assert refused.value.column == column
