"""What was missed among many, as commands tell it: without a number until somebody sends it again."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.schedules import Schedules, open_schedules

AT_TEN = ("--since", "2026-10-05T10:00:00Z", "--until", "2026-10-05T10:05:00Z")


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    """A schedule of every five minutes after a fortnight off."""
    with open_schedules(tmp_path) as found:
        found.utc = "2026-10-01 00:00:30"
        found.add("often", cron="*/5 * * * *")
        found.tick("2026-10-15 00:02:00")
        yield found


def schedbot(schedules: Schedules, *words: str) -> str:
    env = {**os.environ, "SCHEDBOT_DATABASE": str(schedules.path), "SCHEDBOT_ACTOR": "tester@host", "TZ": "UTC"}
    command = [sys.executable, "-m", "schedbot", *words]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(schedules: Schedules, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in schedbot(schedules, *words, "--json").splitlines()]


def test_the_audit_has_a_line_for_each_with_the_keys_of_any_job(schedules: Schedules) -> None:
    missed = objects(schedules, "audit", "--state", "missed")
    assert len(missed) == 4_031
    [queued] = objects(schedules, "audit", "--state", "queued")
    assert [list(one) == list(queued) for one in missed] == [True] * 4_031
    told = {key: missed[0][key] for key in ("job", "schedule", "state", "error", "ts", "lateness_ms", "attempts")}
    assert list(told.values()) == [None, "often", "missed", None, None, None, []]
    assert missed[0]["occurrence"] == f"{schedules.get('often').id}:1790813100000"


def test_the_newest_of_them_are_an_end_of_all(schedules: Schedules) -> None:
    assert objects(schedules, "audit", "--limit", "20") == objects(schedules, "audit")[-20:]


def test_csv_and_the_table_leave_the_number_open(schedules: Schedules) -> None:
    rows = list(csv.DictReader(io.StringIO(schedbot(schedules, "audit", *AT_TEN, "--csv"))))
    assert [(row["job"], row["due_at"]) for row in rows] == [
        ("", "2026-10-05T10:00:00.000Z"),
        ("", "2026-10-05T10:05:00.000Z"),
    ]
    assert [line.split()[0] for line in schedbot(schedules, "audit", *AT_TEN).splitlines()] == ["JOB", "-", "-"]
    assert schedbot(schedules, "show", "often").count("  -  ") == 4


def test_a_retry_gives_them_numbers_and_its_dry_run_none(schedules: Schedules) -> None:
    retry = ("retry", "--schedule", "often", *AT_TEN, "--stale")
    assert [one["job"] for one in objects(schedules, *retry, "--dry-run")] == [None, None]
    assert [one["job"] for one in objects(schedules, *retry, "--yes")] == [2, 3]
    assert [(one["job"], one["state"]) for one in objects(schedules, "audit", *AT_TEN)] == [
        (2, "queued"),
        (3, "queued"),
    ]
    assert len(objects(schedules, "audit", "--state", "missed")) == 4_029


def test_the_step_that_why_names_sends_just_that_one(schedules: Schedules) -> None:
    [answer] = objects(schedules, "why", "often", "--at", "2026-10-05 10:00")
    assert (answer["job"], answer["state"]) == (None, "missed")
    assert "Queued 1 job." in schedbot(schedules, *answer["steps"][0].split()[1:], "--yes")
