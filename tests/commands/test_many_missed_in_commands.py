"""Many missed occurrences in the output of commands: one line, until a backfill posts some of them."""

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
    with open_schedules(tmp_path) as schedules:
        schedules.utc = "2026-10-01 00:00:30"
        schedules.add("often", cron="*/5 * * * *")
        schedules.tick("2026-10-15 00:02:00")
        yield schedules


def schedbot(schedules: Schedules, *words: str) -> str:
    env = {**os.environ, "SCHEDBOT_DATABASE": str(schedules.path), "SCHEDBOT_ACTOR": "tester@host", "TZ": "UTC"}
    command = [sys.executable, "-m", "schedbot", *words]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(schedules: Schedules, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in schedbot(schedules, *words, "--json").splitlines()]


@pytest.mark.slow
def test_audit_shows_many_missed_occurrences_as_one_line(schedules: Schedules) -> None:
    [missed] = objects(schedules, "audit", "--state", "missed")
    [queued] = objects(schedules, "audit", "--state", "queued")
    assert list(missed) == [*queued, "occurrences", "last_due_at"]
    fields = {key: missed[key] for key in ("job", "schedule", "state", "error", "ts", "lateness_ms", "attempts")}
    assert list(fields.values()) == [None, "often", "missed", "no_tick", None, None, []]
    assert (missed["occurrences"], missed["occurrence"]) == (4_031, None)
    assert (missed["due_at"], missed["last_due_at"]) == ("2026-10-01T00:05:00.000Z", "2026-10-14T23:55:00.000Z")


@pytest.mark.slow
def test_the_newest_records_are_the_end_of_all(schedules: Schedules) -> None:
    assert objects(schedules, "audit", "--limit", "1") == objects(schedules, "audit")[-1:]


@pytest.mark.slow
def test_csv_and_tables_show_a_missed_row_without_a_number(schedules: Schedules) -> None:
    [row] = csv.DictReader(io.StringIO(schedbot(schedules, "audit", *AT_TEN, "--csv")))
    assert (row["job"], row["due_at"], row["occurrences"]) == ("", "2026-10-05T10:00:00.000Z", "2")
    [_, line] = schedbot(schedules, "audit", *AT_TEN).splitlines()
    assert line.split()[0] == "-"
    assert "2 missed to 5 Oct 10:05 UTC" in line
    assert "4,031 missed to 14 Oct 23:55 UTC" in schedbot(schedules, "audit", "--state", "missed")
    assert "4,031 missed to 14 Oct 23:55 UTC" in schedbot(schedules, "show", "often")


@pytest.mark.slow
def test_retry_sends_nothing_out_of_a_missed_row(schedules: Schedules) -> None:
    assert objects(schedules, "retry", "--schedule", "often", *AT_TEN, "--stale", "--yes") == []


@pytest.mark.slow
def test_backfill_enqueues_occurrences_of_a_missed_row(schedules: Schedules) -> None:
    backfill = ("backfill", "often", "--from", AT_TEN[1], "--to", "2026-10-05T10:05:01Z")
    assert [line["job"] for line in objects(schedules, *backfill, "--dry-run")] == [None, None]
    assert [line["job"] for line in objects(schedules, *backfill, "--yes")] == [2, 3]
    records = objects(schedules, "audit", *AT_TEN)
    assert [(record["job"], record["state"]) for record in records] == [(2, "queued"), (3, "queued")]
    [missed] = objects(schedules, "audit", "--state", "missed")
    assert missed["occurrences"] == 4_029


@pytest.mark.slow
def test_the_step_that_why_names_posts_just_that_occurrence(schedules: Schedules) -> None:
    [answer] = objects(schedules, "why", "often", "--at", "2026-10-05 10:00")
    assert (answer["job"], answer["state"]) == (None, "missed")
    assert answer["because"] == ["The occurrence was missed with 4,030 others: no tick ran in time."]
    assert "Queued 1 job." in schedbot(schedules, *answer["steps"][0].split()[1:], "--yes")
