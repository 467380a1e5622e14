"""`pause --all` stops all posts; each schedule keeps its own state, and what falls due meanwhile is not posted."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import backfill, retry, timeline
from schedbot.admin.operations import health
from schedbot.admin.schedules import pause_all
from schedbot.errors import BadInput
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.store.history import changes
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import attempt_ends
from schedbot.store.operations.health import read_vitals
from schedbot.tick import tick
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows, read_value


def pause(schedules: Schedules, reason: str = "", until: str = "") -> int:
    """Pause all schedules. Return the number of cancelled jobs."""
    return pause_all.pause(schedules.session, reason, until).jobs


def resume(schedules: Schedules, utc: str = "") -> int:
    """Resume all schedules, at the instant `utc`. Return the number of enqueued jobs."""
    schedules.utc = utc or schedules.utc
    return pause_all.resume(schedules.session).jobs


def test_each_schedule_keeps_its_own_state(schedules: Schedules) -> None:
    schedules.add("stopped")
    schedules.pause("stopped", reason="the customer asked to stop")
    schedules.add("daily")
    pause(schedules)
    assert [schedules.get(name).state for name in ("stopped", "daily")] == ["paused", "active"]
    resume(schedules, "2026-12-01 12:00:00")
    assert [schedules.get(name).state for name in ("stopped", "daily")] == ["paused", "active"]
    schedules.tick("2026-12-02 08:59:00")
    assert schedules.jobs("daily")[-1] == "2026-12-02 09:00 queued"
    assert schedules.jobs("stopped") == ["2026-12-01 09:00 cancelled schedule_paused"]


def test_what_falls_due_during_the_pause_is_not_posted(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *", misfire="all")
    assert pause(schedules) == 1
    for hour in range(9, 15):
        schedules.tick(f"2026-12-01 {hour:02}:59:00")
    resume(schedules, "2026-12-01 14:59:30")
    schedules.tick("2026-12-01 15:30:00")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused", "2026-12-01 15:00 queued"]


def test_ticks_need_not_run_during_the_pause(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *", misfire="all", grace="1d")
    pause(schedules)
    resume(schedules, "2026-12-01 14:30:00")
    schedules.tick("2026-12-01 15:30:00")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused", "2026-12-01 15:00 queued"]


def test_occurrence_before_the_pause_is_on_record(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *", misfire="skip")
    schedules.utc = "2026-12-01 10:30:00"
    pause(schedules)
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused", "2026-12-01 10:00 missed no_tick"]


@pytest.mark.parametrize("fields", [{}, {"at": "2026-12-01 09:00"}])
def test_resume_in_time_brings_jobs_back(schedules: Schedules, fields: dict[str, str]) -> None:
    schedules.add(**fields)
    pause(schedules)
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused"]
    assert resume(schedules, "2026-12-01 08:59:30") == 1
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_one_off_that_falls_due_is_finished_without_a_post(schedules: Schedules) -> None:
    schedules.add(at="2026-12-01 10:00")
    pause(schedules)
    schedules.tick("2026-12-01 10:01:00")
    resume(schedules)
    schedules.tick("2026-12-01 10:02:00")
    assert (schedules.get().state, schedules.jobs()) == ("finished", [])


def test_added_and_edited_schedules_enqueue_nothing(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules)
    schedules.add("second", cron="1 9 * * *")
    schedules.edit(cron="1 9 * * *")
    schedules.pause("second")
    schedules.resume("second")
    schedules.tick("2026-12-01 09:00:30")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused"]
    assert schedules.next() == "never"
    resume(schedules)
    assert [row.split()[2] for row in schedules.jobs()] == ["cancelled", "queued", "queued"]


def test_resume_of_a_name_does_not_end_the_pause(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules)
    schedules.pause()
    schedules.resume()
    schedules.tick("2026-12-01 08:59:40")
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused"]


def test_deferred_job_comes_back_after_the_resume(schedules: Schedules) -> None:
    schedules.add(window="mon-fri 11:00-12:00")
    schedules.tick("2026-12-01 08:59:10")
    schedules.utc = "2026-12-01 09:30:00"
    pause(schedules)
    schedules.pause()
    schedules.resume()
    assert [row.split()[2] for row in schedules.jobs()] == ["cancelled"]
    resume(schedules, "2026-12-01 10:30:00")
    assert [row.split()[2] for row in schedules.jobs()] == ["queued"]


def test_sent_job_that_is_to_be_tried_again_is_cancelled(schedules: Schedules) -> None:
    schedules.add()
    schedules.claim(sent=True)
    pause(schedules)
    timeout = AttemptResult(Outcome.NOT_POSTED, "timeout")
    end = attempt_ends.AttemptEnd(1, 7, 1, ms("2026-12-01 09:00:01"), timeout, JobState.QUEUED, 0, 1)
    with schedules.db.writing():
        attempt_ends.end_all(schedules.db, [end])
    assert schedules.jobs() == ["2026-12-01 09:00 cancelled all_paused"]


def test_timed_pause_of_all_ends_with_a_tick(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    pause(schedules, until="2026-12-01T11:00:00Z")
    assert schedules.next() == "2026-12-01 11:00"
    schedules.tick("2026-12-01 09:59:30")
    assert len(schedules.jobs()) == 1
    schedules.tick("2026-12-01 10:59:30")
    assert schedules.jobs()[1:] == ["2026-12-01 11:00 queued"]
    schedules.tick("2026-12-01 11:00:30")
    assert schedules.next() == "2026-12-01 12:00"


def test_misfires_after_a_timed_pause_follow_the_policy(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *", misfire="all")
    pause(schedules, until="2026-12-01T11:00:00Z")
    schedules.tick("2026-12-01 12:30:30")
    assert schedules.jobs()[1:] == ["2026-12-01 11:00 queued", "2026-12-01 12:00 queued"]


def test_timed_pause_that_a_wrong_clock_ended_holds(schedules: Schedules) -> None:
    schedules.add(cron="0 * * * *")
    schedules.tick("2026-12-01 08:59:10")
    pause(schedules, until="2026-12-02T00:00:00Z")
    schedules.tick("2026-12-08 10:00:00")
    schedules.tick("2026-12-01 09:59:30")
    assert "queued" not in " ".join(schedules.jobs())
    assert pause_all.pause(schedules.session, "", "").pause is not None


def test_second_pause_changes_reason_and_end(schedules: Schedules) -> None:
    pause(schedules, reason="restore")
    again = pause_all.pause(schedules.session, "", "")
    assert (again.is_changed, again.pause and again.pause.reason) == (False, "restore")
    changed = pause_all.pause(schedules.session, "", "2h").pause
    assert changed is not None
    assert (changed.reason, changed.paused_until) == ("restore", ms(schedules.utc) + 7_200_000)
    with pytest.raises(BadInput, match="is past"):
        pause_all.pause(schedules.session, "", "2026-11-01T00:00:00Z")


def test_commands_that_post_are_refused(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules, reason="restore")
    for command in (
        schedules.run_now,
        lambda: retry.plan(schedules.session, Filter(jobs=(1,)), stale=True),
        lambda: backfill.plan(schedules.session, "daily", "2026-11-01 00:00", "2026-11-02 00:00"),
    ):
        with pytest.raises(BadInput, match=r"All posts are paused since .*: restore") as refused:
            command()
        assert refused.value.hint == "First run 'schedbot resume --all'."


def test_pause_and_resume_of_all_are_on_record(schedules: Schedules) -> None:
    pause(schedules, reason="restore")
    resume(schedules)
    recorded = list(changes.of_object(schedules.db, "installation", "all"))
    assert [(change.command, (change.after or {})["state"], change.actor) for change in recorded] == [
        ("resume", "active", "tester@host"),
        ("pause", "paused", "tester@host"),
    ]


def test_why_names_the_pause_of_all(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules, reason="restore")
    schedules.utc = "2026-12-02 08:00:00"
    tick(schedules.session)
    future = why.explain(schedules.session, "daily", "2026-12-02 09:00")
    assert "All posts are paused since " in future.because[0]
    assert future.steps == ("schedbot resume --all",)
    cancelled = why.explain(schedules.session, "daily", "2026-12-01 09:00")
    assert cancelled.because[0] == "Job 1 was cancelled: all posts were paused."
    assert cancelled.steps[0] == "schedbot resume --all, then schedbot retry 1 --stale"
    schedules.tick("2026-12-02 09:30:00")
    resume(schedules, "2026-12-03 08:00:00")
    past = why.explain(schedules.session, "daily", "2026-12-02 09:00").because[0]
    assert past.startswith("All posts were paused from ")
    assert past.endswith("(tester@host): restore.")


def test_time_line_of_a_cancelled_job_shows_the_pause(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules, reason="restore")
    job = job_history.by_number(schedules.db, 1)
    assert job is not None
    texts = [entry.text for entry in timeline.build(schedules.session, job)]
    assert "tester@host, pause: all schedules: state active -> paused, reason none -> restore." in texts


def test_health_says_that_all_posts_are_paused(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:10")
    pause(schedules, reason="restore")
    schedules.tick("2026-12-01 10:59:10")
    result = health.assess(read_vitals(schedules.db, schedules.session.now()))
    assert (result.status, result.code) == ("degraded", 3)
    assert [problem.sentence for problem in result.problems] == [
        "All posts are paused (tester@host): restore. 'schedbot resume --all' ends the pause."
    ]


def test_retry_sends_what_the_pause_of_all_cancelled(schedules: Schedules) -> None:
    schedules.add()
    pause(schedules)
    resume(schedules, "2026-12-01 10:00:00")
    plan = retry.plan(schedules.session, Filter(states=(JobState.CANCELLED,)), stale=False)
    assert len(list(retry.carry_out(schedules.session, plan))) == 1
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]
    assert read_value(schedules.db, "SELECT count(*) FROM jobs WHERE cancel_reason IS NOT NULL") == 0
    assert [clock(due_at) for (due_at,) in read_rows(schedules.db, "SELECT next_due_at FROM recurrences")] == [
        "2026-12-02 09:00"
    ]
