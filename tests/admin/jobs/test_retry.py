"""`retry` sends a failed job again once, with the current version of its schedule, and never a posted job."""

from dataclasses import replace

import pytest

from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.jobs.retry import RetryPlan
from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState
from schedbot.store.history import changes
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.jobs.retry import RETRIABLE, Retry, requeue
from tests.support.job_history import HOUR, NOW, JobHistory

FAILED = Filter(states=(JobState.FAILED,))


def retry(history: JobHistory, job_filter: Filter, stale: bool = False) -> tuple[RetryPlan, list[int | None]]:
    """Plan and carry out. Return the plan and the numbers of the queued jobs."""
    plan = retry_jobs.plan(history.session, job_filter, stale)
    return plan, [job.job for job in retry_jobs.carry_out(history.session, plan)]


def problems(plan: RetryPlan) -> list[str]:
    """Return why jobs are not retried, without the remedies."""
    return [refusal.problem for refusal in plan.excluded]


def test_failed_job_is_queued_and_keeps_its_attempts(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=5, error="timeout")
    history.add_attempt(job, 5, outcome="not_posted", error="timeout")
    retry(history, FAILED)
    assert history.row(job, "state", "available_at", "attempts", "spent", "error") == ("queued", NOW, 5, 0, None)
    record = job_history.by_number(history.db, job)
    assert record
    assert [attempt.number for attempt in record.attempts] == [5]


def test_second_retry_does_nothing(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    assert retry(history, FAILED)[1] == [job]
    assert retry(history, FAILED)[1] == []
    assert len(list(changes.of_object(history.db, "job", str(job)))) == 1


def test_plan_changes_nothing(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    plan = retry_jobs.plan(history.session, FAILED, stale=False)
    assert plan.ready == [job]
    assert history.state(job) == "failed"


def test_change_record_names_the_person(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", error="timeout")
    retry(history, Filter(jobs=(job,)))
    change = changes.last(history.db, "job", str(job))
    assert change
    assert (change.actor, change.command, change.changed_at) == ("tester@host", "retry", NOW)
    assert (change.before, change.after) == (
        {"state": "held", "error": "timeout"},
        {"state": "queued", "error": None},
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("queued", "is queued: it is not finished"),
        ("succeeded", "succeeded: there is nothing to retry"),
        ("unknown", "is unknown: the channel's history is checked first"),
        ("skipped", "was skipped: outside window"),
        ("cancelled", "was cancelled: its schedule was changed"),
    ],
)
def test_job_in_another_state_is_not_retried(history: JobHistory, state: str, reason: str) -> None:
    job = history.add_job(history.add_schedule("daily"), state, ts="1796137200.000100", error="outside window")
    plan, queued = retry(history, Filter(jobs=(job,)), stale=True)
    assert queued == []
    assert problems(plan) == [f"Job {job} {reason}."]
    with pytest.raises(BadInput, match=reason) as refused:
        retry_jobs.refuse_all(plan)
    assert "schedbot" in refused.value.hint
    assert history.state(job) == state


def test_numbered_job_outside_the_filters_is_explained(history: JobHistory) -> None:
    daily, weekly = history.add_schedule("daily"), history.add_schedule("weekly")
    posted, failed = history.add_job(daily, "succeeded", ts="1.1"), history.add_job(weekly, "failed")
    plan, queued = retry(history, Filter(jobs=(posted, failed), schedules=(daily,), states=(JobState.FAILED,)))
    assert queued == []
    assert problems(plan) == [
        f"Job {posted} succeeded: there is nothing to retry.",
        f"Job {failed} does not match the filters: it failed, schedule 'weekly' in workspace 'acme'.",
    ]


def test_job_past_its_grace_is_retried_only_with_stale(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", ago_ms=7 * HOUR)
    plan, queued = retry(history, FAILED)
    assert queued == []
    assert "--stale" in next(iter(plan.excluded)).remedy
    assert retry(history, FAILED, stale=True)[1] == [job]
    assert history.row(job, "deadline_at") == (NOW + 6 * HOUR,)


def test_stale_job_without_grace_gets_an_hour(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", grace_ms=0), "failed", ago_ms=7 * HOUR)
    retry(history, FAILED, stale=True)
    assert history.row(job, "deadline_at") == (NOW + HOUR,)


def test_stale_does_not_shorten_a_deadline(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", grace_ms=0), "failed", ago_ms=HOUR)
    retry(history, FAILED, stale=True)
    assert history.row(job, "deadline_at") == (NOW + 5 * HOUR,)


def test_missed_job_is_retried_only_with_stale(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "missed", ago_ms=HOUR)
    everything = Filter(since=0)
    assert retry(history, everything)[1] == []
    assert retry(history, everything, stale=True)[1] == [job]


def test_jobs_of_one_channel_are_a_second_apart(history: JobHistory) -> None:
    daily, other = history.add_schedule("daily"), history.add_schedule("other", channel="C0000000002")
    first, third = history.add_job(daily, "failed", 3 * HOUR), history.add_job(daily, "failed", HOUR)
    second = history.add_job(history.add_schedule("twin"), "failed", 2 * HOUR)
    elsewhere = history.add_job(other, "failed", HOUR)
    retry(history, FAILED)
    waits = [history.row(job, "available_at")[0] - NOW for job in (first, second, third, elsewhere)]
    assert waits == [0, 1_000, 2_000, 0]


def test_spacing_continues_in_the_second_slice(history: JobHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_jobs, "SLICE", 2)
    schedule = history.add_schedule("daily")
    jobs = [history.add_job(schedule, "failed", HOUR - number) for number in range(5)]
    assert retry(history, FAILED)[1] == jobs
    assert [history.row(job, "available_at")[0] - NOW for job in jobs] == [0, 1_000, 2_000, 3_000, 4_000]


def test_jobs_of_a_paused_workspace_are_queued_and_parked(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    job = history.add_job(history.add_schedule("daily", workspace="globex"), "failed")
    plan, _ = retry(history, FAILED)
    assert history.row(job, "state", "parked") == ("queued", 1)
    assert plan.parked == {"globex": 1}
    assert plan.waits_for_a_person


@pytest.mark.parametrize("state", ["paused", "suspended"])
def test_stopped_schedule_must_be_resumed_first(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily", state=state, reason="not_in_channel"), "failed")
    plan, queued = retry(history, Filter(jobs=(job,)))
    assert queued == []
    assert list(plan.excluded) == [
        (
            f"Job {job}: schedule 'daily' is {state}: the app is not in the channel (not_in_channel).",
            "First run 'schedbot resume daily'.",
        )
    ]
    assert plan.waits_for_a_person


def test_job_of_a_removed_schedule_is_not_retried(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), "failed")
    plan, queued = retry(history, Filter(jobs=(job,)), stale=True)
    assert queued == []
    assert problems(plan) == [f"Job {job}: schedule 'daily' was removed."]


def test_job_of_a_finished_schedule_is_retried(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("once", state="finished"), "failed")
    assert retry(history, FAILED)[1] == [job]


def test_plan_counts_held_jobs(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    history.add_job(schedule, "held", HOUR), history.add_job(schedule, "failed", 2 * HOUR)
    plan = retry_jobs.plan(history.session, Filter(since=0), stale=False)
    assert plan.held == 1
    assert len(plan.ready) == 2


def test_job_that_changed_after_the_plan_is_not_retried(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    plan = retry_jobs.plan(history.session, FAILED, stale=False)
    with history.db.writing():
        history.db.execute("UPDATE jobs SET state = 'queued'")
    assert list(retry_jobs.carry_out(history.session, plan)) == []
    assert history.state(job) == "queued"


def test_statement_queues_no_job_whose_state_changed(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "succeeded", ts="1.1")
    with history.db.writing():
        row = Retry(job, JobState.FAILED, NOW, NOW, parked=False, workspace_id="")
        assert requeue(history.db, [row], "tester", "host", NOW) == 0
    assert history.state(job) == "succeeded"
    assert changes.last(history.db, "job", str(job)) is None


def test_unknown_job_number_is_refused(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    with pytest.raises(NotFound, match="No job 99 exists"):
        retry(history, Filter(jobs=(job, 99)))
    assert history.state(job) == "failed"


def test_each_state_is_retriable_or_has_a_reason() -> None:
    assert set(retry_jobs.NOT_RETRIED).isdisjoint(RETRIABLE)
    assert {*retry_jobs.NOT_RETRIED, *RETRIABLE} == set(JobState)


def test_state_that_cannot_be_retried_is_refused(history: JobHistory) -> None:
    with pytest.raises(BadInput, match="state succeeded: these jobs cannot be retried"):
        retry(history, replace(FAILED, states=(JobState.SUCCEEDED,)))
