"""Alerts: a failure reaches a person once, in one message with others, and so does its end."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.operations.alerts import dispatch, places, streaks
from schedbot.admin.operations.machine import machine_health
from schedbot.operation_settings import AlertSettings
from schedbot.session import Session
from schedbot.store.operations import alerts
from schedbot.store.operations.alerts import Streak
from tests.support.app import TOKEN, App, now_ms
from tests.support.job_history import NOW, JobHistory, new_job_history
from tests.support.sql import read_rows

OPS = "C0000000900"
DAY = 86_400_000
MINUTE = 60_000


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history


def session_at(history: JobHistory, now: int, command: tuple[str, ...]) -> Session:
    settings = replace(history.session.settings, alerts=AlertSettings(command=command), expect_pool=False)
    return replace(history.session, settings=settings, now=lambda: now)


def recorder(folder: Path) -> tuple[str, ...]:
    """Return a command that appends each alert to a file."""
    return ("/bin/sh", "-c", f"cat >> {folder}/alerts.jsonl; echo >> {folder}/alerts.jsonl")


def recorded(folder: Path) -> list[dict[str, Any]]:
    file = folder / "alerts.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def jobs_problems(message: dict[str, Any]) -> list[str]:
    return [each["text"] for each in message["problems"] if each["cause"].startswith("failed")]


def test_thirty_failing_days_are_one_alert_and_one_end(history: JobHistory, tmp_path: Path) -> None:
    command, schedules = recorder(tmp_path), [history.add_schedule(f"s{number}") for number in range(3)]
    history._write("INSERT INTO heartbeats VALUES ('tick', 'tick', '1', 0, :now, 0)", now=NOW)
    for day in range(30, -1, -1):
        state = "failed" if day else "succeeded"
        for number, schedule in enumerate(schedules):
            error, ts = ("channel_not_found", None) if day else (None, "1.0")
            history.add_job(schedule, state, ago_ms=day * DAY + number, error=error, ts=ts)
        for minute in range(5):
            now = NOW - day * DAY + minute * MINUTE
            history._write("UPDATE heartbeats SET beat_at = :now", now=now)
            dispatch.check(session_at(history, now, command))
    begun, ended = recorded(tmp_path)
    (text,) = jobs_problems(begun)
    assert text.startswith("3 jobs failed with channel_not_found: ")
    assert "'schedbot audit --state failed --error channel_not_found'" in text
    assert (begun["kind"], ended["kind"]) == ("problem", "recovery")
    assert ended["recovered"] == ["failed:channel_not_found"]
    assert "resolved after 29 d" in ended["text"]


def test_one_message_a_minute_bundles_what_began(history: JobHistory, tmp_path: Path) -> None:
    history.add_workspace("globex")
    schedules = [history.add_schedule(f"s{number}", workspace=("acme", "globex")[number % 2]) for number in range(31)]
    for second in range(0, 300, 10):
        if second == 20:
            for schedule in schedules:
                history.add_job(schedule, "failed", error="channel_not_found")
        if second == 40:
            history.add_job(history.add_schedule("s"), "held")
        dispatch.check(session_at(history, NOW + second * 1_000, recorder(tmp_path)))
    tick, failures, held = recorded(tmp_path)
    assert [each["cause"] for each in tick["problems"]] == ["tick"]
    assert jobs_problems(failures)[0].startswith("31 jobs of 2 workspaces failed with channel_not_found")
    assert [each["cause"] for each in held["problems"]] == ["held"]
    instants = [datetime.fromisoformat(each["at"]) for each in (tick, failures, held)]
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(instants))


def test_command_that_fails_is_tried_again(history: JobHistory, tmp_path: Path) -> None:
    history.add_job(history.add_schedule("s"), "held")
    for minute in range(3):
        dispatch.check(session_at(history, NOW + minute * MINUTE, ("/bin/false",)))
    assert read_rows(history.db, "SELECT ended_at, error FROM alert_deliveries WHERE attempts > 0")[0][0] is None
    (problem,) = machine_health.alert_problems(history.db, NOW)
    assert "Alerts do not reach their command: The command '/bin/false' ended with 1." in problem.sentence
    dispatch.check(session_at(history, NOW + 10 * MINUTE, recorder(tmp_path)))
    assert not list(machine_health.alert_problems(history.db, NOW))
    assert len(recorded(tmp_path)) == 1


def test_place_taken_out_of_the_settings_is_forgotten(history: JobHistory, tmp_path: Path) -> None:
    history.add_job(history.add_schedule("s"), "held")
    for minute in range(2):
        dispatch.check(session_at(history, NOW + minute * MINUTE, ("/bin/false",)))
    settings = replace(history.session.settings, alerts=AlertSettings(webhook_url_env="HOOK"), expect_pool=False)
    dispatch.check(replace(history.session, settings=settings, now=lambda: NOW + 2 * MINUTE))
    assert not list(machine_health.alert_problems(history.db, NOW))
    assert alerts.list_open(history.db) == []


@pytest.mark.parametrize(
    ("streak", "begun", "ended"),
    [
        pytest.param(Streak("tick", "x.", NOW, NOW, None), 1, 0, id="standstill at once"),
        pytest.param(Streak("failed:x", "x.", NOW, NOW, None), 0, 0, id="failures wait for others"),
        pytest.param(Streak("failed:x", "x.", NOW - MINUTE, NOW, None), 1, 0, id="failures after a moment"),
        pytest.param(Streak("tick", "x.", NOW - DAY, NOW, 1), 0, 0, id="announced before"),
        pytest.param(Streak("held", "x.", NOW + DAY, NOW, None), 1, 0, id="since a clock that was ahead"),
        pytest.param(Streak("tick", "x.", NOW, NOW + DAY, 1), 0, 1, id="last seen by a clock that was ahead"),
        pytest.param(Streak("tick", "x.", NOW - DAY, NOW - MINUTE, 1), 0, 0, id="not seen for a moment"),
        pytest.param(Streak("tick", "x.", NOW - DAY, NOW - 2 * MINUTE, 1), 0, 1, id="over"),
    ],
)
def test_streak_is_news_when_it_begins_and_ends(streak: Streak, begun: int, ended: int) -> None:
    news = streaks.find_news([streak], NOW)
    assert (len(news.begun), len(news.ended)) == (begun, ended)


def configure(app: App, *lines: str) -> None:
    app.config.write_text("\n".join(["[alerts]", f'channel = "https://acme.slack.com/archives/{OPS}"', *lines]) + "\n")


def ops_texts(app: App) -> list[str]:
    return [message["text"] for message in app.posts() if message["channel"] == OPS]


@pytest.mark.slow
def test_failing_channel_uses_the_command(app: App, tmp_path: Path) -> None:
    configure(app, f"command = {json.dumps(recorder(tmp_path))}")
    assert app.run("alerts", "test").returncode == 0
    (text,) = ops_texts(app)
    assert "A test of the alerts" in text
    assert [each["kind"] for each in recorded(tmp_path)] == ["test"]
    app.slack.order("error", code="is_archived", channel=OPS, times="forever")
    failed = app.run("alerts", "test", "--json")
    assert failed.returncode == 1
    by_place = {row["place"]: row for row in map(json.loads, failed.stdout.splitlines())}
    assert by_place["channel"]["error"] == "the channel is archived (is_archived)"
    assert by_place["command"]["ok"]
    health = app.run("health")
    assert (health.returncode, health.stdout.partition(":")[0]) == (1, "failed")
    assert "Alerts do not reach their channel" in health.stdout
    app.add_schedule("later", cron="0 9 * * *")
    for _ in range(2):
        assert app.run("tick").returncode == 0
    assert not [each for each in recorded(tmp_path) if "Alerts do not" in each["text"]]


@pytest.mark.slow
def test_killed_sender_neither_loses_nor_doubles(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    for arrives, channel in ((True, OPS), (False, "C0000000901")):
        places_of_alerts = AlertSettings(channel=channel)
        session = replace(app.session(), settings=replace(app.settings, alerts=places_of_alerts))
        with app.db.writing():
            content = {"kind": "problem", "text": f"arrives: {arrives}"}
            alerts.add_message(app.db, content, ["channel"], now_ms())
        (delivery,) = alerts.list_open(app.db)
        with app.db.writing():
            alerts.begin(app.db, delivery, now_ms() - 5_000)
        if arrives:  # killed after the response, before its end is written
            assert places.deliver(session, delivery).error is None
        dispatch.check(session)
        assert alerts.list_open(app.db) == []
    texts = [message["text"].partition(" ")[2] for message in app.posts()]
    assert texts == ["arrives: True", "arrives: False"]


def test_alerts_without_a_section_are_refused(app: App) -> None:
    result = app.run("alerts", "test")
    assert result.returncode == 2
    assert "There is no [alerts] in schedbot.toml." in result.stderr
    configure(app, "chanel = 1")
    assert "Did you mean 'channel'?" in app.run("alerts", "test").stderr
