"""Many missed occurrences are one row, and whoever asks what became of them is told of each."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import backfill, retry
from schedbot.model import JobState, Recurrence
from schedbot.rules import instant_runs, recurrence
from schedbot.store.fanout import occurrence_count
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS, Counts
from schedbot.store.history import jobs, missed_spans
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.tick import one_slice, tick
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows, read_value

DAY = 86_400_000
FORTNIGHT = 14 * 288  # of every five minutes
BEGIN, BACK = "2026-12-01 00:00:30", "2026-12-15 00:02:00"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    """A schedule of every five minutes, added when nothing was due; then no tick for a fortnight, and one."""
    with open_schedules(tmp_path) as found:
        found.utc = BEGIN
        found.add("often", cron="*/5 * * * *")
        yield found


def audit(schedules: Schedules, chosen: Filter | None = None) -> list[JobRecord]:
    return list(jobs.every(schedules.db, chosen or Filter()))


def spans(schedules: Schedules) -> list[tuple[int, ...]]:
    """How many occurrences each span holds, and in how many runs."""
    rows = read_rows(schedules.db, "SELECT count, instants FROM missed_spans ORDER BY id")
    return [(count, len(instant_runs.read(instants))) for count, instants in rows]


def rows(schedules: Schedules) -> int:
    return int(read_value(schedules.db, "SELECT count(*) FROM jobs"))


def sent_again(schedules: Schedules, since: str, until: str) -> list[str]:
    chosen = Filter(since=ms(since), until=ms(until))
    made = retry.plan(schedules.session, chosen, stale=True)
    return [clock(job.due_at) for job in retry.carry_out(schedules.session, made)]


def test_a_fortnight_off_is_one_post_one_row_and_all_that_was_missed_in_the_audit(schedules: Schedules) -> None:
    schedules.tick(BACK)
    told = audit(schedules)
    assert (rows(schedules), spans(schedules)) == (1, [(FORTNIGHT - 1, 1)])
    assert [one.due_at for one in told] == list(
        recurrence.between(Recurrence("UTC", cron="*/5 * * * *"), ms(BEGIN), ms(BACK))
    )
    assert [(one.state, one.job, one.error) for one in told[:-1]] == [(JobState.MISSED, None, None)] * (FORTNIGHT - 1)
    assert (told[-1].state, told[-1].job) == (JobState.QUEUED, 1)


def test_a_second_tick_and_a_clock_set_back_make_nothing_twice(schedules: Schedules) -> None:
    schedules.tick(BACK)
    before = [one.due_at for one in audit(schedules)]
    schedules.tick(BACK)
    schedules.utc = "2026-12-14 23:03:40"
    schedules.pause("often")
    schedules.resume("often")  # what it owes within the look-ahead is in the span
    schedules.tick("2026-12-14 23:05:00")
    assert [one.due_at for one in audit(schedules)] == before


def test_what_was_dropped_in_advance_stays_out_of_the_span(schedules: Schedules) -> None:
    schedules.skip_next("often")
    schedules.tick(BACK)
    assert spans(schedules) == [(FORTNIGHT - 2, 1)]
    assert [one.state for one in audit(schedules)][:2] == [JobState.SKIPPED, JobState.MISSED]


def test_each_schedule_has_what_is_its_own(schedules: Schedules) -> None:
    schedules.add("late", cron="*/5 * * * *", starts="2026-12-08 00:00")
    schedules.add("over", cron="*/5 * * * *", until="2026-12-02 00:00")
    schedules.tick(BACK)
    assert spans(schedules) == [(FORTNIGHT - 1, 1), (7 * 288, 1), (288, 1)]
    assert schedules.get("over").state == "finished"


def test_what_a_calendar_leaves_out_is_not_missed_and_each_is_told_once(schedules: Schedules) -> None:
    schedules.add("office", cron="*/5 * * * *", window="08:00-18:00", outside="skip")
    schedules.tick(BACK)
    assert sorted(count for count, _ in spans(schedules)) == [14 * 120, FORTNIGHT - 1]
    told = audit(schedules, Filter(schedules=(schedules.get("office").id,)))
    assert Counter(one.state for one in told) == {"missed": 14 * 120, "skipped": FORTNIGHT - 14 * 120}
    assert len({one.due_at for one in told}) == FORTNIGHT


def test_the_newest_are_told_first_whatever_holds_them(schedules: Schedules) -> None:
    schedules.add("other", cron="*/10 * * * *")
    schedules.tick(BACK)
    newest = jobs.newest(schedules.db, Filter(), 5)
    assert newest[::-1] == audit(schedules)[-5:]
    assert [clock(one.due_at)[11:] for one in newest] == ["00:00", "00:00", "23:55", "23:50", "23:50"]


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (Filter(states=(JobState.MISSED,)), FORTNIGHT - 1),
        (Filter(states=(JobState.FAILED,)), 0),
        (Filter(since=ms("2026-12-03 00:00"), until=ms("2026-12-03 00:59")), 12),
        (Filter(accounts=("nobody",)), 0),
        (Filter(channels=("C0000000001",)), FORTNIGHT),
        (Filter(channels=("C0000000002",)), 0),
        (Filter(errors=("deadline",)), 0),
        (Filter(jobs=(1,)), 1),
    ],
)
def test_a_filter_means_the_same_in_a_span(schedules: Schedules, chosen: Filter, count: int) -> None:
    schedules.tick(BACK)
    assert len(audit(schedules, chosen)) == count
    assert len(jobs.newest(schedules.db, chosen, 10_000)) == count


def test_what_is_sent_again_gets_a_job_and_leaves_the_span(schedules: Schedules) -> None:
    schedules.tick(BACK)
    due = [one.due_at for one in audit(schedules)]
    assert sent_again(schedules, "2026-12-05 10:00", "2026-12-05 10:10") == [
        "2026-12-05 10:00", "2026-12-05 10:05", "2026-12-05 10:10",
    ]  # fmt: skip
    assert (rows(schedules), spans(schedules)) == (4, [(FORTNIGHT - 4, 2)])
    assert [one.due_at for one in audit(schedules)] == due
    assert [one.job for one in audit(schedules, Filter(states=(JobState.QUEUED,)))] == [2, 3, 4, 1]


def test_a_dry_run_tells_the_same_and_changes_nothing(schedules: Schedules) -> None:
    schedules.tick(BACK)
    made = retry.plan(schedules.session, Filter(since=ms("2026-12-05 10:00"), until=ms("2026-12-05 10:09")), stale=True)
    would_be = [(job.job, clock(job.due_at)) for job in retry.preview(schedules.session, made)]
    assert would_be == [(None, "2026-12-05 10:00"), (None, "2026-12-05 10:05")]
    assert (rows(schedules), spans(schedules)) == (1, [(FORTNIGHT - 1, 1)])


def test_a_plan_that_somebody_else_carried_out_first_sends_nothing_twice(schedules: Schedules) -> None:
    schedules.tick(BACK)
    chosen = Filter(since=ms("2026-12-05 10:00"), until=ms("2026-12-05 10:10"))
    first, second = (retry.plan(schedules.session, chosen, stale=True) for _ in range(2))
    assert len(list(retry.carry_out(schedules.session, first))) == 3
    assert list(retry.carry_out(schedules.session, second)) == []


def test_a_span_that_is_sent_again_whole_is_gone(schedules: Schedules) -> None:
    schedules.tick(BACK)
    assert len(sent_again(schedules, BEGIN, BACK)) == FORTNIGHT - 1
    assert (rows(schedules), spans(schedules)) == (FORTNIGHT, [])
    numbers = read_rows(schedules.db, "SELECT max(available_at) - min(available_at) FROM jobs WHERE id > 1")
    assert numbers == [((FORTNIGHT - 2) * 1_000,)]


def test_what_was_missed_is_not_backfilled(schedules: Schedules) -> None:
    schedules.tick(BACK)
    made = backfill.plan(schedules.session, "often", "2026-11-30 23:30", "2026-12-01 01:00")
    assert ([clock(one) for one in made.due][-1], len(made.due), made.missed) == ("2026-12-01 00:00", 7, 11)
    made.due.append(ms("2026-12-01 00:05"))  # as though it had been planned before the tick
    assert len(backfill.carry_out(schedules.session, made)) == 7


def test_why_says_what_became_of_it_and_how_to_send_it(schedules: Schedules) -> None:
    schedules.tick(BACK)
    answer = why.explain(schedules.session, "often", "2026-12-05 10:00")
    assert answer.because == ("It is missed: nothing could post it in time.",)
    assert answer.steps == (
        "schedbot retry --schedule often --since 2026-12-05T10:00:00.000Z --until 2026-12-05T10:00:00.000Z --stale",
    )


def test_an_end_by_count_counts_what_was_missed(schedules: Schedules) -> None:
    schedules.tick(BACK)
    assert occurrence_count.count_occurrences(schedules.db, schedules.get("often"), ms("2026-12-02 00:00")) == 288
    assert occurrence_count.count_occurrences(schedules.db, schedules.get("often"), ms(BACK)) == FORTNIGHT


def test_what_is_run_late_stands_in_the_table_with_the_first_transaction(schedules: Schedules) -> None:
    for number in range(60):
        schedules.add(f"all-{number}", cron="*/5 * * * *", misfire="all")
    schedules.tick(BACK)
    due = [row[0] for row in read_rows(schedules.db, "SELECT due_at FROM jobs WHERE state = 'queued'")]
    assert len(due) == 1 + 60 * 72
    assert min(due) == ms("2026-12-14 18:05")
    assert len(spans(schedules)) == 61


def test_a_tick_killed_between_its_slices_leaves_nothing_for_the_next_to_make_twice(schedules: Schedules) -> None:
    for number in range(80):
        schedules.add(f"all-{number}", cron="*/5 * * * *", misfire="all")
    with schedules.db.writing():  # the first slice alone
        assert one_slice(schedules.db, ms(BACK), ms(BACK) + LOOK_AHEAD_MS, Counts())
    assert len(spans(schedules)) == 81
    schedules.tick("2026-12-15 00:32:00")
    told = [(one.schedule, one.due_at) for one in audit(schedules)]
    assert len(told) == len(set(told)) == 81 * (FORTNIGHT + 6)
    often = [one.state for one in audit(schedules, Filter(schedules=(schedules.get("often").id,)))]
    assert often.count(JobState.QUEUED) == 1


def test_a_dry_run_of_a_tick_counts_them_and_keeps_none(schedules: Schedules) -> None:
    schedules.utc = BACK
    counted = tick(schedules.session, dry_run=True)
    assert (counted.schedules, counted.enqueued, counted.missed) == (1, 1, FORTNIGHT - 1)
    assert (rows(schedules), spans(schedules)) == (0, [])


def test_two_schedules_never_share_what_one_of_them_sends_again(schedules: Schedules) -> None:
    other = schedules.add("other", cron="*/5 * * * *")
    schedules.tick(BACK)
    with schedules.db.writing():
        assert missed_spans.unfold(
            schedules.db, [(other.id, ms("2026-12-01 00:05")), (other.id, ms("2026-12-01 00:06"))]
        )
    assert sorted(count for count, _ in spans(schedules)) == [FORTNIGHT - 2, FORTNIGHT - 1]
