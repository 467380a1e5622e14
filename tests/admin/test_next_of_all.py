"""`next` of all schedules reads recurrences one by one, and lists the same as a merge of all."""

from collections.abc import Iterator

import pytest

from schedbot.admin.listings import list_occurrences
from schedbot.admin.listings.list_occurrences import Span
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Occurrence
from schedbot.model import Recurrence
from schedbot.tick import tick
from tests.support.schedules import Schedules


@pytest.mark.parametrize("ticks", [False, True], ids=["not enqueued", "enqueued ahead"])
def test_next_of_all_equals_a_merge(schedules: Schedules, ticks: bool) -> None:
    schedules.utc = "2026-12-01 08:59:30"
    for number in range(12):
        minute, zone = (0, 1, 30)[number % 3], ("UTC", "Asia/Kolkata")[number % 2]
        schedules.add(f"s{number}", cron=f"{minute} 9 * * *", tz=zone, channel="C0123456789")
    schedules.add("soon", at="2026-12-01 09:00", tz="UTC", channel="C0123456789")
    schedules.add("ends", cron="* * * * *", until="2026-12-01 09:02", tz="UTC", channel="C0123456789")
    session, span = schedules.session, Span("", "", 3, None)
    if ticks:
        tick(session)
    merged = list(list_occurrences.upcoming(session, list_occurrences.select(session, []), span))
    assert list(list_occurrences.upcoming_of(session, [], span)) == merged
    assert merged[0].schedule == "ends"


def test_first_occurrence_reads_few_groups() -> None:
    rule, reads = Recurrence("UTC", cron="0 9 * * *"), list[int]()

    def group(start: int) -> Iterator[Iterator[Occurrence]]:
        reads.append(start)
        yield iter([Occurrence(start, "a", rule), Occurrence(start + 25, "a", rule)])

    merged = occurrences.merge_groups(((start, group(start)) for start in range(0, 1_000, 10)), 2)
    assert [next(merged).due_at for _ in range(5)] == [0, 10, 20, 25, 30]
    assert reads == [0, 10, 20, 30]
