"""A person who saw the message says so; and a job's story tells everything that is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.jobs import mark_posted, next_steps, retry, timeline
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.history.filters import Filter
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history

DUE_TS = "1796133600.400000"  # 0.4 s after what was due an hour before NOW
LOOKUP = """
INSERT INTO lookups (job_id, number, workspace_id, asked_at, answer, error)
SELECT id, 1, workspace_id, due_at + 31000, 'cannot_ask', 'missing_scope' FROM jobs
"""


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as made:
        yield made


def texts(history: JobHistory, job: int) -> list[str]:
    return [entry.text for entry in timeline.build(history.session, mark_posted.find_job(history.session, job))]


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_a_message_that_a_person_found_is_success_with_its_ts(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily"), state, error="timeout")
    mark_posted.mark_posted(history.session, job, DUE_TS)
    assert history.row(job, "state", "ts", "lateness_ms", "error") == ("succeeded", DUE_TS, 400, None)
    change = changes.last(history.db, "job", str(job))
    assert change
    assert change.actor == "tester@host"


def test_the_link_of_a_message_names_it_too(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held")
    mark_posted.mark_posted(history.session, job, "https://acme.slack.com/archives/C0000000001/p1796133600400000")
    assert history.row(job, "ts") == (DUE_TS,)


def test_a_job_whose_fate_is_known_cannot_be_marked(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "succeeded", ts="1796133600.000100")
    with pytest.raises(BadInput, match=f"Job {job} is succeeded") as refused:
        mark_posted.mark_posted(history.session, job, DUE_TS)
    assert refused.value.hint == "It was posted as 1796133600.000100."
    assert history.row(job, "ts") == ("1796133600.000100",)


@pytest.mark.parametrize("said", ["yes", "1796133600", "1796133600.4", "p1796133600400000", ""])
def test_what_is_no_ts_is_refused(history: JobHistory, said: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "held")
    with pytest.raises(BadInput, match="does not name a message"):
        mark_posted.mark_posted(history.session, job, said)
    assert history.state(job) == "held"


LINK = "https://acme.slack.com/archives/{}/p1796133600400000"


def test_a_message_of_another_channel_is_not_taken_for_the_jobs(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    with pytest.raises(BadInput, match="is in C0000000002, and job 1 left for C0000"):
        mark_posted.mark_posted(history.session, job, LINK.format("C0000000002"))
    assert history.state(job) == "held"
    marked = mark_posted.mark_posted(history.session, job, LINK.format("C0000000001"))
    assert (history.state(job), mark_posted.time_warning(marked, history.session.now())) == ("succeeded", None)


@pytest.mark.parametrize(
    ("ts", "told"),
    [
        ("1796047200.400000", "is of Mon 30 Nov 2026 09:00 EST, and job 1 left at Tue 1 Dec 2026 09:00 EST"),
        ("1796220000.400000", "is of Wed 2 Dec 2026 09:00 EST, and job 1 left at Tue 1 Dec 2026 09:00 EST"),
    ],
    ids=["from before it left", "from after now"],
)
def test_a_message_of_another_time_is_taken_and_said(history: JobHistory, ts: str, told: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    marked = mark_posted.mark_posted(history.session, job, ts)
    assert history.state(job) == "succeeded"
    assert told in (mark_posted.time_warning(marked, history.session.now()) or "")


def test_a_job_that_is_not_there_cannot_be_marked(history: JobHistory) -> None:
    with pytest.raises(NotFound, match="There is no job 7"):
        mark_posted.mark_posted(history.session, 7, DUE_TS)


def test_the_story_tells_tries_look_ups_and_people_in_order(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "held", attempts=1, error="timeout")
    history.add_attempt(job, outcome="unknown", error="timeout")
    with history.db.writing():
        history.db.execute(LOOKUP)
    list(retry.carry_out(history.session, retry.plan(history.session, Filter(jobs=(job,)), stale=False)))
    due, started, left, ended, asked, retried = texts(history, job)
    assert due == "Due: schedule 'daily' to channel C0000000001."
    assert (started, left) == ("Attempt 1 started, by pool-1.", "Attempt 1 left for channel C0000000001.")
    assert ended.startswith("Attempt 1: unknown (timeout). Slack received the request")
    assert asked.endswith("The channel's history cannot be asked (missing_scope).")
    assert retried == "tester@host, retry: state held -> queued, error timeout -> none."


def test_the_story_tells_what_was_changed_in_the_schedule_meanwhile(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    job = history.add_job(schedule, "cancelled", error="schedule_paused")
    due_at = NOW - HOUR
    for at, state in ((due_at - 10 * HOUR, "long before"), (due_at - 30_000, "paused"), (NOW, "long after")):
        change(history, schedule, at, {"state": state})
    assert texts(history, job) == [
        "tester@host, pause: schedule 'daily': state none -> paused.",
        "Due: schedule 'daily' to channel C0000000001.",
    ]


def change(history: JobHistory, schedule: str, at: int, after: dict[str, str]) -> None:
    made = Change(
        changed_at=at,
        actor="tester@host",
        command="pause",
        kind="schedule",
        object_id=schedule,
        name="daily",
        after=after,
    )
    with history.db.writing():
        changes.record(history.db, made)


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
def test_the_next_step_is_a_command(history: JobHistory, state: str, error: str | None, steps: list[str]) -> None:
    job = history.add_job(history.add_schedule("daily"), state, error=error, ts=DUE_TS)
    told = next_steps.summarize(mark_posted.find_job(history.session, job), NOW).steps
    assert len(told) == len(steps)
    assert all(step.startswith(start) for step, start in zip(told, steps, strict=True))


@pytest.mark.parametrize("state", ["failed", "missed"])
def test_no_step_is_advised_for_what_a_removed_schedule_left_behind(history: JobHistory, state: str) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), state, error="not_in_channel")
    stands = next_steps.summarize(mark_posted.find_job(history.session, job), NOW)
    assert stands.sentence.endswith("its schedule was removed.")
    assert stands.steps == ()


def test_what_a_removed_schedule_left_held_can_be_marked_and_need_not_be(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily", state="removed"), "held", error="timeout")
    stands = next_steps.summarize(mark_posted.find_job(history.session, job), NOW)
    assert stands.sentence.endswith("its schedule was removed, so nothing waits for it.")
    assert [step[:34] for step in stands.steps] == ["if it is there: schedbot audit 1 -"]
