"""`health` judges heartbeats and due jobs; its exit code is for monitors."""

import json
from typing import Any

import pytest

from schedbot.admin.operations import health
from schedbot.admin.workspaces import manage
from schedbot.model import TokenSource
from schedbot.store.database import Database
from schedbot.store.operations import health as health_figures
from schedbot.store.operations import heartbeats, remaining_jobs
from schedbot.store.operations.health import PausedWorkspace, Vitals
from schedbot.tick import tick
from tests.support.app import App, now_ms
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows

NOW = 1_796_137_200_000
WELL = {
    "now": NOW,
    "tick_at": NOW - 20_000,
    "pools": 1,
    "queued": 2,
    "oldest_due_at": NOW + 30_000,
    "failed_24h": 0,
    "held": 0,
    "suspended": 0,
    "unticked_at": NOW + 60_000,
    "is_used": True,
    "paused": [],
}
MINUTES = 60_000


def assess_vitals(**changes: Any) -> tuple[str, int, str]:
    result = health.assess(Vitals(**{**WELL, **changes}))
    return result.status, result.code, " ".join(problem.sentence for problem in result.problems)


@pytest.mark.parametrize(
    ("changes", "status", "code", "problem"),
    [
        pytest.param({}, "ok", 0, "", id="ok"),
        pytest.param({"tick_at": None, "is_used": False}, "ok", 0, "", id="nothing is scheduled yet"),
        pytest.param({"tick_at": None}, "failed", 1, "No tick has ever run", id="cron was never set up"),
        pytest.param({"tick_at": NOW - 12 * MINUTES}, "failed", 1, "No tick has run for 12 min", id="cron stopped"),
        pytest.param({"unticked_at": NOW - 9 * MINUTES}, "failed", 1, "9 min behind", id="ticks do not finish"),
        pytest.param({"oldest_due_at": NOW - MINUTES}, "ok", 0, "", id="due for a minute"),
        pytest.param({"oldest_due_at": NOW - 5 * MINUTES, "pools": 0}, "failed", 1, "no worker pool", id="no pool"),
        pytest.param(
            {"oldest_due_at": NOW - 5 * MINUTES},
            "degraded",
            1,
            "although 1 worker pool",
            id="a pool is behind",
        ),
        pytest.param({"oldest_due_at": NOW - 20 * MINUTES}, "failed", 1, "waited for 20 min", id="a pool is stuck"),
        pytest.param({"failed_24h": 3}, "degraded", 1, "3 jobs failed", id="failed jobs"),
        pytest.param(
            {"missed_24h": 445, "accounts_without_post": 320},
            "degraded",
            1,
            "445 occurrences were missed in the last 24 hours. 320 accounts got no post at all.",
            id="missed occurrences",
        ),
        pytest.param({"held": 1}, "degraded", 3, "1 job is held", id="held job"),
        pytest.param({"suspended": 2}, "degraded", 3, "2 schedules are suspended", id="suspended schedules"),
        pytest.param(
            {"paused": [PausedWorkspace("acme", "revoked")]},
            "degraded",
            3,
            "'acme' is paused: revoked",
            id="pause",
        ),
        pytest.param(
            {"paused": [PausedWorkspace("a b", "token_revoked")]},
            "degraded",
            3,
            "Check it with 'schedbot workspace check 'a b'', then resume it with 'schedbot workspace resume 'a b''.",
            id="refused token",
        ),
        pytest.param(
            {"tick_at": None, "ahead_at": NOW + 540 * MINUTES},
            "failed",
            1,
            "ran 9 h in the future: the clock of this machine was ahead",
            id="clock was ahead",
        ),
        pytest.param(
            {"failed_24h": 1, "paused": [PausedWorkspace("acme", "revoked")]},
            "degraded",
            1,
            "1 job failed",
            id="failed job and paused workspace",
        ),
        pytest.param({"held": 1, "tick_at": None}, "failed", 1, "No tick", id="standstill and held job"),
    ],
)
def test_health_of_vitals(changes: dict[str, Any], status: str, code: int, problem: str) -> None:
    result = assess_vitals(**changes)
    assert result[:2] == (status, code)
    assert problem in result[2]
    assert bool(result[2]) == bool(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"tick_at": NOW - 150_001}, "No tick has run for", id="crontab removed"),
        pytest.param({"unticked_at": NOW - 150_001}, "Ticks run but do not finish", id="ticks do nothing"),
        pytest.param({"oldest_due_at": NOW - 120_001, "pools": 0}, "no worker pool is running", id="pool gone"),
        pytest.param({"oldest_due_at": NOW - 120_001}, "although 1 worker pool is running", id="queue grows"),
        pytest.param({"service_at": NOW - 120_001, "pools": 0}, "No worker pool is running", id="service gone"),
    ],
)
def test_each_cause_is_named_within_150_s(changes: dict[str, Any], problem: str) -> None:
    status, code, text = assess_vitals(**changes)
    assert (status in ("failed", "degraded"), code) == (True, 1)
    assert problem in text


def beat(db: Database, kind: str, at: int) -> None:
    with db.writing():
        heartbeats.beat(db, kind, kind, at, at)


def test_vitals_are_read_from_the_tables(schedules: Schedules) -> None:
    schedules.add("a")
    schedules.add("b")
    schedules.tick("2026-12-01 08:59:30")
    beat(schedules.db, "pool", ms("2026-12-01 08:59:30"))
    vitals = health_figures.read_vitals(schedules.db, ms("2026-12-01 09:00:30"))
    assert (vitals.pools, vitals.queued, vitals.oldest_due_at) == (1, 2, ms("2026-12-01 09:00:00"))
    assert vitals.tick_at == ms("2026-12-01 08:59:30")
    assert health.oldest_due_ms(vitals) == 30_000
    assert health_figures.read_vitals(schedules.db, ms("2026-12-01 09:02:00")).pools == 0


def test_job_of_a_paused_workspace_is_not_late(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:30")
    manage.pause(schedules.session, "default", "moving")
    vitals = health_figures.read_vitals(schedules.db, ms("2026-12-01 11:00:00"))
    assert (vitals.queued, health.oldest_due_ms(vitals), vitals.paused) == (
        1,
        0,
        [PausedWorkspace("default", "moving")],
    )


def test_missed_occurrences_are_a_problem_for_a_day(schedules: Schedules) -> None:
    schedules.add("often", cron="*/5 * * * *", account="acme")
    schedules.add("hourly", cron="0 * * * *", account="globex", misfire="skip")
    schedules.add("gone", cron="0 * * * *", account="gone")
    schedules.tick("2026-12-01 08:59:30")
    schedules.tick("2026-12-03 05:02:30")
    schedules.remove("gone")
    vitals = health_figures.read_vitals(schedules.db, ms(schedules.utc))
    assert (vitals.missed_24h, vitals.accounts_without_post) == (527 + 24, 2)
    assert health.assess(vitals).code == 1
    assert "2026-12-02 10:00 missed no_tick" in schedules.jobs("hourly")
    with schedules.db.writing():
        schedules.db.execute(
            "UPDATE jobs SET state = 'succeeded', ts = '1.0'"
            " WHERE state = 'queued' AND due_at > :at AND schedule_id = :id",
            {"at": ms("2026-12-03 05:00:00") - 1, "id": schedules.get("often").id},
        )
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).accounts_without_post == 1
    assert health_figures.read_vitals(schedules.db, ms("2026-12-04 06:00:00")).missed_24h == 0


def test_tick_warns_of_missed_occurrences_on_stderr(app: App) -> None:
    app.add_schedule("hourly", as_of=now_ms() - 10 * 60 * MINUTES, cron="0 * * * *")
    done = app.run("tick")
    assert "missed: no tick ran in time" in done.stderr


def test_removed_workspace_is_no_problem(schedules: Schedules) -> None:
    manage.add(schedules.session, "acme", TokenSource("env", "NO_SUCH_VARIABLE"))
    manage.pause(schedules.session, "acme", "moving")
    manage.remove(schedules.session, "acme")
    assert health_figures.read_vitals(schedules.db, ms("2026-12-01 11:00:00")).paused == []


def test_each_figure_is_read_from_an_index(schedules: Schedules) -> None:
    bindings = {"since": 0, "latest": 0, "kind": "tick"}
    for sql in (
        health_figures.COUNT_POOLS,
        heartbeats.LAST,
        heartbeats.AHEAD,
        health_figures.OLDEST_DUE,
        health_figures.COUNT_QUEUED,
        health_figures.NEXT_DUE,
    ):
        steps = [row[3] for row in read_rows(schedules.db, f"EXPLAIN QUERY PLAN {sql}", bindings)]
        reads = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "CONSTANT ROW" not in step]
        assert reads
        assert all("USING COVERING INDEX" in step or "USING PRIMARY KEY" in step for step in reads), steps


def test_held_job_of_a_removed_schedule_is_not_counted(schedules: Schedules) -> None:
    for name in ("stays", "goes"):
        schedules.add(name)
    schedules.tick("2026-12-01 08:59:30")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'held', error = 'timeout'")
    schedules.remove("goes")
    assert schedules.jobs("goes") == ["2026-12-01 09:00 held timeout"]
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).held == 1
    assert remaining_jobs.count_for_person(schedules.db) == (1, 0)
    schedules.remove("stays")
    assert remaining_jobs.count_for_person(schedules.db) == (0, 0)


def test_failed_job_of_a_removed_schedule_is_not_counted(schedules: Schedules) -> None:
    for name in ("stays", "goes"):
        schedules.add(name)
    schedules.tick("2026-12-01 08:59:30")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'msg_too_long'")
    schedules.remove("goes")
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).failed_24h == 1


@pytest.mark.parametrize(
    ("sql", "indexes"),
    [
        (health_figures.COUNT_FAILED, ["INDEX jobs_failed (", "INDEX jobs_failed_deferred ("]),
        (health_figures.COUNT_MISSED_JOBS, ["INDEX jobs_missed ("]),
    ],
)
def test_failed_and_missed_jobs_are_found_by_index(schedules: Schedules, sql: str, indexes: list[str]) -> None:
    steps = [row[3] for row in read_rows(schedules.db, f"EXPLAIN QUERY PLAN {sql}", {"since": 0})]
    assert all(any(index in step for step in steps) for index in indexes), steps
    assert not [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step and step != "SCAN m"]


def test_held_jobs_are_found_by_their_index(schedules: Schedules) -> None:
    held, schedule = (row[3] for row in read_rows(schedules.db, f"EXPLAIN QUERY PLAN {remaining_jobs.COUNT_HELD}"))
    assert "USING INDEX jobs_held" in held
    assert "(id=?)" in schedule


def test_dry_run_of_a_tick_leaves_no_heartbeat(schedules: Schedules) -> None:
    tick(schedules.session, dry_run=True)
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).tick_at is None


@pytest.mark.slow
def test_health_json_agrees_with_the_exit_code(app: App) -> None:
    app.tick()
    done = app.run("health", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["status"], result["problems"]) == (0, "ok", [])
    keys = [
        "status",
        "tick_age_ms",
        "workers",
        "queued",
        "oldest_due_ms",
        "failed_24h",
        "paused_workspaces",
        "problems",
    ]
    assert list(result) == keys
    app.run("workspace", "pause", "default")
    paused = app.run("health")
    assert paused.returncode == 3
    assert paused.stdout.splitlines()[1].startswith("  Workspace 'default' is paused")


def test_health_json_without_a_database(app: App) -> None:
    done = app.run("--database", "/nowhere/schedbot.db", "health", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["status"], result["queued"]) == (1, "failed", None)
    assert "schedbot init" in result["problems"][0]
