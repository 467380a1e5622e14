"""`schedbot init --example` makes a project whose reports and tests work, or leaves the folder as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Run

KINDS = {"text", "template", "sql", "python", "command"}
REPORTS = ("standup", "goals", "sales_by_day", "top_products", "weekly", "morning", "month", "refunds")
ROOT = Path(__file__).parents[3]


def create(run: Run, folder: Path) -> Run:
    """Create the project. Return a function that runs a command in it."""
    completed = run("init", "--example", str(folder))
    assert completed.returncode == 0, completed.stderr
    files = {"SCHEDBOT_CONFIG": str(folder / "schedbot.toml"), "SCHEDBOT_DATABASE": str(folder / "schedbot.db")}
    return lambda *words: run(*words, **files)


def test_project_has_a_report_of_each_kind(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "sales"
    run_inside = create(run, folder)
    reports = [json.loads(line) for line in run_inside("reports", "--json").stdout.splitlines()]
    assert sorted(report["name"] for report in reports) == sorted(REPORTS)
    assert {report["kind"] for report in reports} == KINDS
    assert [report["problem"] for report in reports if report["problem"]] == []
    assert (folder / "schedbot.toml").stat().st_mode & 0o777 == 0o600
    assert os.access(folder / "programs" / "refunds", os.X_OK)
    assert (folder / ".github" / "workflows" / "reports.yml").is_file()


@pytest.mark.slow
def test_every_report_of_the_project_gives_a_message(run: Run, tmp_path: Path) -> None:
    run_inside = create(run, tmp_path / "sales")
    recurrence = ("--cron", "0 9 * * mon", "--tz", "Europe/London", "--channel", "C0SANDBOX01", "--account", "globex")
    for report in REPORTS:
        added = run_inside("add", report, *recurrence, "--report", report, "--param", "goal=Grow")
        assert added.returncode == 0, added.stderr
    checked = run_inside("reports", "check")
    assert checked.stdout == "8 reports ok, 0 failed.\n", checked.stderr


@pytest.mark.slow
def test_tests_of_the_project_pass(run: Run, tmp_path: Path) -> None:
    create(run, tmp_path / "sales")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "schedbot.testing.plugin"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    completed = subprocess.run(
        command, cwd=tmp_path / "sales", env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_empty_folder_is_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create(run, tmp_path / "empty")
    assert (tmp_path / "empty" / "schedbot.toml").is_file()


def test_variable_with_another_database_is_a_warning(run: Run, tmp_path: Path) -> None:
    completed = run("init", "--example", str(tmp_path / "sales"), SCHEDBOT_DATABASE=str(tmp_path / "production.db"))
    assert "Warning  SCHEDBOT_DATABASE is set to" in completed.stdout
    assert not (tmp_path / "production.db").exists()


def test_used_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for name, reason in (("mine", "is not empty"), ("mine/notes.txt", "is not a folder")):
        completed = run("init", "--example", name)
        assert completed.returncode == 2
        assert reason in completed.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_take_over_and_example_exclude_each_other(run: Run, tmp_path: Path) -> None:
    completed = run("init", "--example", "sales", "--take-over")
    assert (completed.returncode, (tmp_path / "sales").exists()) == (2, False)


@pytest.mark.parametrize("folder", ["new/sales", "empty"])
def test_full_disk_leaves_nothing_behind(run: Run, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    command = f"ulimit -f 200; exec {sys.executable} -m schedbot init --example {folder}"
    completed = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert completed.returncode == 1
    assert f"Error: '{tmp_path / folder}' cannot be written: " in completed.stderr
    assert "Traceback" not in completed.stderr
    assert (list((tmp_path / "empty").iterdir()), (tmp_path / "new").exists()) == ([], False)


def test_empty_name_and_broken_link_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    assert run("init", "--example", "link").returncode == 2
    assert (tmp_path / "link").is_symlink()
    command = [sys.executable, "-m", "schedbot", "init", "--example", ""]
    assert subprocess.run(command, cwd=tmp_path / "empty", capture_output=True).returncode == 2
    assert list((tmp_path / "empty").iterdir()) == []
