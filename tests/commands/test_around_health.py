"""`health` says whether posts go out: by signs of life and by what waits, with an exit code that a monitor can read."""

import json
from typing import Any

import pytest

from schedbot.admin.operations import doctor, health
from schedbot.admin.operations.health import assess
from schedbot.admin.workspaces import manage
from schedbot.model import TokenSource
from schedbot.store.database import Database
from schedbot.store.operations import drain, heartbeats
from schedbot.store.operations import health as health_figures
from schedbot.store.operations.health import Vitals
from schedbot.tick import tick
from tests.support.app import App
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


def judgement(**otherwise: Any) -> tuple[str, int, str]:
    found = assess(Vitals(**{**WELL, **otherwise}))
    return found.status, found.code, " ".join(problem.sentence for problem in found.problems)


@pytest.mark.parametrize(
    ("otherwise", "status", "code", "told"),
    [
        pytest.param({}, "ok", 0, "", id="all is well"),
        pytest.param({"tick_at": None, "is_used": False}, "ok", 0, "", id="nothing is scheduled yet"),
        pytest.param({"tick_at": None}, "failed", 1, "No tick has ever run", id="cron was never set up"),
        pytest.param({"tick_at": NOW - 12 * MINUTES}, "failed", 1, "No tick has run for 12 min", id="cron stopped"),
        pytest.param({"unticked_at": NOW - 9 * MINUTES}, "failed", 1, "9 min behind", id="ticks do not finish"),
        pytest.param({"oldest_due_at": NOW - MINUTES}, "ok", 0, "", id="a minute's wait is the next drain's"),
        pytest.param({"oldest_due_at": NOW - 5 * MINUTES, "pools": 0}, "failed", 1, "no pool runs", id="nobody posts"),
        pytest.param({"oldest_due_at": NOW - 5 * MINUTES}, "degraded", 1, "though 1 pool runs", id="a pool is behind"),
        pytest.param({"oldest_due_at": NOW - 20 * MINUTES}, "failed", 1, "waited for 20 min", id="a pool is stuck"),
        pytest.param({"failed_24h": 3}, "degraded", 1, "3 jobs failed", id="posts failed"),
        pytest.param({"held": 1}, "degraded", 3, "1 job is held", id="a held job waits for a person"),
        pytest.param({"suspended": 2}, "degraded", 3, "2 schedules are suspended", id="suspended ones do"),
        pytest.param({"paused": [("acme", "revoked")]}, "degraded", 3, "'acme' is paused: revoked", id="a pause does"),
        pytest.param(
            {"paused": [("a b", "token_revoked")]},
            "degraded",
            3,
            "See 'schedbot workspace check 'a b'', then 'schedbot workspace resume 'a b''.",
            id="a refused token must be seen to first",
        ),
        pytest.param({"held": 1, "tick_at": None}, "failed", 1, "No tick", id="a stand-still weighs more"),
    ],
)
def test_what_the_vitals_mean(otherwise: dict[str, Any], status: str, code: int, told: str) -> None:
    found = judgement(**otherwise)
    assert found[:2] == (status, code)
    assert told in found[2]
    assert bool(found[2]) == bool(told)


def beat(db: Database, kind: str, at: int) -> None:
    with db.writing():
        heartbeats.beat(db, kind, kind, at, at)


def test_the_vitals_are_what_the_tables_hold(schedules: Schedules) -> None:
    schedules.add("a")
    schedules.add("b")
    schedules.tick("2026-12-01 08:59:30")
    beat(schedules.db, "pool", ms("2026-12-01 08:59:30"))
    seen = health_figures.read_vitals(schedules.db, ms("2026-12-01 09:00:30"))
    assert (seen.pools, seen.queued, seen.oldest_due_at) == (1, 2, ms("2026-12-01 09:00:00"))
    assert seen.tick_at == ms("2026-12-01 08:59:30")
    assert health.oldest_due_ms(seen) == 30_000
    assert health_figures.read_vitals(schedules.db, ms("2026-12-01 09:02:00")).pools == 0


def test_what_a_pause_keeps_waiting_is_not_late(schedules: Schedules) -> None:
    schedules.add()
    schedules.tick("2026-12-01 08:59:30")
    manage.pause(schedules.session, "default", "moving")
    seen = health_figures.read_vitals(schedules.db, ms("2026-12-01 11:00:00"))
    assert (seen.queued, health.oldest_due_ms(seen), seen.paused) == (1, 0, [("default", "moving")])


def test_a_removed_workspace_is_no_problem(schedules: Schedules) -> None:
    manage.add(schedules.session, "acme", TokenSource("env", "NO_SUCH_VARIABLE"))
    manage.pause(schedules.session, "acme", "moving")
    manage.remove(schedules.session, "acme")
    assert health_figures.read_vitals(schedules.db, ms("2026-12-01 11:00:00")).paused == []


def test_each_figure_is_read_from_an_index(schedules: Schedules) -> None:
    asked = {"since": 0}
    for sql in (
        health_figures.POOLS,
        health_figures.OLDEST_DUE,
        health_figures.QUEUED,
        health_figures.FAILED,
        health_figures.UNTICKED,
    ):
        steps = [row[3] for row in read_rows(schedules.db, f"EXPLAIN QUERY PLAN {sql}", asked)]
        reads = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "CONSTANT ROW" not in step]
        assert reads
        assert all("USING COVERING INDEX" in step or "USING PRIMARY KEY" in step for step in reads), steps


def test_what_is_held_of_a_removed_schedule_waits_for_nobody(schedules: Schedules) -> None:
    for name in ("stays", "goes"):
        schedules.add(name)
    schedules.tick("2026-12-01 08:59:30")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'held', error = 'timeout'")
    schedules.remove("goes")
    assert schedules.jobs("goes") == ["2026-12-01 09:00 held timeout"]
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).held == 1
    assert drain.count_for_person(schedules.db) == (1, 0)
    schedules.remove("stays")
    assert drain.count_for_person(schedules.db) == (0, 0)


def test_what_is_held_is_found_by_the_index_of_the_few(schedules: Schedules) -> None:
    held, schedule = (row[3] for row in read_rows(schedules.db, f"EXPLAIN QUERY PLAN {drain.HELD}"))
    assert "USING INDEX jobs_held" in held
    assert "(id=?)" in schedule


def test_a_dry_run_of_a_tick_is_no_sign_of_life(schedules: Schedules) -> None:
    tick(schedules.session, dry_run=True)
    assert health_figures.read_vitals(schedules.db, ms(schedules.utc)).tick_at is None


def test_a_doctor_says_that_no_pool_takes_what_is_due(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 09:10:00"
    found = doctor.check_workers(schedules.session, health_figures.read_vitals(schedules.db, ms(schedules.utc)))
    assert (found.detail, found.remedy) == (
        "none running, and a due job has waited for 10 min",
        "Start 'schedbot work'.",
    )


def test_health_prints_one_object_and_the_exit_code_says_the_same(app: App) -> None:
    app.tick()
    well = app.run("health", "--json")
    told = json.loads(well.stdout)
    assert (well.returncode, told["status"], told["problems"]) == (0, "ok", [])
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
    assert list(told) == keys
    app.run("workspace", "pause", "default")
    paused = app.run("health")
    assert paused.returncode == 3
    assert paused.stdout.splitlines()[1].startswith("  The workspace 'default' is paused")


def test_health_without_a_database_is_an_object_too(app: App) -> None:
    done = app.run("--database", "/nowhere/schedbot.db", "health", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["queued"]) == (1, "failed", None)
    assert "schedbot init" in told["problems"][0]
