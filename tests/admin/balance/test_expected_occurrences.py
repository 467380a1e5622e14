"""Occurrences that versions and states imply: the edges of pauses, edits, resumes and removals."""

import pytest

from schedbot.model import ScheduleState
from schedbot.rules.expected_occurrences import (
    FOREVER,
    RuleVersion,
    StateEvent,
    TimeSpan,
    active_spans,
    find_occurrences,
    find_segments,
)

ACTIVE, PAUSED, SUSPENDED = ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.SUSPENDED
ALWAYS = TimeSpan(0, FOREVER)


def tens(recurrence_id: int, after: int, until: int) -> range:
    """Instants of recurrence 1: multiples of 10; of recurrence 2: of 20, and so on."""
    step = 10 * recurrence_id
    return range(after // step * step + step, min(until, 200) + 1, step)


def due(versions: list[RuleVersion], events: list[StateEvent], window: TimeSpan = ALWAYS) -> list[int]:
    return [
        occurrence.due_at for occurrence in find_occurrences(find_segments(versions, events, [ALWAYS], window), tens)
    ]


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ([StateEvent(5, ACTIVE)], [(5, FOREVER)]),
        ([StateEvent(5, ACTIVE), StateEvent(20, PAUSED), StateEvent(40, ACTIVE)], [(5, 20), (40, FOREVER)]),
        ([StateEvent(5, PAUSED, 30)], [(29, FOREVER)]),
        ([StateEvent(5, ACTIVE), StateEvent(9, PAUSED, 30), StateEvent(20, ACTIVE)], [(5, 9), (20, FOREVER)]),
        (
            [StateEvent(5, ACTIVE), StateEvent(9, PAUSED, 30), StateEvent(40, PAUSED, 60)],
            [(5, 9), (29, 40), (59, FOREVER)],
        ),
        ([StateEvent(5, ACTIVE), StateEvent(9, PAUSED, 30), StateEvent(20, PAUSED)], [(5, 9)]),
        ([StateEvent(5, ACTIVE), StateEvent(9, SUSPENDED), StateEvent(12, ScheduleState.REMOVED)], [(5, 9)]),
        ([StateEvent(5, ACTIVE), StateEvent(9, ScheduleState.FINISHED)], [(5, FOREVER)]),
    ],
)
def test_active_times_follow_the_recorded_states(events: list[StateEvent], spans: list[tuple[int, int]]) -> None:
    assert list(active_spans(events)) == spans


def test_an_edit_changes_the_rule_after_its_instant() -> None:
    versions = [RuleVersion(5, 1, None, None), RuleVersion(30, 2, None, 100)]
    assert due(versions, [StateEvent(5, ACTIVE)]) == [10, 20, 30, 40, 60, 80, 100]


def test_version_with_the_same_rule_changes_nothing() -> None:
    versions = [RuleVersion(5, 1, 20, None), RuleVersion(33, 1, 20, None)]
    assert due(versions, [StateEvent(5, ACTIVE)], TimeSpan(0, 50)) == [20, 30, 40, 50]


def test_pause_of_all_takes_its_occurrences_out() -> None:
    parts = find_segments(
        [RuleVersion(5, 1, None, None)], [StateEvent(5, ACTIVE)], [TimeSpan(0, 20), TimeSpan(40, 60)], ALWAYS
    )
    assert [occurrence.due_at for occurrence in find_occurrences(parts, tens)] == [10, 20, 50, 60]
