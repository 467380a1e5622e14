"""A pause is obeyed by what waits, ends by itself, and nothing that fell into it is posted afterwards."""

import pytest

from schedbot.admin.jobs import retry
from schedbot.admin.schedules import pause
from schedbot.admin.workspaces import manage
from schedbot.errors import BadInput, NotFound
from schedbot.model import TokenSource
from schedbot.store.history import changes, jobs
from schedbot.store.history.filters import Filter
from tests.support.schedules import Book, clock


def test_a_pause_cancels_what_waits(book: Book) -> None:
    book.add()
    assert book.pause(reason="moving").jobs == 1
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    stands = book.stands()
    assert (stands.state, stands.reason, stands.state_by) == ("paused", "moving", "tester@house")


def test_a_pause_takes_back_what_a_pool_holds_but_not_what_has_left(book: Book) -> None:
    book.add()
    book.claim(sent=False)
    book.pause()
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    book.add("left")
    book.claim(sent=True)
    book.pause("left")
    assert "2026-12-01 09:00 running" in book.jobs()


def test_what_a_resume_or_a_retry_brings_back_goes_to_the_workspace_that_the_schedule_has_now(book: Book) -> None:
    manage.add(book.session, "acme", TokenSource("env", "ACME_TOKEN"))
    book.add()
    book.add("failed")
    book.pause()
    with book.db.writing():
        book.db.execute("UPDATE jobs SET state = 'failed', error = 'channel_not_found' WHERE state = 'queued'")
    for name in ("daily", "failed"):
        book.edit(name, workspace="acme")
    book.resume()
    list(retry.carry_out(book.session, retry.plan(book.session, Filter(), stale=False)))
    assert [(one.workspace, one.state) for one in jobs.every(book.db, Filter())] == [("acme", "queued")] * 2


def test_a_resume_before_the_instant_brings_the_occurrence_back(book: Book) -> None:
    book.add()
    book.pause()
    book.utc = "2026-12-01 08:59:30"
    assert book.resume().jobs == 1
    assert book.jobs() == ["2026-12-01 09:00 queued"]


def test_a_resume_after_the_instant_does_not_fire_the_past(book: Book) -> None:
    book.add()
    book.pause()
    book.utc = "2026-12-01 09:10:00"
    book.resume()
    book.tick("2026-12-01 09:11:00")
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    assert book.next() == "2026-12-02 09:00"


def test_a_resumed_schedule_does_not_share_what_others_of_its_rule_still_owe(book: Book) -> None:
    book.utc = "2026-12-01 08:00:00"
    book.add("other")
    book.add()
    book.pause()
    book.utc = "2026-12-01 09:05:00"
    book.resume()
    book.tick("2026-12-01 09:06:00")
    assert (book.jobs("other"), book.jobs("daily")) == (["2026-12-01 09:00 queued"], [])


def test_a_pause_that_ends_by_itself_makes_nothing_before_its_end(book: Book) -> None:
    book.add(cron="0 * * * *")
    book.pause(until="2026-12-01 11:30")
    for hour in (9, 10, 11, 12):
        book.tick(f"2026-12-01 {hour:02}:59:00")
    assert [job for job in book.jobs() if "queued" in job] == ["2026-12-01 12:00 queued", "2026-12-01 13:00 queued"]
    assert (book.stands().state, book.stands().state_until) == ("active", None)


def test_an_occurrence_at_the_very_end_of_a_pause_is_posted(book: Book) -> None:
    book.add()
    book.pause(until="2026-12-02 09:00")
    book.tick("2026-12-02 08:59:00")
    assert book.jobs()[1:] == ["2026-12-02 09:00 queued"]


def test_the_end_of_a_pause_is_kept_though_another_schedule_moved_their_recurrence_on(book: Book) -> None:
    book.add()
    book.pause(until="2026-12-02 09:00")
    book.utc = "2026-12-02 08:58:35"
    book.add("other")
    book.tick("2026-12-02 08:59:00")
    assert book.jobs()[1:] == ["2026-12-02 09:00 queued", "2026-12-02 09:00 queued"]


def test_a_pause_that_ended_while_no_tick_ran_leaves_the_rest_to_the_misfire_policy(book: Book) -> None:
    book.add(cron="0 * * * *")
    book.pause(until="2026-12-01 10:59:30")
    book.tick("2026-12-01 09:59:00")
    book.tick("2026-12-01 13:30:00")
    assert book.jobs()[1:] == ["2026-12-01 11:00 missed", "2026-12-01 12:00 missed", "2026-12-01 13:00 queued"]


def test_pausing_twice_changes_nothing_the_second_time(book: Book) -> None:
    added = book.add()
    book.pause(reason="moving")
    assert not book.pause().is_changed
    assert book.stands().reason == "moving"
    assert len(list(changes.of_object(book.db, "schedule", added.id))) == 2


def test_a_pause_can_be_given_another_end(book: Book) -> None:
    book.add()
    book.pause(reason="moving", until="1d")
    book.pause(until="2d")
    assert clock(book.stands().state_until or 0) == "2026-12-03 08:59"
    assert book.stands().reason == "moving"
    book.pause(reason="moved")
    assert clock(book.stands().state_until or 0) == "2026-12-03 08:59"
    book.pause(until="none")
    assert (book.stands().state_until, book.stands().reason) == (None, "moved")


def test_an_end_that_is_past_is_refused(book: Book) -> None:
    book.add()
    with pytest.raises(BadInput, match="2026-11-30"):
        book.pause(until="2026-11-30")
    assert book.stands().state == "active"


def test_the_last_occurrence_can_still_be_paused_while_it_waits(book: Book) -> None:
    book.add(at="2026-12-01 09:00")
    assert book.stands().state == "finished"
    assert book.pause().jobs == 1
    book.utc = "2026-12-01 08:59:30"
    book.resume()
    assert book.jobs() == ["2026-12-01 09:00 queued"]


def test_a_resume_with_nothing_to_come_finishes_it(book: Book) -> None:
    book.add(at="2026-12-01 09:00")
    book.pause()
    book.utc = "2026-12-01 10:00:00"
    book.resume()
    assert book.stands().state == "finished"


def test_one_name_that_is_not_there_leaves_all_as_they_are(book: Book) -> None:
    book.add()
    with pytest.raises(NotFound, match="'dayly'"):
        pause.pause(book.session, ["daily", "dayly"], "", "")
    assert book.stands().state == "active"
