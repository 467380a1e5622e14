"""`retry` of jobs that a pause, a suspension or `skip-next` called off before they were posted."""

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import retry as retry_jobs
from schedbot.errors import BadInput
from schedbot.model import JobState
from schedbot.store.history.filters import Filter
from tests.support.job_history import HOUR, NOW, JobHistory
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows

CANCELLED = Filter(states=(JobState.CANCELLED,))


def retry(history: JobHistory, job_filter: Filter, stale: bool = False) -> list[int | None]:
    """Plan and carry out. Return the numbers of the queued jobs."""
    plan = retry_jobs.plan(history.session, job_filter, stale)
    return [job.job for job in retry_jobs.carry_out(history.session, plan)]


@pytest.mark.parametrize("reason", ["schedule_paused", "schedule_suspended"])
def test_cancelled_job_is_retried_after_the_resume(history: JobHistory, reason: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "cancelled", cancel_reason=reason)
    assert retry(history, CANCELLED) == [job]
    assert history.row(job, "state", "cancel_reason", "available_at", "is_requested") == ("queued", None, NOW, 1)


def test_job_cancelled_by_a_changed_rule_is_refused(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "cancelled", cancel_reason="schedule_edited")
    assert retry(history, CANCELLED) == []
    plan = retry_jobs.plan(history.session, Filter(jobs=(job,)), stale=True)
    with pytest.raises(BadInput, match="was cancelled: its schedule was changed") as refused:
        retry_jobs.refuse_all(plan)
    assert refused.value.hint == "'schedbot run-now daily' posts an extra message."


def test_filter_without_state_leaves_called_off_jobs(history: JobHistory) -> None:
    history.add_job(history.add_schedule("daily"), "cancelled", cancel_reason="schedule_paused")
    history.add_job(history.add_schedule("weekly"), "skipped", cancel_reason="skipped_by_hand")
    assert retry(history, Filter(since=0), stale=True) == []


def test_cancelled_job_past_its_grace_needs_stale(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "cancelled", 9 * HOUR, cancel_reason="schedule_paused")
    assert retry(history, CANCELLED) == []
    assert retry(history, CANCELLED, stale=True) == [job]


def test_several_refused_jobs_are_one_error(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    jobs = tuple(history.add_job(schedule, "succeeded", ago_ms, ts="1.1") for ago_ms in (HOUR, 2 * HOUR))
    with pytest.raises(BadInput, match="None of these 2 jobs can be retried") as refused:
        retry_jobs.refuse_all(retry_jobs.plan(history.session, Filter(jobs=jobs), stale=False))
    assert f"Job {jobs[1]} succeeded: there is nothing to retry." in refused.value.hint


def test_skipped_occurrence_is_not_posted_before_its_instant(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 10:00:00"
    assert schedules.skip_next() == "2026-12-02 09:00"
    job = read_rows(schedules.db, "SELECT id FROM jobs WHERE state = 'skipped'")[0][0]
    plan = retry_jobs.plan(schedules.session, Filter(jobs=(job,)), stale=False)
    assert len(list(retry_jobs.carry_out(schedules.session, plan))) == 1
    available_at, deadline_at = read_rows(
        schedules.db, "SELECT available_at, deadline_at FROM jobs WHERE id = :job", {"job": job}
    )[0]
    assert available_at == ms("2026-12-02 09:00:00")
    assert deadline_at == available_at + 6 * HOUR


def test_why_names_the_retry_of_a_called_off_job(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:10")
    schedules.pause()
    assert why.explain(schedules.session, "daily", "2026-12-01 09:00").steps[0] == "schedbot resume daily"
    schedules.utc = "2026-12-01 10:00:00"
    steps = why.explain(schedules.session, "daily", "2026-12-01 09:00").steps
    assert steps[0] == "schedbot resume daily, then schedbot retry 1"
    schedules.resume()
    assert why.explain(schedules.session, "daily", "2026-12-01 09:00").steps[0] == "schedbot retry 1"
