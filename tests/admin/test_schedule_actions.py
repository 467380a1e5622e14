"""skip-next skips one occurrence, run-now adds one job, remove frees the name; look-ups of schedules."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import mark_posted, timeline
from schedbot.admin.schedules import occurrences, run_now
from schedbot.admin.schedules.occurrences import Expression
from schedbot.admin.schedules.selection import find_all
from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules.calendar import Calendar
from schedbot.store.jobs import pending, settlement
from schedbot.store.schedules import schedules as schedule_rows
from schedbot.store.schedules.schedules import ScheduleFilter
from tests.support.schedules import Schedules, clock, ms


def test_skip_next_skips_a_queued_job(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.skip_next() == "2026-12-01 09:00"
    assert schedules.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]
    assert schedules.next() == "2026-12-02 09:00"


def test_skip_next_skips_a_future_occurrence(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    assert schedules.skip_next() == "2026-12-01 18:00"
    schedules.tick("2026-12-01 17:59:00")
    assert schedules.jobs() == ["2026-12-01 18:00 skipped skipped_by_hand"]


def test_timeline_names_who_skipped_the_job(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    schedules.skip_next()
    schedules.skip_next()
    skip, due = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))
    assert (clock(skip.at), skip.text) == ("2026-12-01 08:59", "tester@host, skip-next: skipped this occurrence.")
    assert due.event == "due"
    answer = why.explain(schedules.session, "daily", "2026-12-01 18:00").because
    assert answer == ("Job 1 was skipped: tester@host skipped it on Tue 1 Dec 2026 08:59 UTC.",)


@pytest.mark.parametrize("turn", ["pause", "edit", "remove"])
def test_timeline_names_who_cancelled_the_job(schedules: Schedules, turn: str) -> None:
    schedules.add()
    schedules.edit(text="Hello")
    schedules.utc = "2026-12-01 09:10:00"  # no pool came
    if turn == "edit":
        schedules.edit(cron="0 12 * * *")
    else:
        getattr(schedules, turn)()
    last = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))[-1]
    assert (clock(last.at), last.text.partition(":")[0]) == ("2026-12-01 09:10", f"tester@host, {turn}")


def test_timeline_names_the_suspension_of_a_job(schedules: Schedules) -> None:
    schedules.add()
    at = ms("2026-12-01 09:10:00")
    with schedules.db.writing():
        settlement.suspend_schedule(schedules.db, schedules.get().id, "C0000000001", "is_archived", at)
    last = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))[-1]
    sentence = "schedule 'daily': state active -> suspended, reason none -> is_archived."
    assert (last.at, last.text) == (at, f"schedbot work, work: {sentence}")


def test_skip_next_twice_skips_two_occurrences(schedules: Schedules) -> None:
    schedules.add()
    assert [schedules.skip_next(), schedules.skip_next()] == ["2026-12-01 09:00", "2026-12-02 09:00"]


def test_skip_next_leaves_a_sent_job(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=True)
    assert schedules.skip_next() == "2026-12-02 09:00"


def test_skip_next_of_a_paused_schedule_is_refused(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    with pytest.raises(BadInput, match="paused"):
        schedules.skip_next()


def test_skipped_occurrence_stays_skipped_after_an_edit(schedules: Schedules) -> None:
    schedules.add()
    schedules.skip_next()
    schedules.edit(text="Hello")
    assert schedules.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]


def test_run_now_adds_a_job_beside_the_occurrence(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    assert schedules.run_now() != schedules.run_now()
    schedules.tick("2026-12-01 08:59:00")
    assert schedules.jobs() == [
        "2026-12-01 08:00 queued",
        "2026-12-01 08:00 queued",
        "2026-12-01 09:00 queued",
    ]


def test_run_now_at_the_due_instant_adds_a_second_job(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    schedules.utc = "2026-12-01 09:00:00"
    schedules.run_now()
    schedules.tick("2026-12-01 09:00:30")
    assert schedules.jobs() == ["2026-12-01 09:00 queued", "2026-12-01 09:00 queued"]


def test_run_now_of_a_suspended_schedule_is_refused(schedules: Schedules) -> None:
    schedules.add()
    with schedules.db.writing():
        schedules.db.execute("UPDATE schedules SET state = 'suspended', reason = 'not_in_channel'")
    with pytest.raises(BadInput, match="not_in_channel"):
        schedules.run_now()


def test_has_pool_is_false_without_a_pool(schedules: Schedules) -> None:
    assert not run_now.has_pool(schedules.session)


def test_remove_cancels_jobs_and_frees_the_name(schedules: Schedules) -> None:
    first = schedules.add()
    schedules.remove()
    schedules.tick("2026-12-01 08:59:30")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_removed"]
    assert schedules.add().id != first.id


def test_find_all_returns_each_match_of_names_and_globs(schedules: Schedules) -> None:
    for name in ("acme-1", "acme-2", "other"):
        schedules.add(name)
    selection = find_all(schedules.db, ["acme-*", "acme-1", "zz*", "acme-[!1]"])
    assert [entry.name for entry in selection.schedules] == ["acme-1", "acme-2"]
    assert selection.empty == ["zz*"]


def test_schedules_are_found_by_state_account_workspace(schedules: Schedules) -> None:
    schedules.add("a", account="x")
    schedules.add("b", account="x", paused="true")
    schedules.add("c", account="y")
    matches = schedule_rows.list_matching(
        schedules.db, ScheduleFilter(account="x", workspace="default", states=(schedules.get("a").state,))
    )
    assert [entry.name for entry in matches] == ["a"]
    assert schedule_rows.count_matching(schedules.db, ScheduleFilter(account="x")) == 2


def test_upcoming_occurrences_keep_to_start_end_and_holidays(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", starts="2026-12-24", until="2026-12-26", skip_holidays="US")
    upcoming = list(
        occurrences.find_upcoming(schedules.get(), ms(schedules.utc), pending.list_skipped(schedules.db, 0))
    )
    assert [clock(entry.due_at) for entry in upcoming] == ["2026-12-24 09:00", "2026-12-25 09:00", "2026-12-26 09:00"]
    assert "Christmas" in (upcoming[1].skip_reason or "")
    assert schedules.next() == "2026-12-24 09:00"


def test_occurrences_of_several_schedules_are_merged_by_time(schedules: Schedules) -> None:
    schedules.add("late", cron="0 18 * * *")
    schedules.add("early", cron="0 10 * * *")
    iterators = (
        occurrences.find_upcoming(entry, ms(schedules.utc), {}) for entry in schedule_rows.list_matching(schedules.db)
    )
    merged = [(entry.schedule, clock(entry.due_at)[-5:]) for entry in occurrences.merge(iterators, 2)]
    assert merged == [("early", "10:00"), ("late", "18:00"), ("early", "10:00"), ("late", "18:00")]


def test_expression_has_upcoming_occurrences() -> None:
    rule = Recurrence("America/New_York", cron="30 1 * * *")
    matches = Expression(rule, Calendar()).find_upcoming(ms("2026-10-31 12:00:00"))
    assert [clock(next(matches).due_at) for _ in range(2)] == ["2026-11-01 05:30", "2026-11-02 06:30"]
