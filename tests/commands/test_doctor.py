"""`doctor` finds problems and names remedies."""

import json
import shutil

import pytest

from schedbot.admin.operations import doctor, record_checks
from schedbot.store.operations import health as health_figures
from tests.support import bulk_rows
from tests.support.app import TOKEN, App
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_rows


@pytest.mark.slow
def test_doctor_names_each_problem_with_its_remedy(app: App) -> None:
    app.path.chmod(0o644)
    done = app.run("doctor", "--online", "--json")
    results = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {check for check, row in results.items() if not row["ok"]} == {"database permissions", "tick"}
    assert results["database permissions"]["remedy"] == f"Run 'chmod 600 {app.path}'."
    assert results["token of default"]["seen"].startswith("acme, ")
    assert TOKEN not in done.stdout


def test_doctor_finds_a_damaged_database(app: App) -> None:
    app.add_schedule("plain", cron="0 9 * * mon")
    read_rows(app.db, "PRAGMA wal_checkpoint(TRUNCATE)")
    broken = app.folder / "broken.db"
    shutil.copy(app.path, broken)
    with broken.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    done = app.run("--database", str(broken), "doctor")
    assert done.returncode == 1
    assert "PROBLEM  database: " in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_finds_a_due_job_without_pool(schedules: Schedules) -> None:
    schedules.add()
    schedules.utc = "2026-12-01 09:10:00"
    result = doctor.check_workers(schedules.session, health_figures.read_vitals(schedules.db, ms(schedules.utc)))
    assert (result.detail, result.remedy) == (
        "none running, and a due job has waited for 10 min",
        "Start 'schedbot work'.",
    )


def test_unusable_lock_file_is_a_problem(app: App) -> None:
    lock = app.path.with_name(f"{app.path.name}-tick.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    result = app.run("doctor")
    assert result.returncode == 1
    assert f"'{lock}' is a folder" in result.stdout + result.stderr


def test_large_database_is_read_whole_only_with_full(app: App) -> None:
    with app.db.writing():
        bulk_rows.recurrence(app.db)
        app.db.execute(
            """INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)
               WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i <= 5000)
               SELECT i, i, (SELECT id FROM workspaces), (SELECT id FROM recurrences), 1, 'active', 0, 0 FROM n"""
        )
        app.db.execute(
            """INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source,
                                              misfire, grace_ms, max_attempts, priority, on_unknown, created_at)
               SELECT id, 1, recurrence_id, 'C1', 'text', 'Hi', 'latest', 0, 5, 'normal', 'hold', 0 FROM schedules"""
        )
    result = record_checks.check_books(app.session(), is_full=False)
    assert (result.is_ok, result.detail) == (True, "more than 5,000 schedules: not compared, as 'doctor --full' does")
    with app.path.open("r+b") as file:
        file.truncate(doctor.MOST_BYTES + 1)
    result = doctor.check_integrity(app.session(), is_full=False)
    assert result.detail.endswith("128 MB: not read whole, as 'doctor --full' does")
