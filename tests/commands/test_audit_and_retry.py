"""`audit` and `retry` on the command line: output, changes and exit codes."""

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
LATER_KEYS = [
    *("lateness_ms", "attempts", "deferred_to", "deferred_by", "why", "acknowledged", "report", "rendered_at"),
    *("degraded", "parts", "thread_ts"),
]
ATTEMPT_KEYS = ["number", "worker", "started_at", "sent_at", "ended_at", "outcome", "error", "http_status", "ts"]
LONG = "a-report-whose-name-is-longer-than-any-terminal-is-wide-and-then-some-more"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        schedule = history.add_schedule(LONG, account="acme")
        posted = history.add_job(schedule, "succeeded", 3 * HOUR, ts="1796126400.400000", attempts=1)
        history.add_attempt(posted, outcome="posted", ts="1796126400.400000")
        history.add_job(schedule, "failed", 2 * HOUR, error="slack_connect_file_upload_sharing_blocked")
        history.add_job(schedule, "held", HOUR, error="timeout")
        yield history


def schedbot(history: JobHistory, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path), "SCHEDBOT_ACTOR": "tester@host", "TZ": "UTC"}
    command = [sys.executable, "-m", "schedbot", *words]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_table_fits_80_columns_and_cuts_only_names_and_errors(history: JobHistory) -> None:
    done = schedbot(history, "audit")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].split() == ["JOB", "DUE", "SCHEDULE", "STATE", "LATE", "WHY"]
    assert all(len(line) <= 80 for line in lines)
    assert "1 Dec 2026 09:00 EST" in lines[1] or "1 Dec 09:00 EST" in lines[1]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert [state in line for state, line in zip(("held", "failed", "succeeded"), lines[1:], strict=True)] == [True] * 3


def test_wide_table_has_all_columns_and_cuts_nothing(history: JobHistory) -> None:
    lines = schedbot(history, "audit", "-o", "wide").stdout.splitlines()
    assert lines[0].split() == ["JOB", "DUE", "SCHEDULE", "ACCOUNT", "WORKSPACE", "CHANNEL", "STATE", "LATE", "WHY"]
    assert LONG in lines[1]
    assert lines[2].endswith("slack_connect_file_upload_sharing_blocked")
    refused = schedbot(history, "audit", "-o", "tall")
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (2, "Error: --output: unknown layout 'tall'.")


def test_account_and_channel_are_shown_where_they_fit(history: JobHistory) -> None:
    schedule = history.add_schedule("d", account="beta", channel="C0000000007")
    history.add_job(schedule, "succeeded", 0, ts="1.1")
    head, row = schedbot(history, "audit", "--schedule", "d").stdout.splitlines()
    assert head.split() == ["JOB", "DUE", "SCHEDULE", "ACCOUNT", "CHANNEL", "STATE", "LATE", "WHY"]
    assert "beta     C0000000007" in row


def test_table_notes_that_there_are_more_jobs(history: JobHistory) -> None:
    done = schedbot(history, "audit", "--limit", "2")
    assert len(done.stdout.splitlines()) == 3
    assert "Only the newest 2 jobs are shown." in done.stderr


@pytest.mark.slow
def test_json_has_the_documented_keys_in_due_order(history: JobHistory) -> None:
    lines = [json.loads(line) for line in schedbot(history, "audit", "--json").stdout.splitlines()]
    assert [line["job"] for line in lines] == [1, 2, 3]
    first = lines[0]
    assert list(first) == [*KEYS, *LATER_KEYS]
    assert list(first["attempts"][0])[: len(ATTEMPT_KEYS)] == ATTEMPT_KEYS
    assert first["occurrence"] == f"schedule-1:{NOW - 3 * HOUR}"
    assert (first["due_at"], first["attempts"][0]["ts"]) == ("2026-12-01T12:00:00.000Z", "1796126400.400000")


def test_csv_has_the_same_columns(history: JobHistory) -> None:
    rows = list(csv.DictReader(io.StringIO(schedbot(history, "audit", "--csv", "--state", "succeeded").stdout)))
    assert [row["job"] for row in rows] == ["1"]
    assert json.loads(rows[0]["attempts"])[0]["outcome"] == "posted"


def test_json_limit_takes_the_newest_in_due_order(history: JobHistory) -> None:
    done = schedbot(history, "audit", "--json", "--limit", "2")
    assert [json.loads(line)["job"] for line in done.stdout.splitlines()] == [2, 3]


def test_filter_without_matches_prints_nothing(history: JobHistory) -> None:
    done = schedbot(history, "audit", "--json", "--schedule", "nobody-*")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
def test_misspelt_filter_ends_with_2_in_each_command(history: JobHistory) -> None:
    for words in (
        ("audit", "--account", "acm"),
        ("audit", "--json", "--account", "acm"),
        ("retry", "--account", "acm", "--json", "--yes"),
        ("list", "--account", "acm"),
    ):
        done = schedbot(history, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert done.stderr.splitlines() == [
            "Error: --account: no schedule has or had the account 'acm'.",
            "Hint:  Did you mean 'acme'?",
        ]


def test_closed_pipe_gives_no_traceback(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    for number in range(400):
        history.add_job(schedule, "failed", number)
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path)}
    command = f"'{sys.executable}' -m schedbot audit --json | head -c 1"
    done = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["audit", "99"], "No job 99 exists."),
        (["audit", "--schedule", "nobody"], "No schedule named 'nobody' exists or ever existed."),
        (["audit", "--state", "lost"], "--state: unknown job state 'lost'."),
        (["audit", "--mark-posted", "1796126400.400000"], "--mark-posted needs a job number."),
        (["audit", "1", "--state", "failed"], "Job 1 and filters cannot be combined."),
        (["audit", "--json", "--csv"], "--json and --csv cannot be combined."),
        (["retry"], "No jobs given: use job numbers or filters."),
        (["retry", "99", "--yes"], "No job 99 exists."),
        (["audit", "3", "--mark-posted", ""], "--mark-posted: '' is neither a ts nor a message link."),
        (["audit", "--mark-posted", ""], "--mark-posted needs a job number."),
        (["retry", "--state", "held", "--stale"], "1 job would be retried; nothing was changed."),
        (["retry", "1"], "Job 1 succeeded: there is nothing to retry."),
    ],
)
def test_usage_error_is_code_2_and_changes_nothing(history: JobHistory, words: list[str], problem: str) -> None:
    done = schedbot(history, *words)
    assert done.returncode == 2
    assert f"Error: {problem}" in done.stderr
    assert "Traceback" not in done.stderr
    assert [history.state(job) for job in (1, 2, 3)] == ["succeeded", "failed", "held"]


def test_time_line_of_a_job_is_in_its_zone(history: JobHistory) -> None:
    done = schedbot(history, "audit", "1").stdout
    assert "2026-12-01 America/New_York" in done
    assert "  07:00:00.200      +0.100 s  Attempt 1 sent to channel C0000000001." in done
    assert "Job 1 succeeded: posted as 1796126400.400000, 0 s after it was due." in done


def test_dry_run_shows_the_same_jobs_and_changes_nothing(history: JobHistory) -> None:
    dry = schedbot(history, "retry", "2", "3", "--stale", "--dry-run", "--json")
    previews = [json.loads(line) for line in dry.stdout.splitlines()]
    assert [history.state(job) for job in (2, 3)] == ["failed", "held"]
    assert [(job["job"], job["state"], job["becomes"]) for job in previews] == [
        (2, "failed", "queued"),
        (3, "held", "queued"),
    ]
    done = schedbot(history, "retry", "2", "3", "--stale", "--yes", "--json")
    queued = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(job["job"], job["state"]) for job in queued] == [(2, "queued"), (3, "queued")]
    assert [history.state(job) for job in (2, 3)] == ["queued", "queued"]


def test_dry_run_lists_each_job_and_what_becomes_of_it(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    waiting = history.add_job(history.add_schedule("late", workspace="globex"), "failed", error="is_archived")
    done = schedbot(history, "retry", "2", "3", str(waiting), "--stale", "--dry-run")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "JOB DUE SCHEDULE STATE ERROR THEN" in lines
    jobs = [line.split()[0] for line in lines if " EST " in line or " UTC " in line]
    assert jobs == ["2", "3", str(waiting)]
    assert "paused" in lines[-2]
    assert lines[-1] == "3 jobs would be retried; nothing was changed."


def test_long_dry_run_lists_twenty_jobs_and_counts_all(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    for number in range(30):
        history.add_job(schedule, "failed", number, error="timeout")
    lines = schedbot(history, "retry", "--schedule", "daily", "--stale", "--dry-run").stdout.splitlines()
    assert len([line for line in lines if " daily " in line]) == 20
    rest = [" ".join(line.split()) for line in lines[21:]]
    assert rest == [
        "... and 10 more. All 30 jobs:",
        "JOBS STATE WORKSPACE ERROR",
        "30 failed acme timeout",
        "30 jobs would be retried; nothing was changed.",
    ]


def test_retry_warns_that_held_jobs_may_have_been_posted(history: JobHistory) -> None:
    done = schedbot(history, "retry", "3", "--stale", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 held job may have been posted already" in done.stdout
    assert "Queued 1 job." in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "state"), [("y", "queued"), ("n", "failed"), ("", "failed")])
def test_retry_asks_on_a_terminal(history: JobHistory, answer: str, state: str) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    command = [sys.executable, "-m", "schedbot", "retry", "--state", "failed", "--stale"]
    env = {**os.environ, "SCHEDBOT_DATABASE": str(history.db.path)}
    done = subprocess.run(command, env=env, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(person)
    os.close(terminal)
    assert "Retry 1 job?" in done.stderr
    assert (done.returncode, history.state(2)) == (0, state)


def test_job_named_by_number_is_retried_without_a_question(history: JobHistory) -> None:
    done = schedbot(history, "retry", "2", "3", "--stale")
    assert (done.returncode, done.stderr) == (0, "")
    assert [history.state(job) for job in (2, 3)] == ["queued", "queued"]


def test_more_than_ten_jobs_by_number_need_a_yes(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    jobs = [str(history.add_job(schedule, "failed", number)) for number in range(11)]
    refused = schedbot(history, "retry", *jobs)
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (
        2,
        "Error: 11 jobs would be retried; nothing was changed.",
    )
    assert schedbot(history, "retry", *jobs[:10]).returncode == 0
    assert [history.state(int(job)) for job in jobs] == ["queued"] * 10 + ["failed"]


def test_second_retry_finds_nothing(history: JobHistory) -> None:
    schedbot(history, "retry", "--state", "failed", "--stale", "--yes")
    again = schedbot(history, "retry", "--state", "failed", "--stale", "--yes")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "Nothing to retry: no matching job is failed.\n")


def test_retry_in_a_paused_workspace_exits_with_3(history: JobHistory) -> None:
    history.add_workspace("globex", paused="token_revoked")
    job = history.add_job(history.add_schedule("globex-daily", workspace="globex"), "failed")
    done = schedbot(history, "retry", str(job), "--stale", "--yes")
    assert done.returncode == 3
    assert "1 job will wait: workspace 'globex' is paused." in done.stdout
