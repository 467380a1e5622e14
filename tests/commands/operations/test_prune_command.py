"""`schedbot prune` deletes what is settled and old, gives its space back, and leaves the counts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import backfill
from schedbot.admin.operations import prune
from schedbot.admin.operations.figures import stats
from schedbot.errors import BadInput
from schedbot.store.operations.prune import CHILDREN
from tests.support.app import App, now_ms, until
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.sql import read_rows, read_value

DAY = 24 * HOUR
SPAN = 90 * DAY
CHANGE = """
INSERT INTO changes (changed_at, actor, command, kind, object_id, name) VALUES (:at, 'x', 'retry', 'job', :job, 'x')
"""


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history


def write_jobs(history: JobHistory) -> dict[str, int]:
    """Write two posts of a schedule long ago and jobs in other states, each in its own hour."""
    schedule = history.add_schedule("daily")
    jobs = {}
    states = ("succeeded", "failed", "missed", "skipped", "held", "queued", "unknown", "succeeded")
    for number, state in enumerate(states):
        ts = "1.0" if state == "succeeded" else None
        jobs[f"{state}{number}"] = history.add_job(schedule, state, ago_ms=100 * DAY - number * HOUR, ts=ts)
    jobs["recent"] = history.add_job(schedule, "failed", ago_ms=DAY)
    for job in jobs.values():
        history.add_attempt(job, outcome="posted", ts="1.0")
        history._write(CHANGE, at=NOW - 100 * DAY, job=str(job))
    return jobs


def test_days_without_jobs_are_looked_up_no_more(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    for days in (300, 200, 1):
        history.add_job(schedule, "succeeded", ago_ms=days * DAY, ts="1.0")
    prune.carry_out(history.session, SPAN, keep_failed=False)
    assert read_rows(history.db, "SELECT day FROM job_days") == [((NOW - DAY) // DAY,)]


@pytest.mark.parametrize(
    ("keeps_failed", "deleted"),
    [(False, {"succeeded0", "failed1", "missed2", "skipped3"}), (True, {"succeeded0", "missed2", "skipped3"})],
)
def test_old_settled_jobs_are_deleted_whole(history: JobHistory, keeps_failed: bool, deleted: set[str]) -> None:
    jobs = write_jobs(history)
    figures = {by: stats.compute(history.session, by, 0) for by in stats.BY}
    planned = prune.plan(history.session, SPAN, keeps_failed)
    result = prune.carry_out(history.session, SPAN, keeps_failed)
    remaining = {row[0] for row in read_rows(history.db, "SELECT id FROM jobs")}
    assert {name for name, job in jobs.items() if job not in remaining} == deleted
    assert (result.jobs, result.attempts, result.changes) == (len(deleted),) * 3
    assert (planned.jobs, planned.attempts, planned.changes) == (len(deleted),) * 3
    orphans = "SELECT count(*) FROM attempts WHERE job_id NOT IN (SELECT id FROM jobs)"
    assert read_value(history.db, orphans) == 0
    assert {by: stats.compute(history.session, by, 0) for by in stats.BY} == figures
    assert prune.carry_out(history.session, SPAN, keeps_failed).jobs == 0


def test_late_change_of_a_pruned_job_goes_with_the_next_prune(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", ago_ms=100 * DAY)
    history._write(CHANGE, at=NOW - DAY, job=str(job))
    assert prune.carry_out(history.session, SPAN, False).changes == 0
    later = replace(history.session, now=lambda: NOW + SPAN)
    planned = prune.plan(later, SPAN, False)
    assert (planned.changes, prune.carry_out(later, SPAN, False).changes) == (1, 1)


def test_each_table_of_a_job_is_pruned(history: JobHistory) -> None:
    tables = read_rows(history.db, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    referring = {
        name
        for (name,) in tables
        if read_value(history.db, f"SELECT 1 FROM pragma_foreign_key_list('{name}') WHERE \"table\" = 'jobs'")  # noqa: S608
    }
    assert referring == set(CHILDREN)


def test_free_pages_go_back_to_the_disk(history: JobHistory) -> None:
    schedule = history.add_schedule("big")
    for number in range(30):
        job = history.add_job(schedule, "failed", ago_ms=100 * DAY - number * 1_000)
        history.add_attempt(job, outcome="our_defect", error="x" * 50_000)
    result = prune.carry_out(history.session, SPAN, False)
    assert result.freed_bytes > 1_000_000
    assert read_value(history.db, "PRAGMA freelist_count") == 0


def test_pruned_time_is_not_backfilled(history: JobHistory) -> None:
    write_jobs(history)
    prune.carry_out(history.session, SPAN, False)
    with pytest.raises(BadInput, match="older jobs are pruned"):
        backfill.plan(history.session, "daily", "2026-08-20", "now")
    assert backfill.plan(history.session, "daily", "2026-11-20", "now").due
    (explanation,) = why.explain_each(history.session, "daily", "2026-08-20 09:00").shown
    assert "were pruned" in explanation.because[0]


@pytest.mark.slow
def test_prune_beside_a_pool_disturbs_no_post(app: App) -> None:
    app.config.write_text('[prune]\nolder_than = "30d"\n')
    schedule = app.add_schedule("old", cron="0 9 * * *")
    sql = """
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
    INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
    SELECT :id, :workspace_id, :now - 40 * 86400000 - n * 1000, 0, 0, 'missed' FROM n
    """
    with app.db.writing():
        app.db.execute(sql, {"id": schedule.id, "workspace_id": schedule.workspace_id, "now": now_ms()})
    app.start("work")
    app.add_due_jobs(60)
    planned: dict[str, Any] = json.loads(app.run("prune", "--older-than", "30d", "--dry-run", "--json").stdout)
    result = app.run("prune", "--older-than", "39d", "--json")
    assert result.returncode == 0, result.stderr
    assert planned == {**json.loads(result.stdout), "freed_bytes": 0}
    assert planned["jobs"] == 3_000
    until(lambda: app.states() == {"succeeded": 60})
    with app.db.writing():
        app.db.execute(sql, {"id": schedule.id, "workspace_id": schedule.workspace_id, "now": now_ms()})
    assert app.run("tick").returncode == 0
    assert app.states().get("missed", 0) < 3_000


@pytest.mark.parametrize(
    ("words", "problem"),
    [((), "No time given"), (("--older-than", "90"), "Add the unit: '90s'"), (("--older-than", ""), "No time given")],
)
def test_missing_time_is_refused(app: App, words: tuple[str, ...], problem: str) -> None:
    result = app.run("prune", *words)
    assert result.returncode == 2
    assert problem in result.stderr
