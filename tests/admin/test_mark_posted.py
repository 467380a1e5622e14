"""A person marks a job as posted; the time line shows all that is on record; the next steps are commands."""

import pytest

from schedbot.admin.jobs import job_summary, mark_posted, retry, timeline
from schedbot.admin.jobs.circumstances import Circumstances
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.history.filters import Filter
from tests.support.job_history import HOUR, NOW, JobHistory

DUE_TS = "1796133600.400000"  # 0.4 s after the job that was due an hour before NOW
LOOKUP = """
INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer, error)
SELECT id, 1, workspace_id, due_at + 31000, 'cannot_ask', 'missing_scope' FROM jobs
"""


def texts(history: JobHistory, job: int) -> list[str]:
    return [entry.text for entry in timeline.build(history.session, mark_posted.find_job(history.session, job))]


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_marked_job_succeeds_with_the_ts(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily"), state, error="timeout")
    mark_posted.mark_posted(history.session, job, DUE_TS)
    assert history.row(job, "state", "ts", "lateness_ms", "error") == ("succeeded", DUE_TS, 400, None)
    change = changes.last(history.db, "job", str(job))
    assert change
    assert change.actor == "tester@host"


@pytest.mark.parametrize(("posted", "state"), [(1, "queued"), (2, "succeeded")])
def test_marked_part_is_followed_by_the_next(history: JobHistory, posted: int, state: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", ts="1796133600.100000", parts=3, parts_posted=posted)
    mark_posted.mark_posted(history.session, job, DUE_TS)
    assert history.row(job, "state", "ts", "parts_posted") == (state, "1796133600.100000", posted + 1)
    assert "3 parts" in summarize(history, job)


def summarize(history: JobHistory, job: int) -> str:
    record = mark_posted.find_job(history.session, job)
    return job_summary.summarize(record, Circumstances(NOW)).sentence


def test_message_link_gives_the_ts(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held")
    mark_posted.mark_posted(history.session, job, "https://acme.slack.com/archives/C0000000001/p1796133600400000")
    assert history.row(job, "ts") == (DUE_TS,)


def test_succeeded_job_cannot_be_marked(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "succeeded", ts="1796133600.000100")
    with pytest.raises(BadInput, match=f"Job {job} succeeded, so it cannot be marked") as refused:
        mark_posted.mark_posted(history.session, job, DUE_TS)
    assert refused.value.hint == "It was posted as 1796133600.000100."
    assert history.row(job, "ts") == ("1796133600.000100",)


@pytest.mark.parametrize("message", ["yes", "1796133600", "1796133600.4", "p1796133600400000", ""])
def test_text_without_ts_or_link_is_refused(history: JobHistory, message: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "held")
    with pytest.raises(BadInput, match="is neither a ts nor a message link"):
        mark_posted.mark_posted(history.session, job, message)
    assert history.state(job) == "held"


LINK = "https://acme.slack.com/archives/{}/p1796133600400000"


def test_message_of_another_channel_is_refused(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    with pytest.raises(BadInput, match="is in C0000000002, but job 1 was sent to C0000"):
        mark_posted.mark_posted(history.session, job, LINK.format("C0000000002"))
    assert history.state(job) == "held"
    marked = mark_posted.mark_posted(history.session, job, LINK.format("C0000000001"))
    assert (history.state(job), mark_posted.time_warning(marked, history.session.now())) == ("succeeded", None)


@pytest.mark.parametrize(
    ("ts", "warning"),
    [
        ("1796047200.400000", "is from Mon 30 Nov 2026 09:00 EST, but job 1 was sent at Tue 1 Dec 2026 09:00 EST"),
        ("1796220000.400000", "is from Wed 2 Dec 2026 09:00 EST, but job 1 was sent at Tue 1 Dec 2026 09:00 EST"),
    ],
    ids=["before it was sent", "in the future"],
)
def test_message_of_another_time_is_accepted_with_a_warning(history: JobHistory, ts: str, warning: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    marked = mark_posted.mark_posted(history.session, job, ts)
    assert history.state(job) == "succeeded"
    assert warning in (mark_posted.time_warning(marked, history.session.now()) or "")


def test_unknown_job_cannot_be_marked(history: JobHistory) -> None:
    with pytest.raises(NotFound, match="No job 7 exists"):
        mark_posted.mark_posted(history.session, 7, DUE_TS)


def test_time_line_has_attempts_look_ups_and_changes_in_order(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    with history.db.writing():
        history.db.execute(LOOKUP)
    list(retry.carry_out(history.session, retry.plan(history.session, Filter(jobs=(job,)), stale=False)))
    due, started, sent, ended, look_up, retried = texts(history, job)
    assert due == "Due: schedule 'daily' to channel C0000000001."
    assert (started, sent) == ("Attempt 1 started by pool-1.", "Attempt 1 sent to channel C0000000001.")
    assert ended.startswith("Attempt 1: unknown (timeout). Slack received the request")
    assert look_up.endswith("the channel's history cannot be read (missing_scope).")
    assert retried == "tester@host, retry: state held -> queued, error timeout -> none."


def test_time_line_has_changes_of_the_schedule_meanwhile(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    job = history.add_job(schedule, "cancelled", cancel_reason="schedule_paused")
    due_at = NOW - HOUR
    for at, state in ((due_at - 10 * HOUR, "long before"), (due_at - 30_000, "paused"), (NOW, "long after")):
        add_change(history, schedule, at, {"state": state})
    assert texts(history, job) == [
        "tester@host, pause: schedule 'daily': state none -> paused.",
        "Due: schedule 'daily' to channel C0000000001.",
    ]


def add_change(history: JobHistory, schedule: str, at: int, after: dict[str, str]) -> None:
    change = Change(
        changed_at=at,
        actor="tester@host",
        command="pause",
        kind="schedule",
        object_id=schedule,
        name="daily",
        after=after,
    )
    with history.db.writing():
        changes.record(history.db, change)


@pytest.mark.parametrize(
    ("state", "error", "steps"),
    [
        ("failed", "timeout", ["schedbot retry 1"]),
        ("held", "timeout", ["if it is there: schedbot audit 1 --mark-posted", "if it is not there: schedbot retry 1"]),
        ("missed", None, ["schedbot retry 1 --stale"]),
        ("succeeded", None, []),
        ("failed", "not_in_channel", ["In Slack, '/invite' the app to the channel, then run 'schedbot resume daily'"]),
    ],
)
def test_next_step_is_a_command(history: JobHistory, state: str, error: str | None, steps: list[str]) -> None:
    job = history.add_job(history.add_schedule("daily"), state, error=error, ts=DUE_TS)
    advice = job_summary.summarize(mark_posted.find_job(history.session, job), Circumstances(NOW)).steps
    assert len(advice) == len(steps)
    assert all(step.startswith(start) for step, start in zip(advice, steps, strict=True))


@pytest.mark.parametrize("state", ["failed", "missed"])
def test_job_of_a_removed_schedule_has_no_next_step(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), state, error="not_in_channel")
    summary = job_summary.summarize(mark_posted.find_job(history.session, job), Circumstances(NOW))
    assert summary.sentence.endswith("Its schedule was removed.")
    assert summary.steps == ()


def test_held_job_of_a_removed_schedule_can_be_marked(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), "held", error="timeout")
    summary = job_summary.summarize(mark_posted.find_job(history.session, job), Circumstances(NOW))
    assert summary.sentence.endswith("Its schedule was removed. Nothing waits for this job.")
    assert [step[:34] for step in summary.steps] == ["if it is there: schedbot audit 1 -"]
