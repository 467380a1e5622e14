"""skip-next drops one occurrence, run-now adds one job, remove frees the name: each leaves the rest as it is."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import mark_posted, timeline
from schedbot.admin.schedules import lookup, occurrences, run_now
from schedbot.admin.schedules.occurrences import Expression
from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules.calendar import Calendar
from schedbot.store.jobs import pending, settlement
from schedbot.store.schedules import schedules as schedule_rows
from schedbot.store.schedules.schedules import ScheduleFilter
from tests.support.schedules import Schedules, clock, ms


def test_a_waiting_occurrence_is_skipped_and_the_next_one_comes(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.skip_next() == "2026-12-01 09:00"
    assert schedules.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]
    assert schedules.next() == "2026-12-02 09:00"


def test_an_occurrence_far_ahead_is_skipped_and_no_tick_makes_it(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    assert schedules.skip_next() == "2026-12-01 18:00"
    schedules.tick("2026-12-01 17:59:00")
    assert schedules.jobs() == ["2026-12-01 18:00 skipped skipped_by_hand"]


def test_the_story_of_what_was_skipped_says_by_whom_and_when(schedules: Schedules) -> None:
    schedules.add(cron="0 18 * * *")
    schedules.skip_next()
    schedules.skip_next()
    skip, due = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))
    assert (clock(skip.at), skip.text) == ("2026-12-01 08:59", "tester@host, skip-next: it is left out.")
    assert due.event == "due"
    answer = why.explain(schedules.session, "daily", "2026-12-01 18:00").because
    assert answer == ("Job 1 is skipped: tester@host skipped it, Tue 1 Dec 2026 08:59 UTC.",)


@pytest.mark.parametrize("turn", ["pause", "edit", "remove"])
def test_the_story_of_what_was_cancelled_late_says_by_whom(schedules: Schedules, turn: str) -> None:
    schedules.add()
    schedules.edit(text="Hello")
    schedules.utc = "2026-12-01 09:10:00"  # no pool came
    if turn == "edit":
        schedules.edit(cron="0 12 * * *")
    else:
        getattr(schedules, turn)()
    last = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))[-1]
    assert (clock(last.at), last.text.partition(":")[0]) == ("2026-12-01 09:10", f"tester@host, {turn}")


def test_the_story_of_what_a_suspension_cancelled_says_by_what(schedules: Schedules) -> None:
    schedules.add()
    at = ms("2026-12-01 09:10:00")
    with schedules.db.writing():
        settlement.suspend_schedule(schedules.db, schedules.get().id, "C0000000001", "is_archived", at)
    last = timeline.build(schedules.session, mark_posted.find_job(schedules.session, 1))[-1]
    told = "schedule 'daily': state active -> suspended, reason none -> is_archived."
    assert (last.at, last.text) == (at, f"schedbot work, work: {told}")


def test_skipping_twice_skips_the_one_after_it_too(schedules: Schedules) -> None:
    schedules.add()
    assert [schedules.skip_next(), schedules.skip_next()] == ["2026-12-01 09:00", "2026-12-02 09:00"]


def test_what_has_left_can_not_be_skipped(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=True)
    assert schedules.skip_next() == "2026-12-02 09:00"


def test_a_paused_schedule_has_nothing_to_skip(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    with pytest.raises(BadInput, match="paused"):
        schedules.skip_next()


def test_a_skipped_occurrence_comes_back_by_no_edit_of_the_text(schedules: Schedules) -> None:
    schedules.add()
    schedules.skip_next()
    schedules.edit(text="Hello")
    assert schedules.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]


def test_an_extra_job_is_due_now_beside_the_own_occurrence(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    assert schedules.run_now() != schedules.run_now()
    schedules.tick("2026-12-01 08:59:00")
    assert schedules.jobs() == [
        "2026-12-01 08:00 queued",
        "2026-12-01 08:00 queued",
        "2026-12-01 09:00 queued",
    ]


def test_an_extra_job_never_takes_the_place_of_an_occurrence(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    schedules.utc = "2026-12-01 09:00:00"
    schedules.run_now()
    schedules.tick("2026-12-01 09:00:30")
    assert schedules.jobs() == ["2026-12-01 09:00 queued", "2026-12-01 09:00 queued"]


def test_a_suspended_schedule_is_not_run(schedules: Schedules) -> None:
    schedules.add()
    with schedules.db.writing():
        schedules.db.execute("UPDATE schedules SET state = 'suspended', reason = 'not_in_channel'")
    with pytest.raises(BadInput, match="not_in_channel"):
        schedules.run_now()


def test_nobody_is_told_that_a_pool_runs_when_none_does(schedules: Schedules) -> None:
    assert not run_now.has_pool(schedules.session)


def test_a_removed_schedule_posts_nothing_more_and_frees_its_name(schedules: Schedules) -> None:
    first = schedules.add()
    schedules.remove()
    schedules.tick("2026-12-01 08:59:30")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_removed"]
    assert schedules.add().id != first.id


def test_a_glob_means_all_that_fit_and_may_find_none(schedules: Schedules) -> None:
    for name in ("acme-1", "acme-2", "other"):
        schedules.add(name)
    chosen = lookup.find_all(schedules.db, ["acme-*", "acme-1", "zz*", "acme-[!1]"])
    assert [one.name for one in chosen.schedules] == ["acme-1", "acme-2"]
    assert chosen.empty == ["zz*"]


def test_schedules_are_found_by_state_account_and_workspace(schedules: Schedules) -> None:
    schedules.add("a", account="x")
    schedules.add("b", account="x", paused="true")
    schedules.add("c", account="y")
    found = schedule_rows.list_matching(
        schedules.db, ScheduleFilter(account="x", workspace="default", states=(schedules.get("a").state,))
    )
    assert [one.name for one in found] == ["a"]
    assert schedule_rows.count_matching(schedules.db, ScheduleFilter(account="x")) == 2


def test_the_coming_occurrences_keep_to_start_end_and_what_is_left_out(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", starts="2026-12-24", until="2026-12-26", skip_holidays="US")
    coming = list(occurrences.find_upcoming(schedules.get(), ms(schedules.utc), pending.list_skipped(schedules.db, 0)))
    assert [clock(one.due_at) for one in coming] == ["2026-12-24 09:00", "2026-12-25 09:00", "2026-12-26 09:00"]
    assert "Christmas" in (coming[1].skip_reason or "")
    assert schedules.next() == "2026-12-24 09:00"


def test_occurrences_of_several_schedules_are_merged_by_time(schedules: Schedules) -> None:
    schedules.add("late", cron="0 18 * * *")
    schedules.add("early", cron="0 10 * * *")
    each = (occurrences.find_upcoming(one, ms(schedules.utc), {}) for one in schedule_rows.list_matching(schedules.db))
    merged = [(one.schedule, clock(one.due_at)[-5:]) for one in occurrences.merge(each, 2)]
    assert merged == [("early", "10:00"), ("late", "18:00"), ("early", "10:00"), ("late", "18:00")]


def test_an_expression_is_asked_without_a_schedule() -> None:
    rule = Recurrence("America/New_York", cron="30 1 * * *")
    found = Expression(rule, Calendar()).find_upcoming(ms("2026-10-31 12:00:00"))
    assert [clock(next(found).due_at) for _ in range(2)] == ["2026-11-01 05:30", "2026-11-02 06:30"]
