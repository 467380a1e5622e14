"""A pause is obeyed by what waits, ends by itself, and nothing that fell into it is posted afterwards."""

import pytest

from schedbot.admin.jobs import retry
from schedbot.admin.schedules import pause
from schedbot.admin.workspaces import manage
from schedbot.errors import BadInput, NotFound
from schedbot.model import TokenSource
from schedbot.store.history import changes, jobs
from schedbot.store.history.filters import Filter
from tests.support.schedules import Schedules, clock


def test_a_pause_cancels_what_waits(schedules: Schedules) -> None:
    schedules.add()
    assert schedules.pause(reason="moving").jobs == 1
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    stands = schedules.get()
    assert (stands.state, stands.reason, stands.state_by) == ("paused", "moving", "tester@host")


def test_a_pause_takes_back_what_a_pool_holds_but_not_what_has_left(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=False)
    schedules.pause()
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    schedules.add("left")
    schedules.claim(sent=True)
    schedules.pause("left")
    assert "2026-12-01 09:00 running" in schedules.jobs()


def test_what_a_resume_or_a_retry_brings_back_goes_to_the_workspace_that_the_schedule_has_now(
    schedules: Schedules,
) -> None:
    manage.add(schedules.session, "acme", TokenSource("env", "ACME_TOKEN"))
    schedules.add()
    schedules.add("failed")
    schedules.pause()
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'channel_not_found' WHERE state = 'queued'")
    for name in ("daily", "failed"):
        schedules.edit(name, workspace="acme")
    schedules.resume()
    list(retry.carry_out(schedules.session, retry.plan(schedules.session, Filter(), stale=False)))
    assert [(one.workspace, one.state) for one in jobs.every(schedules.db, Filter())] == [("acme", "queued")] * 2


def test_a_resume_before_the_instant_brings_the_occurrence_back(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 08:59:30"
    assert schedules.resume().jobs == 1
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_a_resume_after_the_instant_does_not_fire_the_past(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 09:10:00"
    schedules.resume()
    schedules.tick("2026-12-01 09:11:00")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled schedule_paused"]
    assert schedules.next() == "2026-12-02 09:00"


def test_a_resumed_schedule_does_not_share_what_others_of_its_rule_still_owe(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add("other")
    schedules.add()
    schedules.pause()
    schedules.utc = "2026-12-01 09:05:00"
    schedules.resume()
    schedules.tick("2026-12-01 09:06:00")
    assert (schedules.jobs("other"), schedules.jobs("daily")) == (["2026-12-01 09:00 queued"], [])


def test_a_pause_that_ends_by_itself_makes_nothing_before_its_end(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 11:30")
    for hour in (9, 10, 11, 12):
        schedules.tick(f"2026-12-01 {hour:02}:59:00")
    assert [job for job in schedules.jobs() if "queued" in job] == [
        "2026-12-01 12:00 queued",
        "2026-12-01 13:00 queued",
    ]
    assert (schedules.get().state, schedules.get().state_until) == ("active", None)


def test_an_occurrence_at_the_very_end_of_a_pause_is_posted(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(until="2026-12-02 09:00")
    schedules.tick("2026-12-02 08:59:00")
    assert schedules.jobs()[1:] == ["2026-12-02 09:00 queued"]


def test_the_end_of_a_pause_is_kept_though_another_schedule_moved_their_recurrence_on(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(until="2026-12-02 09:00")
    schedules.utc = "2026-12-02 08:58:35"
    schedules.add("other")
    schedules.tick("2026-12-02 08:59:00")
    assert schedules.jobs()[1:] == ["2026-12-02 09:00 queued", "2026-12-02 09:00 queued"]


def test_a_pause_that_ended_while_no_tick_ran_leaves_the_rest_to_the_misfire_policy(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.pause(until="2026-12-01 10:59:30")
    schedules.tick("2026-12-01 09:59:00")
    schedules.tick("2026-12-01 13:30:00")
    assert schedules.jobs()[1:] == ["2026-12-01 11:00 missed", "2026-12-01 12:00 missed", "2026-12-01 13:00 queued"]


def test_pausing_twice_changes_nothing_the_second_time(schedules: Schedules) -> None:
    added = schedules.add()
    schedules.pause(reason="moving")
    assert not schedules.pause().is_changed
    assert schedules.get().reason == "moving"
    assert len(list(changes.of_object(schedules.db, "schedule", added.id))) == 2


def test_a_pause_can_be_given_another_end(schedules: Schedules) -> None:
    schedules.add()
    schedules.pause(reason="moving", until="1d")
    schedules.pause(until="2d")
    assert clock(schedules.get().state_until or 0) == "2026-12-03 08:59"
    assert schedules.get().reason == "moving"
    schedules.pause(reason="moved")
    assert clock(schedules.get().state_until or 0) == "2026-12-03 08:59"
    schedules.pause(until="none")
    assert (schedules.get().state_until, schedules.get().reason) == (None, "moved")


def test_an_end_that_is_past_is_refused(schedules: Schedules) -> None:
    schedules.add()
    with pytest.raises(BadInput, match="2026-11-30"):
        schedules.pause(until="2026-11-30")
    assert schedules.get().state == "active"


def test_the_last_occurrence_can_still_be_paused_while_it_waits(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 09:00")
    assert schedules.get().state == "finished"
    assert schedules.pause().jobs == 1
    schedules.utc = "2026-12-01 08:59:30"
    schedules.resume()
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_a_resume_with_nothing_to_come_finishes_it(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 09:00")
    schedules.pause()
    schedules.utc = "2026-12-01 10:00:00"
    schedules.resume()
    assert schedules.get().state == "finished"


def test_one_name_that_is_not_there_leaves_all_as_they_are(schedules: Schedules) -> None:
    schedules.add()
    with pytest.raises(NotFound, match="'dayly'"):
        pause.pause(schedules.session, ["daily", "dayly"], "", "")
    assert schedules.get().state == "active"
