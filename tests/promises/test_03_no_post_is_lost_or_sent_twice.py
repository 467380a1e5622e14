"""Promise 3: each occurrence is posted exactly once, or held for a person, through any crash and any reply of Slack."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from bench.crash import child_pids
from tests.support.app import App, Program, until
from tests.support.sql import read_rows


def kill_children(pool: Program) -> None:
    for child in child_pids(pool.pid):
        os.kill(child, signal.SIGKILL)


def kill_parent(pool: Program) -> None:
    pool.kill()
    pool.wait()


def look_up_answers(app: App) -> list[str]:
    return [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")]


def outcomes(app: App) -> list[tuple[str, str | None]]:
    return [
        (row[0], row[1]) for row in read_rows(app.db, "SELECT outcome, error FROM attempts ORDER BY job_id, number")
    ]


@pytest.mark.parametrize(
    ("fault", "kill", "expected"),
    [
        pytest.param("hold", kill_children, ["found"], id="a child, after Slack stored the message"),
        pytest.param("hold", kill_parent, ["found"], id="the pool, after Slack stored the message"),
        pytest.param("hold_before", kill_children, ["absent"], id="a child, before Slack stored it"),
        # The next pool cannot know the clock of the dead one, so it also searches a whole day.
        pytest.param("hold_before", kill_parent, ["widened", "absent"], id="the pool, before Slack stored it"),
    ],
)
def test_process_killed_during_a_request_posts_once(
    app: App, fault: str, kill: Callable[[Program], None], expected: list[str]
) -> None:
    app.add_due_jobs(1)
    app.slack.order(fault)
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    kill(pool)
    app.slack.clear()
    if pool.poll() is not None:
        app.work()
    until(lambda: app.states() == {"succeeded": 1}, within=40)
    assert app.slack.texts() == ["report-0"]
    assert look_up_answers(app) == expected


UNKNOWN_OUTCOMES: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("stall", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503, "stored": True}),
    ("error", {"code": "internal_error", "stored": True}),
    ("error", {"code": "fatal_error"}),
    ("error", {"code": "a_code_that_nobody_knows", "stored": True}),
    ("garbage", {"stored": True}),
]


def test_unknown_outcome_is_settled_by_a_look_up(app: App) -> None:
    app.add_due_jobs(len(UNKNOWN_OUTCOMES))
    for number, (fault, more) in enumerate(UNKNOWN_OUTCOMES):
        app.slack.order(fault, channel=f"C{number:010d}", **more)
    app.work(within=90)
    assert sorted(app.slack.texts()) == [f"report-{number}" for number in range(len(UNKNOWN_OUTCOMES))]
    assert app.states() == {"succeeded": len(UNKNOWN_OUTCOMES)}
    assert [outcome for outcome, _ in outcomes(app)].count("unknown") == len(UNKNOWN_OUTCOMES)


def test_audit_shows_the_ts_of_the_message(app: App) -> None:
    app.add_due_jobs(3)
    app.slack.order("drop_after")
    app.work()
    assert {job["ts"] for job in app.audit()} == {message["ts"] for message in app.posts()}


def test_unknown_outcome_without_look_up_is_held(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("drop_after")
    app.slack.order("error", method="conversations.history", code="missing_scope")
    assert app.work().returncode == 3
    [job] = app.audit()
    assert (job["state"], job["error"]) == ("held", "missing_scope")
    assert app.slack.texts() == ["report-0"]


def test_on_unknown_resend_sends_again_without_look_up(app: App) -> None:
    app.add_due_jobs(1, on_unknown="resend")
    app.slack.order("drop_before")
    app.slack.order("error", method="conversations.history", code="not_in_channel")
    assert app.work().returncode == 0
    assert app.slack.texts() == ["report-0"]


def test_look_up_waits_for_a_new_token(app: App) -> None:
    app.add_due_jobs(1, on_unknown="resend")
    app.slack.order("drop_after")
    app.slack.order("error", method="conversations.history", code="token_revoked")
    assert app.work().returncode == 3
    assert "Workspace 'default' is paused" in app.run("list").stderr
    assert app.run("workspace", "resume", "default").returncode == 0
    assert app.work().returncode == 0
    assert app.slack.texts() == ["report-0"]
    assert (app.states(), look_up_answers(app)) == ({"succeeded": 1}, ["later", "found"])


def test_two_hundred_posts_survive_kills_of_child_and_pool(app: App) -> None:
    app.processes = 2
    app.add_due_jobs(200)
    app.slack.order("delay", ms=200, times="forever")
    pool = app.start("work", "--in-flight", "5")
    until(lambda: len(app.posts()) > 20, within=20)
    os.kill(child_pids(pool.pid)[0], signal.SIGKILL)
    until(lambda: len(app.posts()) > 90, within=20)
    kill_parent(pool)
    assert app.work(within=90).returncode == 0
    assert sorted(app.slack.texts()) == sorted(f"report-{number}" for number in range(200))
    assert app.states() == {"succeeded": 200}


def test_pool_killed_before_it_records_the_send_sent_nothing(app: App) -> None:
    app.add_due_jobs(2, channels=1)
    pool = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1, "running": 1})
    kill_parent(pool)
    app.work()
    assert sorted(app.slack.texts()) == ["report-0", "report-1"]
    assert [outcome for outcome, _ in outcomes(app)] == ["posted", "posted"]


def test_pool_killed_with_an_unread_reply_needs_a_look_up(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    pool.send_signal(signal.SIGSTOP)
    app.slack.release()
    until(lambda: [request["outcome"] for request in app.slack.requests("chat.postMessage")] == ["ok"])
    kill_parent(pool)
    app.work()
    assert app.slack.texts() == ["report-0"]
    assert (look_up_answers(app), app.states()) == (["found"], {"succeeded": 1})
