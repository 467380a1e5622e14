"""Each row of `audit` that is not a plain success says why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.jobs.circumstances import read_circumstances
from schedbot.admin.jobs.short_reason import explain_briefly
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import outage, pacing
from schedbot.store.operations import heartbeats, passing_failures
from schedbot.store.operations.passing_failures import PassingFailure
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.schedules import Schedules

SECOND = 1_000


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history


def why(history: JobHistory) -> str:
    [job] = jobs.newest(history.db, Filter(), 1)
    return explain_briefly(job, read_circumstances(history.session))


def add_queued(history: JobHistory, available_in_ms: int = 0, ago_ms: int = HOUR, **fields: Any) -> int:
    job = history.add_job(history.add_schedule("daily"), "queued", ago_ms, **fields)
    with history.db.writing():
        bindings = {"at": NOW + available_in_ms, "job": job}
        history.db.execute("UPDATE jobs SET available_at = :at WHERE id = :job", bindings)
    return job


def start_pool(history: JobHistory) -> None:
    with history.db.writing():
        heartbeats.beat(history.db, "pool", "pool-1", NOW, NOW)


@pytest.mark.parametrize(
    ("state", "fields", "reason"),
    [
        ("succeeded", {"ts": "1.1"}, ""),
        ("failed", {"error": "is_archived"}, "is_archived"),
        ("cancelled", {"cancel_reason": "schedule_paused"}, "schedule_paused"),
        ("skipped", {"error": "holiday: Christmas Day"}, "holiday: Christmas Day"),
        ("held", {"error": "timeout"}, "timeout: look in the channel"),
        ("held", {}, "delivery unknown: look in the channel"),
        ("unknown", {"error": "timeout"}, "timeout: looked up now"),
        ("missed", {"error": "deadline"}, "not posted within its grace"),
        ("missed", {"error": "no_tick"}, "no tick ran in time"),
    ],
)
def test_settled_job_has_its_reason(history: JobHistory, state: str, fields: dict[str, Any], reason: str) -> None:
    history.add_job(history.add_schedule("daily"), state, **fields)
    assert why(history) == reason


def test_queued_job_of_a_paused_workspace(history: JobHistory) -> None:
    history.add_workspace("globex", paused="the customer asked")
    history.add_job(history.add_schedule("daily", workspace="globex"), "queued")
    assert why(history) == "workspace 'globex' is paused: the customer asked"


def test_queued_job_in_an_outage(history: JobHistory) -> None:
    add_queued(history)
    with history.db.writing():
        outage.save_failures(history.db, 7, "acme", NOW)
    assert why(history) == "Slack has not answered the last 7 posts"


def test_queued_job_of_a_workspace_under_a_429(history: JobHistory) -> None:
    add_queued(history, 31 * SECOND)
    with history.db.writing():
        pacing.hold(history.db, "acme", pacing.POST, "", NOW, NOW + 30 * SECOND)
    assert why(history) == "Slack limits the rate of workspace 'acme': posted in 31 s"


def test_queued_job_whose_workspace_has_no_token_for_now(history: JobHistory) -> None:
    start_pool(history)
    add_queued(history, available_in_ms=27 * SECOND, error="token_unavailable")
    with history.db.writing():
        workspace_id = history.db.text("SELECT id FROM workspaces")
        failure = PassingFailure("token_unavailable", workspace_id, "acme", NOW, NOW, "The command ended with 1.")
        passing_failures.save(history.db, failure)
        pacing.hold(history.db, workspace_id, pacing.POST, "", NOW, NOW + 27 * SECOND)
    assert why(history) == "workspace 'acme' has no token: The command ended with 1; tried again in 27 s"


def test_queued_job_in_a_backoff(history: JobHistory) -> None:
    add_queued(history, 20 * SECOND, error="connection_refused", attempts=1)
    assert why(history) == "connection_refused: tried again in 20 s"


def test_queued_job_that_is_not_due(history: JobHistory) -> None:
    add_queued(history, 20 * SECOND, ago_ms=-20 * SECOND)
    assert why(history) == "posted in 20 s"


def test_queued_job_that_waits_for_a_worker(history: JobHistory) -> None:
    add_queued(history, -180 * SECOND)
    assert why(history) == "no worker pool is running"
    start_pool(history)
    assert why(history) == "has waited for a worker for 3 min"


def test_queued_job_outside_its_send_window(schedules: Schedules) -> None:
    schedules.add(window="10:00-12:00")
    schedules.tick("2026-12-01 09:00:00")
    [job] = jobs.newest(schedules.db, Filter(), 1)
    assert explain_briefly(job, read_circumstances(schedules.session)).startswith("deferred to 1 Dec 10:00 UTC: ")


@pytest.mark.parametrize(("cron", "misfire"), [("0 9 * * *", "skip"), ("* * * * *", "latest")])
def test_missed_row_names_the_time_without_a_tick(schedules: Schedules, cron: str, misfire: str) -> None:
    schedules.tick("2026-12-01 07:59:00")
    schedules.add(cron=cron, misfire=misfire)
    schedules.tick("2026-12-03 08:30:00")
    record = next(jobs.every(schedules.db, Filter(errors=("no_tick",))))
    reason = explain_briefly(record, read_circumstances(schedules.session))
    assert reason == "no tick ran from 1 Dec 07:59 UTC to 3 Dec 08:30 UTC"


def test_reason_outlives_later_downtimes(schedules: Schedules) -> None:
    schedules.tick("2026-12-01 07:59:00")
    schedules.add(misfire="skip")
    for day in range(2, 30):
        schedules.tick(f"2026-12-{day:02} 08:30:00")
    record = next(jobs.every(schedules.db, Filter(errors=("no_tick",))))
    assert explain_briefly(record, read_circumstances(schedules.session)).startswith("no tick ran from 1 Dec 07:59")
