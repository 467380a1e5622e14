"""Promise 3: whatever dies, whatever Slack does: each occurrence is posted exactly once, or held for a person."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from bench.crash import children
from tests.support.app import House, Program, until


def kill_children(pool: Program) -> None:
    for child in children(pool.pid):
        os.kill(child, signal.SIGKILL)


def kill_parent(pool: Program) -> None:
    pool.kill()
    pool.wait()


def answers(house: House) -> list[str]:
    return [row[0] for row in house.db.rows("SELECT answer FROM lookups ORDER BY id")]


def outcomes(house: House) -> list[tuple[str, str | None]]:
    return [(row[0], row[1]) for row in house.db.rows("SELECT outcome, error FROM attempts ORDER BY job_id, number")]


@pytest.mark.parametrize(
    ("fault", "kill", "answered"),
    [
        pytest.param("hold", kill_children, ["found"], id="a child, after Slack stored the message"),
        pytest.param("hold", kill_parent, ["found"], id="the pool, after Slack stored the message"),
        pytest.param("hold_before", kill_children, ["absent"], id="a child, before Slack stored it"),
        # The next pool does not know by which clock it was sent, and asks for a day as well.
        pytest.param("hold_before", kill_parent, ["elsewhere", "absent"], id="the pool, before Slack stored it"),
    ],
)
def test_a_worker_killed_in_mid_request_posts_once(
    house: House, fault: str, kill: Callable[[Program], None], answered: list[str]
) -> None:
    house.due_now(1)
    house.slack.order(fault)
    pool = house.start("work", "--processes", "1")
    house.slack.wait_for(1)
    kill(pool)
    house.slack.clear()
    if pool.poll() is not None:
        house.work()
    until(lambda: house.states() == {"succeeded": 1}, within=40)
    assert house.slack.texts() == ["report-0"]
    assert answers(house) == answered


SILENCES: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("stall", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503, "stored": True}),
    ("error", {"code": "internal_error", "stored": True}),
    ("error", {"code": "fatal_error"}),
    ("error", {"code": "a_code_that_nobody_knows"}),
    ("garbage", {"stored": True}),
]


def test_an_answer_that_tells_nothing_is_settled_by_the_history(house: House) -> None:
    house.due_now(len(SILENCES))
    for number, (fault, more) in enumerate(SILENCES):
        house.slack.order(fault, channel=f"C{number:010d}", **more)
    house.work(within=90)
    assert sorted(house.slack.texts()) == [f"report-{number}" for number in range(len(SILENCES))]
    assert house.states() == {"succeeded": len(SILENCES)}
    assert [outcome for outcome, _ in outcomes(house)].count("unknown") == len(SILENCES)


def test_the_record_has_the_ts_that_slack_gave(house: House) -> None:
    house.due_now(3)
    house.slack.order("drop_after")
    house.work()
    assert {job["ts"] for job in house.audit()} == {message["ts"] for message in house.posts()}


def test_what_can_not_be_asked_is_held_for_a_person(house: House) -> None:
    house.due_now(1)
    house.slack.order("drop_after")
    house.slack.order("error", method="conversations.history", code="missing_scope")
    assert house.work().returncode == 3
    [job] = house.audit()
    assert (job["state"], job["error"]) == ("held", "missing_scope")
    assert house.slack.texts() == ["report-0"]


def test_what_can_not_be_asked_is_sent_again_where_the_schedule_says_so(house: House) -> None:
    house.due_now(1, on_unknown="resend")
    house.slack.order("drop_before")
    house.slack.order("error", method="conversations.history", code="not_in_channel")
    assert house.work().returncode == 0
    assert house.slack.texts() == ["report-0"]


def test_a_token_refused_at_the_look_up_waits_for_a_new_one_and_doubles_nothing(house: House) -> None:
    house.due_now(1, on_unknown="resend")
    house.slack.order("drop_after")
    house.slack.order("error", method="conversations.history", code="token_revoked")
    assert house.work().returncode == 3
    assert "The workspace 'default' is paused" in house.run("list").stderr
    assert house.run("workspace", "resume", "default").returncode == 0
    assert house.work().returncode == 0
    assert house.slack.texts() == ["report-0"]
    assert (house.states(), answers(house)) == ({"succeeded": 1}, ["later", "found"])


def test_two_hundred_posts_survive_the_death_of_a_child_and_of_the_parent(house: House) -> None:
    house.due_now(200)
    house.slack.order("delay", ms=200, times="forever")
    pool = house.start("work", "--in-flight", "5")
    until(lambda: len(house.posts()) > 20, within=20)
    os.kill(children(pool.pid)[0], signal.SIGKILL)
    until(lambda: len(house.posts()) > 90, within=20)
    kill_parent(pool)
    assert house.work(within=90).returncode == 0
    assert sorted(house.slack.texts()) == sorted(f"report-{number}" for number in range(200))
    assert house.states() == {"succeeded": 200}


def test_a_pool_killed_before_the_intent_was_written_has_sent_nothing(house: House) -> None:
    house.due_now(2, channels=1)
    pool = house.start("work", "--processes", "1")
    until(lambda: house.states() == {"succeeded": 1, "running": 1})
    kill_parent(pool)
    house.work()
    assert sorted(house.slack.texts()) == ["report-0", "report-1"]
    assert [outcome for outcome, _ in outcomes(house)] == ["posted", "posted"]


def test_a_pool_killed_with_the_answer_in_hand_asks_the_history(house: House) -> None:
    house.due_now(1)
    house.slack.order("hold")
    pool = house.start("work", "--processes", "1")
    house.slack.wait_for(1)
    pool.send_signal(signal.SIGSTOP)
    house.slack.release()
    until(lambda: [one["outcome"] for one in house.slack.requests("chat.postMessage")] == ["ok"])
    kill_parent(pool)
    house.work()
    assert house.slack.texts() == ["report-0"]
    assert (answers(house), house.states()) == (["found"], {"succeeded": 1})
