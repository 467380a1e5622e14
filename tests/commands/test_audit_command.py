"""`audit` and `retry` as they are typed: what is printed, what is changed, and with which code they end."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history

KEYS = ["job", "occurrence", "schedule", "account", "workspace", "channel", "due_at", "state", "error", "ts"]
ATTEMPT_KEYS = ["number", "worker", "started_at", "sent_at", "ended_at", "outcome", "error", "http_status", "ts"]
LONG = "a-report-whose-name-is-longer-than-any-terminal-is-wide-and-then-some-more"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as made:
        schedule = made.add_schedule(LONG, account="acme")
        posted = made.add_job(schedule, "succeeded", 3 * HOUR, ts="1796126400.400000", attempts=1)
        made.add_attempt(posted, outcome="posted", ts="1796126400.400000")
        made.add_job(schedule, "failed", 2 * HOUR, error="slack_connect_file_upload_sharing_blocked")
        made.add_job(schedule, "held", HOUR, error="timeout")
        yield made


def schedbot(history: JobHistory, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path), "SCHEDBOT_ACTOR": "tester@host", "TZ": "UTC"}
    command = [sys.executable, "-m", "schedbot", *words]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_the_table_fits_80_columns_and_cuts_names_but_no_state_and_no_time(history: JobHistory) -> None:
    shown = schedbot(history, "audit")
    lines = shown.stdout.splitlines()
    assert shown.returncode == 0
    assert lines[0].split() == ["JOB", "DUE", "SCHEDULE", "STATE", "LATE", "WHY"]
    assert all(len(line) <= 80 for line in lines)
    assert "1 Dec 2026 09:00 EST" in lines[1] or "1 Dec 09:00 EST" in lines[1]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert [state in line for state, line in zip(("held", "failed", "succeeded"), lines[1:], strict=True)] == [True] * 3


def test_the_table_says_that_there_are_more(history: JobHistory) -> None:
    shown = schedbot(history, "audit", "--limit", "2")
    assert len(shown.stdout.splitlines()) == 3
    assert "The newest 2 are shown" in shown.stderr


def test_json_has_the_keys_of_the_contract_and_is_in_due_order(history: JobHistory) -> None:
    lines = [json.loads(line) for line in schedbot(history, "audit", "--json").stdout.splitlines()]
    assert [line["job"] for line in lines] == [1, 2, 3]
    first = lines[0]
    assert list(first) == [*KEYS, "lateness_ms", "attempts", "deferred_to", "deferred_by"]
    assert list(first["attempts"][0])[: len(ATTEMPT_KEYS)] == ATTEMPT_KEYS
    assert first["occurrence"] == f"schedule-1:{NOW - 3 * HOUR}"
    assert (first["due_at"], first["attempts"][0]["ts"]) == ("2026-12-01T12:00:00.000Z", "1796126400.400000")


def test_csv_has_the_same_columns(history: JobHistory) -> None:
    rows = list(csv.DictReader(io.StringIO(schedbot(history, "audit", "--csv", "--state", "succeeded").stdout)))
    assert [row["job"] for row in rows] == ["1"]
    assert json.loads(rows[0]["attempts"])[0]["outcome"] == "posted"


def test_a_limit_for_programs_takes_the_newest_in_due_order(history: JobHistory) -> None:
    shown = schedbot(history, "audit", "--json", "--limit", "2")
    assert [json.loads(line)["job"] for line in shown.stdout.splitlines()] == [2, 3]


def test_a_filter_that_finds_nothing_prints_nothing(history: JobHistory) -> None:
    shown = schedbot(history, "audit", "--json", "--schedule", "nobody-*")
    assert (shown.returncode, shown.stdout) == (0, "")


def test_a_reader_that_leaves_early_is_no_traceback(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    for number in range(400):
        history.add_job(schedule, "failed", number)
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path)}
    command = f"'{sys.executable}' -m schedbot audit --json | head -c 1"
    shown = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, check=False)
    assert (shown.stdout, shown.stderr) == ("{", "")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["audit", "99"], "There is no job 99."),
        (["audit", "--schedule", "nobody"], "There is no schedule 'nobody', and there was none."),
        (["audit", "--state", "lost"], "No job state is called 'lost'."),
        (["audit", "--mark-posted", "1796126400.400000"], "--mark-posted is about one job."),
        (["audit", "1", "--state", "failed"], "Job 1 and filters do not go together."),
        (["audit", "--json", "--csv"], "--json and --csv do not go together."),
        (["retry"], "Nothing says which jobs to send again."),
        (["retry", "99", "--yes"], "There is no job 99."),
        (["retry", "3", "--stale"], "1 job would be sent again; nothing was done."),
    ],
)
def test_wrong_use_is_code_2_and_changes_nothing(history: JobHistory, words: list[str], problem: str) -> None:
    shown = schedbot(history, *words)
    assert shown.returncode == 2
    assert f"Error: {problem}" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert [history.state(job) for job in (1, 2, 3)] == ["succeeded", "failed", "held"]


def test_one_job_is_told_as_a_time_line_in_its_zone(history: JobHistory) -> None:
    shown = schedbot(history, "audit", "1").stdout
    assert "2026-12-01 America/New_York" in shown
    assert "  07:00:00.200      +0.100 s  Attempt 1 left for channel C0000000001." in shown
    assert "succeeded: posted as 1796126400.400000" in shown


def test_a_dry_run_shows_the_same_and_changes_nothing(history: JobHistory) -> None:
    dry = schedbot(history, "retry", "2", "3", "--stale", "--dry-run", "--json")
    assert [history.state(job) for job in (2, 3)] == ["failed", "held"]
    done = schedbot(history, "retry", "2", "3", "--stale", "--yes", "--json")
    assert dry.stdout == done.stdout
    assert [history.state(job) for job in (2, 3)] == ["queued", "queued"]


def test_retry_says_that_held_jobs_may_be_there_already(history: JobHistory) -> None:
    shown = schedbot(history, "retry", "3", "--stale", "--yes")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "1 held job may have been posted already" in shown.stdout
    assert "Queued 1 job." in shown.stdout


@pytest.mark.parametrize(("answer", "state"), [("y", "queued"), ("n", "failed"), ("", "failed")])
def test_retry_asks_on_a_terminal_and_does_as_it_is_told(history: JobHistory, answer: str, state: str) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    command = [sys.executable, "-m", "schedbot", "retry", "2", "--stale"]
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path)}
    shown = subprocess.run(command, env=env, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(person)
    os.close(terminal)
    assert "Send 1 job again?" in shown.stderr
    assert (shown.returncode, history.state(2)) == (0, state)


def test_retry_twice_says_that_there_is_nothing_left(history: JobHistory) -> None:
    schedbot(history, "retry", "--state", "failed", "--stale", "--yes")
    again = schedbot(history, "retry", "--state", "failed", "--stale", "--yes")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "Nothing to retry: no job that fits is failed.\n")


def test_retry_ends_with_3_when_a_paused_workspace_keeps_the_jobs_waiting(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    job = history.add_job(history.add_schedule("globex-daily", workspace="globex"), "failed")
    shown = schedbot(history, "retry", str(job), "--stale", "--yes")
    assert shown.returncode == 3
    assert "1 job will wait: the workspace 'globex' is paused." in shown.stdout
