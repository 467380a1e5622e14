"""An edit changes what is said, reaches what waits, and never fires the past."""

from pathlib import Path

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.schedules import edit
from schedbot.admin.schedules.edit import Params
from schedbot.errors import NotFound
from schedbot.store.history import changes
from tests.support.schedules import Book, ms


def test_a_new_text_is_posted_by_what_waits_already(book: Book) -> None:
    book.add()
    edited = book.edit(text="Hello")
    assert edited.differences == [("text", "Hi", "Hello")]
    assert book.jobs() == ["2026-12-01 09:00 queued"]
    assert (book.stands().version, book.stands().terms.report.source) == (2, "Hello")


def test_what_a_pool_holds_unsent_returns_to_be_posted_as_the_schedule_then_stands(book: Book) -> None:
    book.add()
    book.claim(sent=False)
    book.edit(text="Hello")
    assert book.jobs() == ["2026-12-01 09:00 queued"]
    assert book.db.rows("SELECT token, lease_until FROM jobs") == [(None, None)]


def test_what_has_left_is_not_touched(book: Book) -> None:
    book.add()
    book.claim(sent=True)
    book.edit(cron="0 10 * * *")
    assert book.jobs() == ["2026-12-01 09:00 running"]
    assert book.db.rows("SELECT token FROM jobs") == [(7,)]


def test_a_new_rule_cancels_what_only_the_old_one_had(book: Book) -> None:
    book.add()
    assert book.edit(cron="0 10 * * *").cancelled == 1
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_edited"]
    book.tick("2026-12-01 09:59:00")
    assert book.jobs()[1:] == ["2026-12-01 10:00 queued"]


def test_an_occurrence_that_both_rules_share_stays_one_job(book: Book) -> None:
    book.add()
    assert book.edit(cron="0 9 * * tue").cancelled == 0
    assert book.jobs() == ["2026-12-01 09:00 queued"]


def test_an_edit_and_its_reverse_leave_the_occurrence_to_be_posted_once(book: Book) -> None:
    book.add()
    book.edit(cron="0 10 * * *")
    book.edit(cron="0 9 * * *")
    assert book.jobs() == ["2026-12-01 09:00 queued"]


def test_a_new_rule_does_not_fire_the_past(book: Book) -> None:
    book.add()
    book.utc = "2026-12-01 08:59:30"
    book.edit(cron="0 8 * * *")
    book.tick("2026-12-01 09:05:00")
    assert book.jobs() == ["2026-12-01 09:00 cancelled schedule_edited"]
    assert book.next() == "2026-12-02 08:00"


def test_an_edited_schedule_does_not_share_what_others_of_its_new_rule_still_owe(book: Book) -> None:
    book.utc = "2026-12-01 07:00:00"
    book.add("other", cron="0 8 * * *")
    book.add("daily", cron="0 18 * * *")
    book.utc = "2026-12-01 08:05:00"
    book.edit(cron="0 8 * * *")
    book.tick("2026-12-01 08:06:00")
    assert (book.jobs("other"), book.jobs("daily")) == (["2026-12-01 08:00 queued"], [])


def test_another_zone_keeps_the_time_on_the_wall_clock(book: Book) -> None:
    book.add(at="2026-12-05 09:00", tz="America/New_York")
    book.edit(tz="Europe/Berlin")
    assert book.next() == "2026-12-05 08:00"


def test_an_end_before_what_waits_cancels_it(book: Book) -> None:
    book.add(cron="*/1 * * * *")
    book.edit(until="2026-12-01 09:00")
    assert book.jobs() == ["2026-12-01 09:00 queued"]


def test_a_longer_grace_moves_the_deadline_of_what_waits(book: Book) -> None:
    book.add(grace="1h")
    book.edit(grace="3h")
    assert book.db.value("SELECT deadline_at - due_at FROM jobs") == 3 * 3_600_000


def test_another_workspace_takes_what_waits_along(book: Book) -> None:
    book.add()
    with book.db.writing():
        book.db.execute(
            "INSERT INTO workspaces (id, name, token_kind, created_at, paused_at, paused_reason)"
            " VALUES ('w2', 'acme', 'env', 0, 1, 'token revoked')"
        )
    book.edit(workspace="acme")
    assert book.db.rows("SELECT workspace_id, parked FROM jobs") == [("w2", 1)]


def test_of_a_count_only_the_rest_is_left_under_a_new_rule(book: Book) -> None:
    book.add(count="3")
    book.utc = "2026-12-01 12:00:00"
    book.edit(cron="0 18 * * *")
    assert book.stands().terms.until_at == ms("2026-12-02 18:00:00")


def test_a_count_goes_on_past_the_old_end_under_a_new_rule(book: Book) -> None:
    book.add(count="3")
    book.run_now()
    book.utc = "2026-12-01 12:00:00"
    book.edit(cron="0 18 1 * *")
    assert book.stands().terms.until_at == ms("2027-01-01 18:00:00")


def test_a_count_holds_though_no_tick_has_seen_what_fell_due_before_the_edit(book: Book) -> None:
    book.add(count="3")
    book.utc = "2026-12-02 10:00:00"  # the second is due, and no tick came
    book.edit(count="5")
    assert book.stands().terms.until_at == ms("2026-12-05 09:00:00")
    book.tick("2026-12-09 12:00:00")
    assert [job[:10] for job in book.jobs()] == [f"2026-12-0{day}" for day in range(1, 6)]


def test_an_end_that_was_said_beside_a_count_is_kept_under_a_new_rule(book: Book) -> None:
    book.add(count="30", until="2026-12-05 12:00")
    book.edit(cron="0 8 * * *")
    assert book.stands().terms.until_at == ms("2026-12-05 12:00:00")


def test_a_count_can_be_changed_after_a_pause_that_took_some(book: Book) -> None:
    book.add(count="3")
    book.pause()
    book.utc = "2026-12-02 10:00:00"
    book.resume()
    book.edit(count="5")
    assert book.stands().terms.until_at == ms("2026-12-07 09:00:00")


def test_an_end_at_the_very_instant_of_an_occurrence_outlives_a_new_count(book: Book) -> None:
    book.add(count="30", until="2026-12-05 09:00")
    book.edit(cron="0 8 * * *", count="60")
    assert book.stands().terms.until_at == ms("2026-12-05 09:00:00")


def test_a_count_that_is_used_up_is_refused(book: Book) -> None:
    book.add()
    book.utc = "2026-12-01 12:00:00"
    with pytest.raises(BadField) as refused:
        book.edit(count="1")
    assert refused.value.column == "count"
    assert "1 times already" in str(refused.value)


def test_none_clears_an_end(book: Book) -> None:
    book.add(until="2026-12-31", starts="2026-12-01")
    book.edit(until="none", starts="none")
    assert (book.stands().terms.until_at, book.stands().terms.starts_at) == (None, None)


def test_a_finished_one_off_goes_on_with_a_new_instant(book: Book) -> None:
    book.add(at="2026-12-01 09:00")
    book.utc = "2026-12-01 12:00:00"
    book.edit(at="2026-12-03 09:00")
    assert (book.stands().state, book.next()) == ("active", "2026-12-03 09:00")


def test_nothing_to_change_writes_nothing(book: Book) -> None:
    added = book.add()
    assert book.edit(text="Hi", cron="0 9 * * *").differences == []
    assert book.stands() == added
    assert len(list(changes.of_object(book.db, "schedule", added.id))) == 1


def test_a_new_name_must_be_free(book: Book) -> None:
    book.add("a")
    book.add("b")
    with pytest.raises(BadField, match="'b' already"):
        book.edit("a", name="b")
    book.edit("a", name="c")
    assert book.stands("c").version == 2


def test_parameters_are_merged_and_taken_away_one_by_one(book: Book, tmp_path: Path) -> None:
    (tmp_path / "r.json.j2").write_text("{\"text\": \"{{ params.get('team', 'all') }}\"}")
    book.add(report=str(tmp_path / "r.json.j2"), params='{"team": "EU", "week": 3}')
    edit.edit(book.session, "daily", {}, Params({"week": 4}, ["team"]))
    assert book.stands().terms.report.params == {"week": 4}
    with pytest.raises(BadField, match="'team'"):
        edit.edit(book.session, "daily", {}, Params({}, ["team"]))


def test_a_name_that_is_not_there_is_told_with_the_nearest(book: Book) -> None:
    book.add("acme-weekly")
    with pytest.raises(NotFound) as refused:
        book.edit("acme-weakly", text="x")
    assert refused.value.hint == "Did you mean 'acme-weekly'?"


def test_the_record_of_an_edit_has_before_and_after(book: Book) -> None:
    added = book.add()
    book.edit(channel="C0000000002")
    change = changes.last(book.db, "schedule", added.id)
    assert change
    assert change.before
    assert change.after
    assert (change.before["channel"], change.after["channel"]) == ("C0000000001", "C0000000002")
