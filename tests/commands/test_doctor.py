"""`doctor` finds problems and names remedies."""

import json
import shutil

import pytest

from schedbot.admin.operations import doctor
from schedbot.store.operations import health as health_figures
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
