"""`next` of all schedules reads them as it shows them, and lists the same as a merge of all."""

import tracemalloc

import pytest

from schedbot.admin.listings import list_occurrences
from schedbot.admin.listings.spans import Span
from schedbot.admin.schedules import pause_all
from schedbot.tick import tick
from tests.support.schedules import Schedules

COPIES = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)
SELECT 'id' || i, 'copy' || i, workspace_id, recurrence_id, 1, 'active', effective_at, 0 FROM schedules, n
 WHERE name = 'daily'
"""
VERSIONS = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
SELECT id, 1, recurrence_id, 'C1', 'text', 'Hi', 'latest', 0, 5, 'normal', 'hold', 0 FROM schedules
 WHERE name <> 'daily'
"""


def add_many(schedules: Schedules) -> None:
    """Add schedules with common rules, some with ends, later starts, a calendar and a skipped occurrence."""
    for number in range(12):
        minute, zone = (0, 1, 30)[number % 3], ("UTC", "Asia/Kolkata")[number % 2]
        schedules.add(f"s{number}", cron=f"{minute} 9 * * *", tz=zone, channel="C0123456789")
    schedules.add("soon", at="2026-12-01 09:00", tz="UTC", channel="C0123456789")
    schedules.add("ends", cron="* * * * *", until="2026-12-01 09:02", tz="UTC", channel="C0123456789")
    schedules.add("later", cron="0 9 * * *", starts="2026-12-03 09:00", tz="UTC", channel="C0123456789")
    schedules.add("a-window", cron="0 9 * * *", tz="UTC", window="Mon-Fri 10:00-17:00", channel="C0123456789")
    schedules.skip_next("s0")


@pytest.mark.parametrize("ticks", [False, True], ids=["not enqueued", "enqueued ahead"])
@pytest.mark.parametrize("pause", ["", "2026-12-02 08:00"], ids=["", "in a pause of all"])
@pytest.mark.parametrize(
    "span",
    [
        Span("", "", 3, None),
        Span("2026-12-03 09:00", "", 3, 40),
        Span("", "2026-12-03 09:00", 5, None),
        Span("2026-12-02", "2026-12-04", 2, None),
    ],
    ids=["now", "from", "to", "from and to"],
)
def test_next_of_all_equals_a_merge(schedules: Schedules, ticks: bool, pause: str, span: Span) -> None:
    schedules.utc = "2026-12-01 08:59:30"
    add_many(schedules)
    session = schedules.session
    if ticks:
        tick(session)
    if pause:
        pause_all.pause(session, "holiday", pause)
    merged = list(list_occurrences.upcoming(session, list_occurrences.select(session, []), span))
    assert list(list_occurrences.upcoming_of(session, [], span)) == merged
    assert {"later", "a-window", "s0"} <= {occurrence.schedule for occurrence in merged}


def test_many_schedules_of_one_instant_are_read_in_pages(schedules: Schedules) -> None:
    schedules.add("daily", cron="0 9 * * *", tz="UTC", channel="C0123456789")
    session = schedules.session
    with session.db.writing():
        session.db.execute(COPIES)
        session.db.execute(VERSIONS)
    tracemalloc.start()
    upcoming = iter(list_occurrences.upcoming_of(session, [], Span("", "", 2, None)))
    first = next(upcoming)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (first.schedule, peak < 300_000) == ("copy1", True)
    assert [first, *upcoming] == sorted([first, *list_occurrences.upcoming_of(session, [], Span("", "", 2, None))][1:])
