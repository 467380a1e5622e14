"""Reconciler: look-ups are grouped, sent to posters that take more, and settle jobs also in an outage."""

from dataclasses import replace
from pathlib import Path

import pytest

from schedbot.model import JobState, TokenSource
from schedbot.store.jobs.unknown import LookUpResult, UnknownJob
from schedbot.worker.state.circuit_breaker import FAILURES_TO_OPEN
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import LookUpTransition, next_state_after_look_up
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.steps.reconcile import Reconciler
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history

WITHIN = 40  # s: a pool starts, and waits for a lost answer
WORKSPACES = 5


def unknown(job_id: int) -> UnknownJob:
    """Return a job of unknown outcome, sent `job_id` milliseconds after NOW."""
    return UnknownJob(
        id=job_id,
        schedule_id="s",
        schedule="s",
        workspace_id="acme",
        workspace="acme",
        source=TokenSource("setting"),
        due_at=NOW,
        deadline_at=NOW,
        number=1,
        spent=1,
        channel="C1",
        sent_at=NOW + job_id,
        clock_ms=None,
        max_attempts=5,
        on_unknown="hold",
        resumes=0,
        error=None,
        scheduled_at=NOW,
    )


def reconciler(history: JobHistory) -> Reconciler:
    return Reconciler(InFlight(history.session, "pool", "installation-1"))


def test_job_in_full_look_up_is_not_queued_again(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        subject = reconciler(history)
        for _ in range(2):
            subject.queue_jobs([unknown(number) for number in range(150)])
        assert [len(look_up.jobs) for look_up in subject.queue] == [100, 50]


def test_retiring_poster_gets_no_look_up(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        subject = reconciler(history)
        poster = PosterHandle(history.session.settings)
        subject.in_flight.posters.append(poster)
        poster.is_ready, poster.jobs_taken = True, history.session.settings.jobs_per_poster
        subject.queue_jobs([unknown(1)])
        subject.start_look_ups()
        poster.kill()
        assert len(subject.queue) == 1


@pytest.mark.parametrize(("is_outage", "state"), [(True, JobState.QUEUED), (False, JobState.FAILED)])
def test_outage_keeps_absent_last_attempt_queued(is_outage: bool, state: JobState) -> None:
    job = replace(unknown(1), spent=5, deadline_at=NOW + HOUR)
    after = next_state_after_look_up(LookUpResult(job, NOW, "absent"), NOW, 0, lambda: 0.5, is_outage=is_outage)
    assert after.state is state


@pytest.mark.parametrize(("failures", "state"), [(FAILURES_TO_OPEN, "queued"), (FAILURES_TO_OPEN - 1, "failed")])
def test_reconciler_knows_outage_from_breaker(tmp_path: Path, failures: int, state: str) -> None:
    with new_job_history(tmp_path) as history:
        job = history.add_job(history.add_schedule("daily"), "unknown", attempts=5)
        history.add_attempt(job, number=5, outcome="unknown")
        subject = reconciler(history)
        subject.in_flight.breaker.failures = failures
        subject.take_due_jobs()
        subject.in_flight.writes.commit(history.db)
        [look_up] = subject.queue
        subject.settle(LookUpResult(look_up.jobs[0], NOW, "absent"), 0, is_soon=False)
        subject.in_flight.writes.commit(history.db)
        assert history.state(job) == state


@pytest.mark.parametrize("answer", ["absent", "cannot_ask"])
@pytest.mark.parametrize("on_unknown", ["hold", "resend"])
def test_post_refused_with_unlisted_code_is_held(answer: str, on_unknown: str) -> None:
    job = replace(unknown(1), deadline_at=NOW + HOUR, attempt_error="cannot_reach_moon", on_unknown=on_unknown)
    after = next_state_after_look_up(LookUpResult(job, NOW, answer), NOW, 0, lambda: 0.5, is_outage=False)
    assert after == LookUpTransition(JobState.HELD, NOW, "cannot_reach_moon")


@pytest.mark.slow
def test_unlisted_code_is_tried_once(app: App) -> None:
    app.add_schedule("yearly", cron="0 0 1 1 *")
    app.run("run-now", "yearly")
    app.slack.order("error", code="cannot_reach_moon", times="forever")
    assert app.work().returncode == 3
    [job] = app.audit()
    assert (job["state"], job["error"]) == ("held", "cannot_reach_moon")
    methods = [request["method"] for request in app.slack.requests()]
    assert (methods.count("chat.postMessage"), methods.count("conversations.history")) == (1, 1)


def make_unknown_posts(app: App) -> None:
    """Leave a post of unknown outcome in each of some workspaces."""
    due_at = now_ms() // 1000 * 1000
    for number in range(WORKSPACES):
        token = app.folder / f"token-{number}"
        token.write_text(f"xoxb-{number}")
        token.chmod(0o600)
        app.run("workspace", "add", f"w{number}", "--token-file", str(token))
        app.slack.add_workspace(f"w{number}", f"xoxb-{number}", ["C0000000001"])
        app.add_schedule(f"s{number}", as_of=due_at - 30_000, at=rfc3339(due_at), workspace=f"w{number}", grace="1h")
    app.tick(now_ms())
    app.slack.order("drop_before", times=WORKSPACES)
    app.slack.order("hold_before", method="conversations.history", times="forever")


@pytest.mark.slow
def test_slow_histories_delay_no_post(app: App) -> None:
    """Look-ups have connections of their own."""
    app.timeout_s = 8
    make_unknown_posts(app)
    app.start("work", "--processes", "1", "--in-flight", "1")
    until(lambda: app.slack.count_held() >= 3, within=WITHIN)
    app.add_schedule("other", cron="0 0 1 1 *", channel="C0000000002")
    app.run("run-now", "other")
    until(lambda: "other" in app.slack.texts(), within=4)
