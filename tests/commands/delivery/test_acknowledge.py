"""`audit --acknowledge` takes failures out of `health`, and records who saw them, when and why."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.explain import why
from schedbot.admin.jobs import acknowledge
from schedbot.store.history import changes
from schedbot.store.history.filters import Filter
from schedbot.store.operations.health import read_vitals
from tests.commands.test_audit_and_retry import schedbot
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.schedules import Schedules


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        schedule = history.add_schedule("daily", account="acme")
        history.add_job(schedule, "failed", 3 * HOUR, error="is_archived")
        history.add_job(schedule, "missed", 2 * HOUR, error="no_tick")
        history.add_job(schedule, "held", HOUR, error="timeout")
        history.add_job(schedule, "succeeded", 4 * HOUR, ts="1.1")
        yield history


def count_open(history: JobHistory) -> tuple[int, int, int]:
    vitals = read_vitals(history.db, NOW)
    return vitals.failed_24h, vitals.missed_24h, vitals.held


def test_acknowledged_job_leaves_health_and_shows_why(history: JobHistory) -> None:
    done = schedbot(history, "audit", "1", "--acknowledge", "--reason", "customer informed")
    assert (done.returncode, done.stderr) == (0, "Acknowledged 1 job.\n")
    assert "tester@host acknowledged it on" in done.stdout
    assert count_open(history) == (0, 1, 1)
    [change] = changes.of_object(history.db, "job", "1")
    assert (change.actor, change.command, change.after) == (
        "tester@host",
        "audit --acknowledge",
        {"acknowledged": "customer informed"},
    )
    assert "acknowledged it on" in str(why.explain(history.session, "daily", "3h").because)
    [job] = [json.loads(line) for line in schedbot(history, "audit", "--state", "failed", "--json").stdout.splitlines()]
    assert (job["state"], job["acknowledged"]["by"], job["acknowledged"]["reason"]) == (
        "failed",
        "tester@host",
        "customer informed",
    )


@pytest.mark.slow
def test_filters_acknowledge_many_after_a_yes(history: JobHistory) -> None:
    words = ("audit", "--account", "acme", "--acknowledge")
    refused = schedbot(history, *words)
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (
        2,
        "Error: 3 jobs would be acknowledged; nothing was changed.",
    )
    assert count_open(history) == (1, 1, 1)
    assert schedbot(history, *words, "--yes").stderr == "Acknowledged 3 jobs.\n"
    assert count_open(history) == (0, 0, 0)
    assert schedbot(history, *words).stderr == "Nothing to acknowledge.\n"


def test_retry_ends_an_acknowledgement(history: JobHistory) -> None:
    schedbot(history, "audit", "1", "--acknowledge")
    schedbot(history, "retry", "1", "--stale")
    assert history.row(1, "state", "acknowledged") == ("queued", None)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["4", "--acknowledge"], "Job 4 succeeded, so it has no failure to acknowledge."),
        (["99", "--acknowledge"], "No job 99 exists."),
        (["--acknowledge"], "--acknowledge needs a job number or filters."),
        (["--state", "queued", "--acknowledge"], "--state queued: these jobs have no failure to acknowledge."),
        (["1", "--reason", "x"], "--reason needs --acknowledge."),
    ],
)
def test_what_cannot_be_acknowledged_is_refused(history: JobHistory, words: list[str], problem: str) -> None:
    done = schedbot(history, "audit", *words)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"Error: {problem}")
    assert count_open(history) == (1, 1, 1)


def test_row_of_missed_occurrences_is_acknowledged(schedules: Schedules) -> None:
    schedules.utc = "2026-10-01 00:00:30"
    schedules.add("often", cron="*/5 * * * *")
    schedules.tick("2026-10-15 00:02:00")
    now = schedules.session.now()
    assert read_vitals(schedules.db, now).missed_24h > 1_000
    plan = acknowledge.plan(schedules.session, Filter(since=now - 24 * HOUR))
    acknowledge.carry_out(schedules.session, plan, "the machine was off")
    assert (len(plan.spans), read_vitals(schedules.db, now).missed_24h) == (1, 0)
    [change] = changes.of_object(schedules.db, "missed", str(plan.spans[0].id))
    assert (change.name, change.after) == ("often", {"acknowledged": "the machine was off"})
    assert acknowledge.carry_out(schedules.session, plan, "again").count == 0
    assert len(list(changes.of_object(schedules.db, "missed", str(plan.spans[0].id)))) == 1


def test_job_that_was_retried_meanwhile_is_left_alone(history: JobHistory) -> None:
    plan = acknowledge.plan(history.session, Filter(jobs=(1, 2, 3)))
    assert schedbot(history, "retry", "1", "--stale").returncode == 0
    done = acknowledge.carry_out(history.session, plan, "seen")
    assert [job.job for job in done.jobs] == [2, 3]
    assert "audit --acknowledge" not in [change.command for change in changes.of_object(history.db, "job", "1")]


@pytest.mark.slow
def test_advice_of_health_settles_each_problem(history: JobHistory) -> None:
    day = ("--since", "2026-11-30")  # NOW is not the clock of a command
    for advice in (
        ("audit", "--state", "failed", *day, "--acknowledge", "--yes"),
        ("retry", "--state", "missed", "--stale", *day, "--yes"),
    ):
        assert schedbot(history, *advice).returncode == 0
    assert count_open(history) == (0, 0, 1)
