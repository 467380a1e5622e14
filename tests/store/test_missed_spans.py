"""Many missed occurrences of a schedule are one row, and a backfill posts some of them after all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import backfill, retry
from schedbot.model import JobState, Recurrence
from schedbot.rules import recurrence
from schedbot.store.fanout import count_past_occurrences
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Counts
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.tick import run_slice, tick
from tests.support.missed_occurrences import list_missed
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows, read_value

DAY = 86_400_000
FORTNIGHT = 14 * 288  # of every five minutes
BEGIN, BACK = "2026-12-01 00:00:30", "2026-12-15 00:02:00"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    """A schedule of every five minutes, before a fortnight without a tick."""
    with open_schedules(tmp_path) as schedules:
        schedules.utc = BEGIN
        schedules.add("often", cron="*/5 * * * *")
        yield schedules


def audit(schedules: Schedules, selection: Filter | None = None) -> list[JobRecord]:
    return list(jobs.every(schedules.db, selection or Filter()))


def spans(schedules: Schedules) -> list[int]:
    """Return the count of each span."""
    return [row[0] for row in read_rows(schedules.db, "SELECT count FROM missed_spans ORDER BY id")]


def count_jobs(schedules: Schedules) -> int:
    return int(read_value(schedules.db, "SELECT count(*) FROM jobs"))


def missed(schedules: Schedules, name: str = "often") -> list[int]:
    return list_missed(schedules.db, schedules.get(name).id)


def backfilled(schedules: Schedules, since: str, until: str) -> list[str]:
    plan = backfill.plan(schedules.session, "often", since, until)
    return [clock(due_at) for _, due_at in backfill.carry_out(schedules.session, plan)]


def test_a_fortnight_off_is_one_post_and_one_missed_row(schedules: Schedules) -> None:
    schedules.tick(BACK)
    every = list(recurrence.between(Recurrence("UTC", cron="*/5 * * * *"), ms(BEGIN), ms(BACK)))
    [span, job] = audit(schedules)
    assert (span.job, span.state, span.error, span.occurrences) == (None, JobState.MISSED, "no_tick", FORTNIGHT - 1)
    assert (span.due_at, span.last_due_at) == (every[0], every[-2])
    assert missed(schedules) == every[:-1]
    assert (job.job, job.due_at, job.state, job.occurrences) == (1, every[-1], JobState.QUEUED, None)


def test_a_second_tick_and_a_clock_set_back_make_nothing_twice(schedules: Schedules) -> None:
    schedules.tick(BACK)
    before = [(record.job, record.due_at, record.occurrences) for record in audit(schedules)]
    schedules.tick(BACK)
    assert [(record.job, record.due_at, record.occurrences) for record in audit(schedules)] == before
    schedules.utc = "2026-12-14 23:03:40"
    schedules.pause("often")
    schedules.resume("often")  # its occurrence within the look-ahead is in the span
    schedules.tick("2026-12-14 23:05:00")
    assert spans(schedules) == [FORTNIGHT - 11]  # an occurrence that is not due yet is not missed
    schedules.tick(BACK)
    due = [record.due_at for record in audit(schedules) if record.job is not None] + missed(schedules)
    assert len(due) == len(set(due)) == FORTNIGHT


def test_an_occurrence_skipped_in_advance_is_not_in_the_span(schedules: Schedules) -> None:
    schedules.skip_next("often")
    schedules.tick(BACK)
    assert spans(schedules) == [FORTNIGHT - 2]
    assert [record.state for record in audit(schedules)][:2] == [JobState.SKIPPED, JobState.MISSED]


def test_each_schedule_has_its_own_missed_occurrences(schedules: Schedules) -> None:
    schedules.add("late", cron="*/5 * * * *", starts="2026-12-08 00:00")
    schedules.add("over", cron="*/5 * * * *", until="2026-12-02 00:00")
    schedules.tick(BACK)
    assert sorted(spans(schedules), reverse=True) == [FORTNIGHT - 1, 7 * 288, 288]
    assert schedules.get("over").state == "finished"


def test_occurrences_that_a_calendar_skips_are_not_missed(schedules: Schedules) -> None:
    office = schedules.add("office", cron="*/5 * * * *", window="08:00-18:00", outside="skip").id
    schedules.tick(BACK)
    records = audit(schedules, Filter(schedules=(office,)))
    assert sum(record.occurrences or 0 for record in records) == len(missed(schedules, "office")) == 14 * 120
    skipped = [record.due_at for record in records if record.state is JobState.SKIPPED]
    assert len(skipped) == FORTNIGHT - 14 * 120
    assert not {*skipped} & {*missed(schedules, "office")}


def test_spans_and_jobs_are_merged_in_due_order(schedules: Schedules) -> None:
    schedules.add("other", cron="*/10 * * * *")
    schedules.tick(BACK)
    newest = jobs.newest(schedules.db, Filter(), 5)
    assert newest[::-1] == audit(schedules)
    assert [(record.schedule, record.job) for record in newest] == [
        ("other", 2),
        ("often", 1),
        ("other", None),
        ("often", None),
    ]


@pytest.mark.parametrize(
    ("selection", "jobs_and_spans"),
    [
        (Filter(states=(JobState.MISSED,)), (0, 1)),
        (Filter(states=(JobState.FAILED,)), (0, 0)),
        (Filter(since=ms("2026-12-03 00:00"), until=ms("2026-12-03 00:59")), (0, 1)),
        (Filter(since=ms("2026-12-14 23:56")), (1, 0)),
        (Filter(until=ms("2026-12-01 00:04")), (0, 0)),
        (Filter(accounts=("nobody",)), (0, 0)),
        (Filter(channels=("C0000000001",)), (1, 1)),
        (Filter(channels=("C0000000002",)), (0, 0)),
        (Filter(errors=("deadline",)), (0, 0)),
        (Filter(errors=("no_tick",)), (0, 1)),
        (Filter(jobs=(1,)), (1, 0)),
    ],
)
def test_a_filter_means_the_same_for_a_span(
    schedules: Schedules, selection: Filter, jobs_and_spans: tuple[int, int]
) -> None:
    schedules.tick(BACK)
    for records in (audit(schedules, selection), jobs.newest(schedules.db, selection, 10_000)):
        spans = sum(record.job is None for record in records)
        assert (len(records) - spans, spans) == jobs_and_spans


def test_retry_leaves_a_span_alone(schedules: Schedules) -> None:
    schedules.tick(BACK)
    plan = retry.plan(schedules.session, Filter(schedules=(schedules.get("often").id,)), stale=True)
    assert (plan.ready, list(retry.carry_out(schedules.session, plan))) == ([], [])
    assert spans(schedules) == [FORTNIGHT - 1]


def test_a_backfill_takes_occurrences_out_of_the_span(schedules: Schedules) -> None:
    schedules.tick(BACK)
    before = missed(schedules)
    due = ["2026-12-05 10:00", "2026-12-05 10:05", "2026-12-05 10:10"]
    assert backfilled(schedules, due[0], "2026-12-05 10:11") == due
    assert (count_jobs(schedules), spans(schedules)) == (4, [FORTNIGHT - 4])
    assert missed(schedules) == [at for at in before if clock(at) not in due]
    assert [record.job for record in audit(schedules, Filter(states=(JobState.QUEUED,)))] == [2, 3, 4, 1]
    assert backfilled(schedules, due[0], "2026-12-05 10:11") == []


def test_a_backfill_of_a_whole_span_removes_it(schedules: Schedules) -> None:
    schedules.tick(BACK)
    assert len(backfilled(schedules, BEGIN, BACK)) == FORTNIGHT - 1
    assert (count_jobs(schedules), spans(schedules)) == (FORTNIGHT, [])
    spread = read_value(schedules.db, "SELECT max(available_at) - min(available_at) FROM jobs WHERE id > 1")
    assert spread == (FORTNIGHT - 2) * 1_000


def test_backfill_by_another_rule_takes_out_shared_instants(schedules: Schedules) -> None:
    schedules.tick(BACK)
    schedules.edit("often", cron="*/4 * * * *")
    assert len(backfilled(schedules, "2026-12-05 10:00", "2026-12-05 10:20")) == 5
    assert spans(schedules) == [FORTNIGHT - 2]  # 10:00 is due by both rules


def test_a_backfill_planned_before_the_tick_shrinks_the_span(schedules: Schedules) -> None:
    schedules.utc = BACK
    plan = backfill.plan(schedules.session, "often", "2026-12-01 00:00", "2026-12-01 01:00")
    schedules.tick(BACK)
    assert len(backfill.carry_out(schedules.session, plan)) == 12
    assert spans(schedules) == [FORTNIGHT - 12]  # 00:00 was before the schedule began
    assert len(missed(schedules)) == FORTNIGHT - 12


def test_why_says_missed_with_others_and_names_the_backfill(schedules: Schedules) -> None:
    schedules.tick(BACK)
    answer = why.explain(schedules.session, "often", "2026-12-05 10:00")
    assert answer.because == ("The occurrence was missed with 4,030 others: no tick ran in time.",)
    assert answer.steps == ("schedbot backfill often --from 2026-12-05T10:00:00.000Z --to 2026-12-05T10:00:01.000Z",)
    assert (answer.due_at, answer.job, answer.state) == (ms("2026-12-05 10:00"), None, JobState.MISSED)
    assert backfilled(schedules, *answer.steps[0].split()[4::2]) == ["2026-12-05 10:00"]
    assert why.explain(schedules.session, "often", "2026-12-05 10:00").because[0].startswith("Job 2 is queued")


def test_why_finds_a_missed_occurrence_of_a_former_rule(schedules: Schedules) -> None:
    schedules.tick(BACK)
    schedules.edit("often", cron="30 9 * * *")
    answer = why.explain(schedules.session, "often", "2026-12-05 10:00")
    assert answer.because == ("The occurrence was missed with 4,030 others: no tick ran in time.",)


def test_an_end_by_count_counts_missed_occurrences(schedules: Schedules) -> None:
    schedules.tick(BACK)
    assert count_past_occurrences.count_occurrences(schedules.db, schedules.get("often"), ms(BEGIN)) == 0
    assert count_past_occurrences.count_occurrences(schedules.db, schedules.get("often"), ms(BACK)) == FORTNIGHT


def test_late_runs_are_written_with_the_first_transaction(schedules: Schedules) -> None:
    for number in range(60):
        schedules.add(f"all-{number}", cron="*/5 * * * *", misfire="all")
    schedules.tick(BACK)
    due = [row[0] for row in read_rows(schedules.db, "SELECT due_at FROM jobs WHERE state = 'queued'")]
    assert len(due) == 1 + 60 * 72
    assert min(due) == ms("2026-12-14 18:05")
    assert len(spans(schedules)) == 61


@pytest.mark.slow
def test_a_tick_killed_between_slices_makes_nothing_twice(schedules: Schedules) -> None:
    for number in range(80):
        schedules.add(f"all-{number}", cron="*/5 * * * *", misfire="all")
    with schedules.db.writing():  # the first slice alone
        assert run_slice(schedules.db, ms(BACK), ms(BACK) + LOOK_AHEAD_MS, Counts())
    assert len(spans(schedules)) == 81
    schedules.tick("2026-12-15 00:32:00")
    records = audit(schedules)
    due = [(record.schedule, record.due_at) for record in records if record.job is not None]
    due += [(name, at) for name in {record.schedule for record in records} for at in missed(schedules, name)]
    assert len(due) == len(set(due)) == 81 * (FORTNIGHT + 6)
    often = [record.state for record in audit(schedules, Filter(schedules=(schedules.get("often").id,)))]
    assert often.count(JobState.QUEUED) == 1


def test_a_dry_run_of_a_tick_counts_missed_and_keeps_none(schedules: Schedules) -> None:
    schedules.utc = BACK
    counted = tick(schedules.session, dry_run=True)
    assert (counted.schedules, counted.enqueued, counted.missed) == (1, 1, FORTNIGHT - 1)
    assert (count_jobs(schedules), spans(schedules)) == (0, [])


def test_a_backfill_of_one_schedule_leaves_another_alone(schedules: Schedules) -> None:
    schedules.add("other", cron="*/5 * * * *")
    schedules.tick(BACK)
    backfilled(schedules, "2026-12-01 00:05", "2026-12-01 00:06")
    assert spans(schedules) == [FORTNIGHT - 2, FORTNIGHT - 1]


def test_a_skip_after_a_clock_set_back_passes_the_span_over(schedules: Schedules) -> None:
    schedules.tick(BACK)
    schedules.utc = "2026-12-14 23:03:40"
    assert schedules.skip_next("often").startswith("2026-12-15 00:00")
    assert len(missed(schedules)) == FORTNIGHT - 1


def test_downtime_is_one_span_beside_a_schedule_that_runs_all(schedules: Schedules) -> None:
    # The jobs of the second schedule fill several transactions.
    schedules.add("every", cron="*/5 * * * *", misfire="all", grace="3w")
    for number in range(4):
        schedules.add(f"latest-{number}", cron="*/5 * * * *")
    schedules.tick(BACK)
    assert spans(schedules) == [FORTNIGHT - 1] * 5
    assert count_jobs(schedules) == FORTNIGHT + 5


def test_why_offers_no_backfill_for_an_earlier_rule(schedules: Schedules) -> None:
    schedules.tick(BACK)
    schedules.edit("often", cron="*/10 * * * *")
    assert why.explain(schedules.session, "often", "2026-12-05 10:05").steps == ()
    assert "backfill" in why.explain(schedules.session, "often", "2026-12-05 10:10").steps[0]
