"""skip-next drops one occurrence, run-now adds one job, remove frees the name: each leaves the rest as it is."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import mark_posted, timeline
from schedbot.admin.schedules import expression, lookup, occurrences, run_now
from schedbot.admin.schedules.expression import Expression
from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.store.fanout.calendar_rulings import Calendar
from schedbot.store.jobs import pending, side_effects
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters
from tests.support.schedules import Book, clock, ms


def test_a_waiting_occurrence_is_skipped_and_the_next_one_comes(book: Book) -> None:
    book.add()
    assert book.skip_next() == "2026-12-01 09:00"
    assert book.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]
    assert book.next() == "2026-12-02 09:00"


def test_an_occurrence_far_ahead_is_skipped_and_no_tick_makes_it(book: Book) -> None:
    book.add(cron="0 18 * * *")
    assert book.skip_next() == "2026-12-01 18:00"
    book.tick("2026-12-01 17:59:00")
    assert book.jobs() == ["2026-12-01 18:00 skipped skipped_by_hand"]


def test_the_story_of_what_was_skipped_says_by_whom_and_when(book: Book) -> None:
    book.add(cron="0 18 * * *")
    book.skip_next()
    book.skip_next()
    skip, due = timeline.told(book.session, mark_posted.known(book.session, 1))
    assert (clock(skip.at), skip.text) == ("2026-12-01 08:59", "tester@house, skip-next: it is left out.")
    assert due.event == "due"
    answer = why.why(book.session, "daily", "2026-12-01 18:00").because
    assert answer == ("Job 1 is skipped: tester@house skipped it, Tue 1 Dec 2026 08:59 UTC.",)


@pytest.mark.parametrize("turn", ["pause", "edit", "remove"])
def test_the_story_of_what_was_cancelled_late_says_by_whom(book: Book, turn: str) -> None:
    book.add()
    book.edit(text="Hello")
    book.utc = "2026-12-01 09:10:00"  # no pool came
    if turn == "edit":
        book.edit(cron="0 12 * * *")
    else:
        getattr(book, turn)()
    last = timeline.told(book.session, mark_posted.known(book.session, 1))[-1]
    assert (clock(last.at), last.text.partition(":")[0]) == ("2026-12-01 09:10", f"tester@house, {turn}")


def test_the_story_of_what_a_suspension_cancelled_says_by_what(book: Book) -> None:
    book.add()
    at = ms("2026-12-01 09:10:00")
    with book.db.writing():
        side_effects.suspend_schedule(book.db, book.stands().id, "C0000000001", "is_archived", at)
    last = timeline.told(book.session, mark_posted.known(book.session, 1))[-1]
    told = "schedule 'daily': state active -> suspended, reason none -> is_archived."
    assert (last.at, last.text) == (at, f"schedbot work, work: {told}")


def test_skipping_twice_skips_the_one_after_it_too(book: Book) -> None:
    book.add()
    assert [book.skip_next(), book.skip_next()] == ["2026-12-01 09:00", "2026-12-02 09:00"]


def test_what_has_left_can_not_be_skipped(book: Book) -> None:
    book.add()
    book.claim(sent=True)
    assert book.skip_next() == "2026-12-02 09:00"


def test_a_paused_schedule_has_nothing_to_skip(book: Book) -> None:
    book.add()
    book.pause()
    with pytest.raises(BadInput, match="paused"):
        book.skip_next()


def test_a_skipped_occurrence_comes_back_by_no_edit_of_the_text(book: Book) -> None:
    book.add()
    book.skip_next()
    book.edit(text="Hello")
    assert book.jobs() == ["2026-12-01 09:00 skipped skipped_by_hand"]


def test_an_extra_job_is_due_now_beside_the_own_occurrence(book: Book) -> None:
    book.utc = "2026-12-01 08:00:00"
    book.add()
    assert book.run_now() != book.run_now()
    book.tick("2026-12-01 08:59:00")
    assert book.jobs() == [
        "2026-12-01 08:00 queued",
        "2026-12-01 08:00 queued",
        "2026-12-01 09:00 queued",
    ]


def test_an_extra_job_never_takes_the_place_of_an_occurrence(book: Book) -> None:
    book.utc = "2026-12-01 08:00:00"
    book.add()
    book.utc = "2026-12-01 09:00:00"
    book.run_now()
    book.tick("2026-12-01 09:00:30")
    assert book.jobs() == ["2026-12-01 09:00 queued", "2026-12-01 09:00 queued"]


def test_a_suspended_schedule_is_not_run(book: Book) -> None:
    book.add()
    with book.db.writing():
        book.db.execute("UPDATE schedules SET state = 'suspended', reason = 'not_in_channel'")
    with pytest.raises(BadInput, match="not_in_channel"):
        book.run_now()


def test_nobody_is_told_that_a_pool_runs_when_none_does(book: Book) -> None:
    assert not run_now.has_pool(book.session)


def test_a_removed_schedule_posts_nothing_more_and_frees_its_name(book: Book) -> None:
    first = book.add()
    book.remove()
    book.tick("2026-12-01 08:59:30")
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_removed"]
    assert book.add().id != first.id


def test_a_glob_means_all_that_fit_and_may_find_none(book: Book) -> None:
    for name in ("acme-1", "acme-2", "other"):
        book.add(name)
    chosen = lookup.chosen(book.db, ["acme-*", "acme-1", "zz*", "acme-[!1]"])
    assert [one.name for one in chosen.schedules] == ["acme-1", "acme-2"]
    assert chosen.empty == ["zz*"]


def test_schedules_are_found_by_state_account_and_workspace(book: Book) -> None:
    book.add("a", account="x")
    book.add("b", account="x", paused="true")
    book.add("c", account="y")
    found = schedules.named_like(book.db, Filters(account="x", workspace="default", states=(book.stands("a").state,)))
    assert [one.name for one in found] == ["a"]
    assert schedules.count_like(book.db, Filters(account="x")) == 2


def test_the_coming_occurrences_keep_to_start_end_and_what_is_left_out(book: Book) -> None:
    book.add(cron="0 9 * * *", starts="2026-12-24", until="2026-12-26", skip_holidays="US")
    coming = list(occurrences.coming(book.stands(), ms(book.utc), pending.skipped(book.db, 0)))
    assert [clock(one.due_at) for one in coming] == ["2026-12-24 09:00", "2026-12-25 09:00", "2026-12-26 09:00"]
    assert "Christmas" in (coming[1].left_out or "")
    assert book.next() == "2026-12-24 09:00"


def test_occurrences_of_several_schedules_are_merged_by_time(book: Book) -> None:
    book.add("late", cron="0 18 * * *")
    book.add("early", cron="0 10 * * *")
    each = (occurrences.coming(one, ms(book.utc), {}) for one in schedules.named_like(book.db))
    merged = [(one.schedule, clock(one.due_at)[-5:]) for one in occurrences.merged(each, 2)]
    assert merged == [("early", "10:00"), ("late", "18:00"), ("early", "10:00"), ("late", "18:00")]


def test_an_expression_is_asked_without_a_schedule() -> None:
    rule = Recurrence("America/New_York", cron="30 1 * * *")
    found = expression.coming(Expression(rule, Calendar()), ms("2026-10-31 12:00:00"))
    assert [clock(next(found).due_at) for _ in range(2)] == ["2026-11-01 05:30", "2026-11-02 06:30"]
