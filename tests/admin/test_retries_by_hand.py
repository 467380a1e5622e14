"""A person who saw the message says so; and a job's story tells everything that is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.jobs import mark_posted, next_steps, retry, timeline
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.history.filters import Filter
from tests.support.job_history import HOUR, NOW, Past, past

DUE_TS = "1796133600.400000"  # 0.4 s after what was due an hour before NOW
LOOKUP = """
INSERT INTO lookups (job_id, number, workspace_id, asked_at, answer, error)
SELECT id, 1, workspace_id, due_at + 31000, 'cannot_ask', 'missing_scope' FROM jobs
"""


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Past]:
    with past(tmp_path) as made:
        yield made


def texts(before: Past, job: int) -> list[str]:
    return [entry.text for entry in timeline.told(before.session, mark_posted.known(before.session, job))]


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_a_message_that_a_person_found_is_success_with_its_ts(before: Past, state: str) -> None:
    job = before.job(before.schedule("daily"), state, error="timeout")
    mark_posted.mark_posted(before.session, job, DUE_TS)
    assert before.row(job, "state", "ts", "lateness_ms", "error") == ("succeeded", DUE_TS, 400, None)
    change = changes.last(before.db, "job", str(job))
    assert change
    assert change.actor == "tester@house"


def test_the_link_of_a_message_names_it_too(before: Past) -> None:
    job = before.job(before.schedule("daily"), "held")
    mark_posted.mark_posted(before.session, job, "https://acme.slack.com/archives/C0000000001/p1796133600400000")
    assert before.row(job, "ts") == (DUE_TS,)


def test_a_job_whose_fate_is_known_cannot_be_marked(before: Past) -> None:
    job = before.job(before.schedule("daily"), "succeeded", ts="1796133600.000100")
    with pytest.raises(BadInput, match=f"Job {job} is succeeded") as refused:
        mark_posted.mark_posted(before.session, job, DUE_TS)
    assert refused.value.hint == "It was posted as 1796133600.000100."
    assert before.row(job, "ts") == ("1796133600.000100",)


@pytest.mark.parametrize("said", ["yes", "1796133600", "1796133600.4", "p1796133600400000", ""])
def test_what_is_no_ts_is_refused(before: Past, said: str) -> None:
    job = before.job(before.schedule("daily"), "held")
    with pytest.raises(BadInput, match="does not name a message"):
        mark_posted.mark_posted(before.session, job, said)
    assert before.state(job) == "held"


LINK = "https://acme.slack.com/archives/{}/p1796133600400000"


def test_a_message_of_another_channel_is_not_taken_for_the_jobs(before: Past) -> None:
    job = before.job(before.schedule("daily"), "held", attempts=1, error="timeout")
    before.attempt(job, outcome="unknown", error="timeout")
    with pytest.raises(BadInput, match="is in C0000000002, and job 1 left for C0000"):
        mark_posted.mark_posted(before.session, job, LINK.format("C0000000002"))
    assert before.state(job) == "held"
    marked = mark_posted.mark_posted(before.session, job, LINK.format("C0000000001"))
    assert (before.state(job), mark_posted.doubt(marked, before.session.now())) == ("succeeded", None)


@pytest.mark.parametrize(
    ("ts", "told"),
    [
        ("1796047200.400000", "is of Mon 30 Nov 2026 09:00 EST, and job 1 left at Tue 1 Dec 2026 09:00 EST"),
        ("1796220000.400000", "is of Wed 2 Dec 2026 09:00 EST, and job 1 left at Tue 1 Dec 2026 09:00 EST"),
    ],
    ids=["from before it left", "from after now"],
)
def test_a_message_of_another_time_is_taken_and_said(before: Past, ts: str, told: str) -> None:
    job = before.job(before.schedule("daily"), "held", attempts=1, error="timeout")
    before.attempt(job, outcome="unknown", error="timeout")
    marked = mark_posted.mark_posted(before.session, job, ts)
    assert before.state(job) == "succeeded"
    assert told in (mark_posted.doubt(marked, before.session.now()) or "")


def test_a_job_that_is_not_there_cannot_be_marked(before: Past) -> None:
    with pytest.raises(NotFound, match="There is no job 7"):
        mark_posted.mark_posted(before.session, 7, DUE_TS)


def test_the_story_tells_tries_look_ups_and_people_in_order(before: Past) -> None:
    job = before.job(before.schedule("daily"), "held", attempts=1, error="timeout")
    before.attempt(job, outcome="unknown", error="timeout")
    with before.db.writing():
        before.db.execute(LOOKUP)
    list(retry.carry_out(before.session, retry.plan(before.session, Filter(jobs=(job,)), stale=False)))
    due, started, left, ended, asked, retried = texts(before, job)
    assert due == "Due: schedule 'daily' to channel C0000000001."
    assert (started, left) == ("Attempt 1 started, by pool-1.", "Attempt 1 left for channel C0000000001.")
    assert ended.startswith("Attempt 1: unknown (timeout). Slack received the request")
    assert asked.endswith("The channel's history cannot be asked (missing_scope).")
    assert retried == "tester@house, retry: state held -> queued, error timeout -> none."


def test_the_story_tells_what_was_changed_in_the_schedule_meanwhile(before: Past) -> None:
    schedule = before.schedule("daily")
    job = before.job(schedule, "cancelled", error="schedule_paused")
    due_at = NOW - HOUR
    for at, state in ((due_at - 10 * HOUR, "long before"), (due_at - 30_000, "paused"), (NOW, "long after")):
        change(before, schedule, at, {"state": state})
    assert texts(before, job) == [
        "tester@house, pause: schedule 'daily': state none -> paused.",
        "Due: schedule 'daily' to channel C0000000001.",
    ]


def change(before: Past, schedule: str, at: int, after: dict[str, str]) -> None:
    made = Change(
        changed_at=at,
        actor="tester@house",
        command="pause",
        kind="schedule",
        object_id=schedule,
        name="daily",
        after=after,
    )
    with before.db.writing():
        changes.record(before.db, made)


@pytest.mark.parametrize(
    ("state", "error", "steps"),
    [
        ("failed", "timeout", ["schedbot retry 1"]),
        ("held", "timeout", ["if it is there: schedbot audit 1 --mark-posted", "if it is not there: schedbot retry 1"]),
        ("missed", None, ["schedbot retry 1 --stale"]),
        ("succeeded", None, []),
        ("failed", "not_in_channel", ["In Slack, '/invite' the app into the channel; then 'schedbot resume daily'"]),
    ],
)
def test_the_next_step_is_a_command(before: Past, state: str, error: str | None, steps: list[str]) -> None:
    job = before.job(before.schedule("daily"), state, error=error, ts=DUE_TS)
    told = next_steps.standing(mark_posted.known(before.session, job), NOW).steps
    assert len(told) == len(steps)
    assert all(step.startswith(start) for step, start in zip(told, steps, strict=True))


@pytest.mark.parametrize("state", ["failed", "missed"])
def test_no_step_is_advised_for_what_a_removed_schedule_left_behind(before: Past, state: str) -> None:
    job = before.job(before.schedule("daily", state="removed"), state, error="not_in_channel")
    stands = next_steps.standing(mark_posted.known(before.session, job), NOW)
    assert stands.sentence.endswith("its schedule was removed.")
    assert stands.steps == ()


def test_what_a_removed_schedule_left_held_can_be_marked_and_need_not_be(before: Past) -> None:
    job = before.job(before.schedule("daily", state="removed"), "held", error="timeout")
    stands = next_steps.standing(mark_posted.known(before.session, job), NOW)
    assert stands.sentence.endswith("its schedule was removed, so nothing waits for it.")
    assert [step[:34] for step in stands.steps] == ["if it is there: schedbot audit 1 -"]
