"""`audit --summary` and `audit --missing` on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.test_audit_and_retry import schedbot
from tests.support.job_history import HOUR, JobHistory, new_job_history


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        schedule = history.add_schedule("daily", account="acme")
        history.add_job(schedule, "failed", 48 * HOUR, error="is_archived")
        yield history


def test_summary_is_a_table_and_objects(history: JobHistory) -> None:
    lines = schedbot(history, "audit", "--summary").stdout.splitlines()
    assert lines[0].split() == ["BY", "KEY", "JOBS", "SUCCEEDED", "FAILED", "MISSED", "HELD", "OTHER"]
    assert [line.split()[:3] for line in lines[1:3]] == [["state", "failed", "1"], ["error", "is_archived", "1"]]
    objects = [json.loads(line) for line in schedbot(history, "audit", "--summary", "--json").stdout.splitlines()]
    assert objects[0] == {"by": "state", "key": "failed", "jobs": 1, "states": {"failed": 1}}


def test_missing_is_a_table_and_objects(history: JobHistory) -> None:
    assert "1 is_archived" in schedbot(history, "audit", "--missing").stdout
    assert json.loads(schedbot(history, "audit", "--missing", "--json").stdout) == {
        "account": "acme",
        "schedule": None,
        "states": {"failed": 1},
        "errors": {"is_archived": 1},
    }


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--summary", "--missing"], "--summary and --missing cannot be combined."),
        (["1", "--summary"], "--summary goes with filters and --json only."),
        (["--missing", "--state", "failed"], "--missing looks at jobs of every state and error."),
    ],
)
def test_overview_refuses_what_it_cannot_show(history: JobHistory, words: list[str], problem: str) -> None:
    done = schedbot(history, "audit", *words)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"Error: {problem}")
