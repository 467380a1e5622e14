"""`edit` changes the given fields, reaches queued jobs, and posts nothing from the past."""

from pathlib import Path

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.schedules import edit
from schedbot.admin.schedules.edit import ParamChanges
from schedbot.errors import NotFound
from schedbot.store.history import changes
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows, read_value


def test_new_text_reaches_a_queued_job(schedules: Schedules) -> None:
    schedules.add()
    edited = schedules.edit(text="Hello")
    assert edited.differences == [("text", "Hi", "Hello")]
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    assert (schedules.get().version, schedules.get().terms.report.source) == (2, "Hello")


def test_claimed_unsent_job_returns_to_the_queue(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=False)
    schedules.edit(text="Hello")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    assert read_rows(schedules.db, "SELECT token, lease_until FROM jobs") == [(None, None)]


def test_sent_job_is_not_touched(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=True)
    schedules.edit(cron="0 10 * * *")
    assert schedules.jobs() == ["2026-12-01 09:00 running"]
    assert read_rows(schedules.db, "SELECT token FROM jobs") == [(7,)]


def test_new_rule_cancels_the_old_rules_jobs(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.edit(cron="0 10 * * *").cancelled == 1
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_edited"]
    schedules.tick("2026-12-01 09:59:00")
    assert schedules.jobs()[1:] == ["2026-12-01 10:00 queued"]


def test_occurrence_of_both_rules_stays_one_job(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.edit(cron="0 9 * * tue").cancelled == 0
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_edit_and_its_reverse_leave_one_job(schedules: Schedules) -> None:
    schedules.add()
    schedules.edit(cron="0 10 * * *")
    schedules.edit(cron="0 9 * * *")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_new_rule_does_not_fire_the_past(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 08:59:30"
    schedules.edit(cron="0 8 * * *")
    schedules.tick("2026-12-01 09:05:00")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_edited"]
    assert schedules.next() == "2026-12-02 08:00"


def test_edited_schedule_has_no_overdue_job_of_its_new_rule(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 07:00:00"
    schedules.add("other", cron="0 8 * * *")
    schedules.add("daily", cron="0 18 * * *")
    schedules.utc = "2026-12-01 08:05:00"
    schedules.edit(cron="0 8 * * *")
    schedules.tick("2026-12-01 08:06:00")
    assert (schedules.jobs("other"), schedules.jobs("daily")) == (["2026-12-01 08:00 queued"], [])


def test_new_zone_keeps_the_wall_clock_time(schedules: Schedules) -> None:
    schedules.add(at="2026-12-05 09:00", tz="America/New_York")
    schedules.edit(tz="Europe/Berlin")
    assert schedules.next() == "2026-12-05 08:00"


def test_earlier_end_cancels_queued_jobs_after_it(schedules: Schedules) -> None:
    schedules.add(cron="*/1 * * * *")
    schedules.edit(until="2026-12-01 09:00")
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_longer_grace_moves_the_deadline_of_queued_jobs(schedules: Schedules) -> None:
    schedules.add(grace="1h")
    schedules.edit(grace="3h")
    assert read_value(schedules.db, "SELECT deadline_at - due_at FROM jobs") == 3 * 3_600_000


def test_new_workspace_takes_queued_jobs_along(schedules: Schedules) -> None:
    schedules.add()
    with schedules.db.writing():
        schedules.db.execute(
            "INSERT INTO workspaces (id, name, token_kind, created_at, paused_at, paused_reason)"
            " VALUES ('w2', 'acme', 'env', 0, 1, 'token revoked')"
        )
    schedules.edit(workspace="acme")
    assert read_rows(schedules.db, "SELECT workspace_id, parked FROM jobs") == [("w2", 1)]


def test_new_rule_keeps_the_rest_of_a_count(schedules: Schedules) -> None:
    schedules.add(count="3")
    schedules.utc = "2026-12-01 12:00:00"
    schedules.edit(cron="0 18 * * *")
    assert schedules.get().terms.until_at == ms("2026-12-02 18:00:00")


def test_new_rule_moves_the_end_of_a_count(schedules: Schedules) -> None:
    schedules.add(count="3")
    schedules.run_now()
    schedules.utc = "2026-12-01 12:00:00"
    schedules.edit(cron="0 18 1 * *")
    assert schedules.get().terms.until_at == ms("2027-01-01 18:00:00")


def test_count_includes_due_occurrences_without_a_tick(schedules: Schedules) -> None:
    schedules.add(count="3")
    schedules.utc = "2026-12-02 10:00:00"  # the second is due, and no tick came
    schedules.edit(count="5")
    assert schedules.get().terms.until_at == ms("2026-12-05 09:00:00")
    schedules.tick("2026-12-09 12:00:00")
    assert [job[:10] for job in schedules.jobs()] == [f"2026-12-0{day}" for day in range(1, 6)]


def test_new_rule_keeps_until_beside_a_count(schedules: Schedules) -> None:
    schedules.add(count="30", until="2026-12-05 12:00")
    schedules.edit(cron="0 8 * * *")
    assert schedules.get().terms.until_at == ms("2026-12-05 12:00:00")


def test_count_can_be_changed_after_a_pause(schedules: Schedules) -> None:
    schedules.add(count="3")
    schedules.pause()
    schedules.utc = "2026-12-02 10:00:00"
    schedules.resume()
    schedules.edit(count="5")
    assert schedules.get().terms.until_at == ms("2026-12-07 09:00:00")


def test_until_on_an_occurrence_is_kept_with_a_new_count(schedules: Schedules) -> None:
    schedules.add(count="30", until="2026-12-05 09:00")
    schedules.edit(cron="0 8 * * *", count="60")
    assert schedules.get().terms.until_at == ms("2026-12-05 09:00:00")


def test_used_up_count_is_refused(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 12:00:00"
    with pytest.raises(BadField) as refused:
        schedules.edit(count="1")
    assert refused.value.column == "count"
    assert "1 times already" in str(refused.value)


def test_none_clears_start_and_end(schedules: Schedules) -> None:
    schedules.add(until="2026-12-31", starts="2026-12-01")
    schedules.edit(until="none", starts="none")
    assert (schedules.get().terms.until_at, schedules.get().terms.starts_at) == (None, None)


def test_finished_schedule_is_active_with_a_new_instant(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 09:00")
    schedules.utc = "2026-12-01 12:00:00"
    schedules.edit(at="2026-12-03 09:00")
    assert (schedules.get().state, schedules.next()) == ("active", "2026-12-03 09:00")


def test_edit_without_changes_writes_nothing(schedules: Schedules) -> None:
    added = schedules.add()
    assert schedules.edit(text="Hi", cron="0 9 * * *").differences == []
    assert schedules.get() == added
    assert len(list(changes.of_object(schedules.db, "schedule", added.id))) == 1


def test_new_name_must_be_free(schedules: Schedules) -> None:
    schedules.add("a")
    schedules.add("b")
    with pytest.raises(BadField, match="The name 'b' is in use"):
        schedules.edit("a", name="b")
    schedules.edit("a", name="c")
    assert schedules.get("c").version == 2


def test_parameters_are_merged_and_removed_one_by_one(schedules: Schedules, tmp_path: Path) -> None:
    (tmp_path / "r.json.j2").write_text("{\"text\": \"{{ params.get('team', 'all') }}\"}")
    schedules.add(report=str(tmp_path / "r.json.j2"), params='{"team": "EU", "week": 3}')
    edit.edit(schedules.session, "daily", {}, ParamChanges({"week": 4}, ["team"]))
    assert schedules.get().terms.report.params == {"week": 4}
    with pytest.raises(BadField, match="'team'"):
        edit.edit(schedules.session, "daily", {}, ParamChanges({}, ["team"]))


def test_unknown_name_is_refused_with_the_nearest(schedules: Schedules) -> None:
    schedules.add("acme-weekly")
    with pytest.raises(NotFound) as refused:
        schedules.edit("acme-weakly", text="x")
    assert refused.value.hint == "Did you mean 'acme-weekly'?"


def test_edit_records_values_before_and_after(schedules: Schedules) -> None:
    added = schedules.add()
    schedules.edit(channel="C0000000002")
    change = changes.last(schedules.db, "schedule", added.id)
    assert change
    assert change.before
    assert change.after
    assert (change.before["channel"], change.after["channel"]) == ("C0000000001", "C0000000002")
