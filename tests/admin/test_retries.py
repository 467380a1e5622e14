"""What failed is sent again once, as its schedule stands, and what was posted never is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.jobs.retry import RetryPlan
from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState
from schedbot.store.history import changes
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.jobs.manual import RETRIABLE, Retry, queue_again
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history

FAILED = Filter(states=(JobState.FAILED,))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as made:
        yield made


def retry(history: JobHistory, chosen: Filter, stale: bool = False) -> tuple[RetryPlan, list[int | None]]:
    """Plan and carry out. Returns the plan and the jobs that were queued."""
    plan = retry_jobs.plan(history.session, chosen, stale)
    return plan, [job.job for job in retry_jobs.carry_out(history.session, plan)]


def test_a_failed_job_waits_to_be_claimed_again_and_keeps_its_attempts(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=5, error="timeout")
    history.add_attempt(job, 5, outcome="not_posted", error="timeout")
    retry(history, FAILED)
    assert history.row(job, "state", "available_at", "attempts", "spent", "error") == ("queued", NOW, 5, 0, None)
    found = job_history.by_number(history.db, job)
    assert found
    assert [attempt.number for attempt in found.attempts] == [5]


def test_the_second_retry_does_nothing(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    assert retry(history, FAILED)[1] == [job]
    assert retry(history, FAILED)[1] == []
    assert len(list(changes.of_object(history.db, "job", str(job)))) == 1


def test_a_plan_changes_nothing(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    plan = retry_jobs.plan(history.session, FAILED, stale=False)
    assert plan.ready == [job]
    assert history.state(job) == "failed"


def test_who_sent_it_again_is_on_record(history: JobHistory) -> None:
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
        ("queued", "it is on its way already"),
        ("succeeded", "nothing to send again"),
        ("unknown", "the channel's history is asked first"),
        ("skipped", "only what failed, is held or was missed is sent again"),
        ("cancelled", "only what failed, is held or was missed is sent again"),
    ],
)
def test_what_did_not_fail_is_left_as_it_is_and_that_is_said(history: JobHistory, state: str, reason: str) -> None:
    job = history.add_job(history.add_schedule("daily"), state, ts="1796137200.000100")
    plan, queued = retry(history, Filter(jobs=(job,)), stale=True)
    assert queued == []
    assert list(plan.excluded) == [f"Job {job} is {state}: {reason}."]
    assert history.state(job) == state


def test_a_job_that_is_typed_out_and_does_not_fit_is_told_of(history: JobHistory) -> None:
    daily, weekly = history.add_schedule("daily"), history.add_schedule("weekly")
    posted, failed = history.add_job(daily, "succeeded", ts="1.1"), history.add_job(weekly, "failed")
    plan, queued = retry(history, Filter(jobs=(posted, failed), schedules=(daily,), states=(JobState.FAILED,)))
    assert queued == []
    assert list(plan.excluded) == [
        f"Job {posted} is succeeded: nothing to send again.",
        f"Job {failed} does not fit the filters: it is failed, of 'weekly' in the workspace 'acme'.",
    ]


def test_what_is_past_its_grace_is_left_out_unless_it_is_asked_for(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", ago_ms=7 * HOUR)
    plan, queued = retry(history, FAILED)
    assert queued == []
    assert "--stale" in next(iter(plan.excluded))
    assert retry(history, FAILED, stale=True)[1] == [job]
    assert history.row(job, "deadline_at") == (NOW + 6 * HOUR,)


def test_a_stale_job_of_a_schedule_without_grace_gets_time_to_be_posted(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", grace_ms=0), "failed", ago_ms=7 * HOUR)
    retry(history, FAILED, stale=True)
    assert history.row(job, "deadline_at") == (NOW + HOUR,)


def test_stale_does_not_bring_a_deadline_nearer(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", grace_ms=0), "failed", ago_ms=HOUR)
    retry(history, FAILED, stale=True)
    assert history.row(job, "deadline_at") == (NOW + 5 * HOUR,)


def test_what_was_missed_is_sent_only_when_it_is_asked_for(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "missed", ago_ms=HOUR)
    everything = Filter(since=0)
    assert retry(history, everything)[1] == []
    assert retry(history, everything, stale=True)[1] == [job]


def test_jobs_of_one_channel_go_a_second_apart(history: JobHistory) -> None:
    one, other = history.add_schedule("one"), history.add_schedule("other", channel="C0000000002")
    first, third = history.add_job(one, "failed", 3 * HOUR), history.add_job(one, "failed", HOUR)
    second = history.add_job(history.add_schedule("twin"), "failed", 2 * HOUR)
    elsewhere = history.add_job(other, "failed", HOUR)
    retry(history, FAILED)
    waits = [history.row(job, "available_at")[0] - NOW for job in (first, second, third, elsewhere)]
    assert waits == [0, 1_000, 2_000, 0]


def test_a_second_slice_goes_on_where_the_first_ended(history: JobHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_jobs, "SLICE", 2)
    schedule = history.add_schedule("daily")
    jobs = [history.add_job(schedule, "failed", HOUR - number) for number in range(5)]
    assert retry(history, FAILED)[1] == jobs
    assert [history.row(job, "available_at")[0] - NOW for job in jobs] == [0, 1_000, 2_000, 3_000, 4_000]


def test_jobs_of_a_paused_workspace_are_queued_and_wait(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    job = history.add_job(history.add_schedule("daily", workspace="globex"), "failed")
    plan, _ = retry(history, FAILED)
    assert history.row(job, "state", "parked") == ("queued", 1)
    assert plan.parked == {"globex": 1}
    assert plan.waits_for_a_person


@pytest.mark.parametrize("state", ["paused", "suspended"])
def test_a_resting_schedule_must_be_resumed_first(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily", state=state, reason="not_in_channel"), "failed")
    plan, queued = retry(history, Filter(jobs=(job,)))
    assert queued == []
    assert list(plan.excluded) == [
        f"Job {job}: its schedule 'daily' is {state} (not_in_channel); 'schedbot resume daily' first."
    ]
    assert plan.waits_for_a_person


def test_jobs_of_a_removed_schedule_are_not_sent(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), "failed")
    plan, queued = retry(history, Filter(jobs=(job,)), stale=True)
    assert queued == []
    assert list(plan.excluded) == [f"Job {job}: its schedule 'daily' was removed."]


def test_the_job_of_a_one_off_schedule_that_is_over_can_be_sent_again(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("once", state="finished"), "failed")
    assert retry(history, FAILED)[1] == [job]


def test_held_jobs_are_counted_because_they_may_have_been_posted(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    history.add_job(schedule, "held", HOUR), history.add_job(schedule, "failed", 2 * HOUR)
    plan = retry_jobs.plan(history.session, Filter(since=0), stale=False)
    assert plan.held == 1
    assert len(plan.ready) == 2


def test_a_job_that_changed_after_the_plan_is_left_as_it_is(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    plan = retry_jobs.plan(history.session, FAILED, stale=False)
    with history.db.writing():
        history.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.1'")
    assert list(retry_jobs.carry_out(history.session, plan)) == []
    assert history.state(job) == "succeeded"


def test_the_statement_itself_queues_only_what_is_still_in_the_state_that_was_seen(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "succeeded", ts="1.1")
    with history.db.writing():
        seen = Retry(job, JobState.FAILED, NOW, NOW, parked=False, workspace_id="")
        assert queue_again(history.db, [seen], "tester@host", NOW) == 0
    assert history.state(job) == "succeeded"
    assert changes.last(history.db, "job", str(job)) is None


def test_a_job_number_that_is_not_there_is_refused_and_nothing_is_sent(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed")
    with pytest.raises(NotFound, match="There is no job 99"):
        retry(history, Filter(jobs=(job, 99)))
    assert history.state(job) == "failed"


def test_each_state_is_either_sent_again_or_has_a_reason_why_not() -> None:
    assert set(retry_jobs.NOT_RETRIED).isdisjoint(RETRIABLE)
    assert {*retry_jobs.NOT_RETRIED, *RETRIABLE} == set(JobState)


def test_states_that_are_never_sent_again_are_refused(history: JobHistory) -> None:
    with pytest.raises(BadInput, match="What is succeeded is not sent again"):
        retry(history, replace(FAILED, states=(JobState.SUCCEEDED,)))
