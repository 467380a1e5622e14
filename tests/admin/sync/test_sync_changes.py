"""A sync makes the schedules of its source equal to the list, and leaves all others alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedbot.admin.sync.apply import apply_sync
from schedbot.errors import BadInput, SchedbotError
from schedbot.model import ScheduleState
from schedbot.store.history import changes
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.schedules import Schedules
from tests.support.sync import plan, row, sync


def names(schedules: Schedules) -> list[str]:
    return [schedule.name for schedule in schedule_rows.list_matching(schedules.db)]


def test_first_sync_adds_and_the_second_changes_nothing(schedules: Schedules) -> None:
    rows = [row("a"), row("b", every="weekday at 9:00", grace="360m", account="7")]
    assert sync(schedules, *rows) == (["a", "b"], [], [], [])
    assert [schedules.get(name).source for name in "ab"] == ["product", "product"]
    assert plan(schedules, *rows).is_empty
    assert sync(schedules, *rows) == ([], [], [], ["a", "b"])


def test_sync_adds_changes_and_removes(schedules: Schedules) -> None:
    sync(schedules, row("a"), row("b"), row("c"))
    planned = plan(schedules, row("a"), row("b", cron="0 8 * * *", text="Ho"), row("d"))
    assert planned.changed[0].changes == {"cron": ["0 9 * * *", "0 8 * * *"], "text": ["Hi", "Ho"]}
    apply_sync(schedules.session, planned, yes_remove=True)
    assert names(schedules) == ["a", "b", "d"]
    assert schedules.get("b").recurrence.cron == "0 8 * * *"


def test_changes_are_on_record_with_the_command_sync(schedules: Schedules) -> None:
    sync(schedules, row("a"), row("b"))
    ids = [schedules.get(name).id for name in "ab"]
    sync(schedules, row("a", text="Ho"))
    first, second = (changes.last(schedules.db, "schedule", schedule_id) for schedule_id in ids)
    assert first
    assert second
    assert (first.command, first.actor, (first.after or {})["text"]) == ("sync", "tester@host", "Ho")
    assert (second.command, (second.after or {})["state"]) == ("sync", "removed")
    assert (first.after or {})["source"] == "product"


def test_removal_cancels_queued_jobs(schedules: Schedules) -> None:
    sync(schedules, row("a"), row("b"))
    assert schedules.jobs("b") == ["2026-12-01 09:00 queued"]
    sync(schedules, row("a"))
    assert schedules.jobs("b") == ["2026-12-01 09:00 cancelled schedule_removed"]
    assert schedules.jobs("a") == ["2026-12-01 09:00 queued"]


def test_schedules_of_others_are_untouched(schedules: Schedules) -> None:
    schedules.add("by-hand")
    sync(schedules, row("x"), source="other")
    assert sync(schedules, row("a")) == (["a"], [], [], [])
    assert sync(schedules) == ([], [], ["a"], [])
    assert names(schedules) == ["by-hand", "x"]


def test_edit_by_hand_is_set_back_and_in_the_plan(schedules: Schedules) -> None:
    sync(schedules, row("a"), row("b"))
    schedules.edit("a", text="Edited", grace="1h")
    planned = plan(schedules, row("a"), row("b"))
    assert planned.changed[0].changes == {"text": ["Edited", "Hi"], "grace": ["1h", "6h"]}
    apply_sync(schedules.session, planned)
    assert schedules.get("a").terms.report.source == "Hi"


def test_column_that_left_the_list_has_its_default(schedules: Schedules) -> None:
    sync(schedules, row("a", until="2027-06-01", priority="high"))
    assert sync(schedules, row("a")) == ([], ["a"], [], [])
    assert (schedules.get("a").terms.until_at, schedules.get("a").terms.priority.value) == (None, "normal")


def test_pause_by_hand_stays_without_a_column_paused(schedules: Schedules) -> None:
    sync(schedules, row("a"))
    schedules.pause("a", "moving")
    assert sync(schedules, row("a")) == ([], [], [], ["a"])
    assert sync(schedules, row("a", text="Ho")) == ([], ["a"], [], [])
    assert (schedules.get("a").state, schedules.get("a").reason) == (ScheduleState.PAUSED, "moving")


@pytest.mark.parametrize("value", ["", None])
def test_empty_cell_of_paused_changes_nothing(schedules: Schedules, value: Any) -> None:
    sync(schedules, row("a"))
    schedules.pause("a", "unpaid")
    assert sync(schedules, row("a", paused=value)) == ([], [], [], ["a"])
    assert schedules.get("a").state is ScheduleState.PAUSED


@pytest.mark.parametrize("value", [False, "no"])
def test_column_paused_resumes_and_pauses(schedules: Schedules, value: Any) -> None:
    sync(schedules, row("a", paused=True))
    assert schedules.get("a").state is ScheduleState.PAUSED
    planned = plan(schedules, row("a", paused=value))
    assert planned.changed[0].changes == {"paused": [True, False]}
    apply_sync(schedules.session, planned)
    assert schedules.get("a").state is ScheduleState.ACTIVE
    assert schedules.jobs("a") == ["2026-12-01 09:00 queued"]
    assert sync(schedules, row("a", paused=True)) == ([], ["a"], [], [])
    assert schedules.jobs("a") == ["2026-12-01 09:00 cancelled schedule_paused"]


def test_suspended_schedule_waits_for_a_person(schedules: Schedules) -> None:
    sync(schedules, row("a", paused=False))
    with schedules.db.writing():
        schedules.db.execute("UPDATE schedules SET state = 'suspended', reason = 'is_archived'")
    assert sync(schedules, row("a", paused=False)) == ([], [], [], ["a"])
    assert sync(schedules, row("a", paused=False, channel="C0000000002")) == ([], ["a"], [], [])
    assert schedules.get("a").state is ScheduleState.SUSPENDED


def test_past_instant_and_end_are_kept(schedules: Schedules) -> None:
    rows = [
        row("once", at="2026-12-01 09:00"),
        row("ended", every="every day at 9:00", until="2026-12-01", starts="2026-12-01"),
        row("counted", count=1),
    ]
    sync(schedules, *rows)
    schedules.tick("2026-12-01 09:00:00")
    schedules.tick("2026-12-02 09:00:00")
    assert schedules.get("once").state is ScheduleState.FINISHED
    assert plan(schedules, *rows).is_empty
    assert sync(schedules, row("once", at="2026-12-03 09:00"), *rows[1:])[1] == ["once"]
    assert schedules.next("once") == "2026-12-03 09:00"


def test_values_of_python_are_the_same_as_texts(schedules: Schedules) -> None:
    values = row(
        "a",
        at=datetime(2026, 12, 4, 9, tzinfo=UTC),
        grace=timedelta(hours=2),
        max_attempts=3,
        paused=False,
        account=None,
        skip_holidays=None,
    )
    texts = row("a", at="2026-12-04T09:00:00Z", grace="2h", max_attempts="3", paused="false")
    sync(schedules, values)
    assert schedules.get("a").terms.grace_ms == 7_200_000
    assert plan(schedules, texts).is_empty
    assert plan(schedules, values).is_empty


def test_interval_keeps_its_first_instant(schedules: Schedules) -> None:
    sync(schedules, row("a", every="2 weeks on tuesday at 9:00"))
    first = schedules.next("a")
    schedules.utc = "2026-12-05 08:00:00"
    assert plan(schedules, row("a", every="2 weeks on tuesday at 9:00")).is_empty
    assert first == "2026-12-01 09:00"


def test_more_than_a_fifth_is_not_removed_unasked(schedules: Schedules) -> None:
    rows = [row(f"s{number}") for number in range(10)]
    sync(schedules, *rows)
    apply_sync(schedules.session, plan(schedules, *rows[2:]))
    planned = plan(schedules, *rows[4:])
    with pytest.raises(BadInput, match="It would remove 2 of 8 schedules of the source 'product'"):
        apply_sync(schedules.session, planned)
    with pytest.raises(BadInput, match="It would remove 8 of 8"):
        apply_sync(schedules.session, plan(schedules))
    assert len(names(schedules)) == 8
    apply_sync(schedules.session, plan(schedules), yes_remove=True)
    assert names(schedules) == []


@pytest.mark.parametrize("change", ["edit", "pause", "remove", "add"])
def test_plan_that_is_out_of_date_changes_nothing(schedules: Schedules, change: str) -> None:
    sync(schedules, *[row(f"s{number}") for number in range(6)])
    planned = plan(schedules, row("s0", text="Ho"), *[row(f"s{number}") for number in range(1, 5)], row("new"))
    match change:
        case "edit":
            schedules.edit("s3", text="Edited")
        case "pause":
            schedules.pause("s0")
        case "remove":
            schedules.remove("s5")
        case "add":
            schedules.add("new")
    with pytest.raises(SchedbotError, match="Somebody else changed schedules of the source 'product'") as error:
        apply_sync(schedules.session, planned)
    assert error.value.hint == "Sync again."
    assert schedules.get("s0").terms.report.source == "Hi"
    assert ("s5" in names(schedules)) is (change != "remove")


def test_second_of_two_syncs_at_once_ends_with_a_sentence(schedules: Schedules) -> None:
    first, second = plan(schedules, row("a")), plan(schedules, row("a"), row("b"))
    apply_sync(schedules.session, first)
    with pytest.raises(SchedbotError, match=r"at the same time \(a\). Nothing was changed."):
        apply_sync(schedules.session, second)
    assert sync(schedules, row("a"), row("b")) == (["b"], [], [], ["a"])
