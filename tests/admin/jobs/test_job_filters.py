"""Filters select jobs, also of removed schedules; a misspelt value is refused with the nearest name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.jobs import filters
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.errors import BadInput, NotFound
from schedbot.store.history import jobs as job_history
from tests.support.job_history import HOUR, JobHistory, new_job_history


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        history.add_workspace("globex")
        acme = history.add_schedule("acme-daily", account="acme", channel="C0000000001")
        beta = history.add_schedule("beta-daily", account="beta", channel="C0000000002", workspace="globex")
        removed = history.add_schedule("gone", account="acme", channel="C0000000003", state="removed")
        history.add_version(acme, 2, channel="C0000000009")
        history.add_job(acme, "failed", 3 * HOUR, error="timeout")
        history.add_attempt(
            history.add_job(acme, "succeeded", 2 * HOUR, ts="1.1"), outcome="posted", ts="1.1", channel="C0000000009"
        )
        history.add_job(beta, "held", HOUR, error="timeout")
        history.add_job(removed, "failed", 50 * HOUR, error="is_archived")
        yield history


def select(history: JobHistory, options: FilterOptions) -> list[int | None]:
    return [job.job for job in job_history.every(history.db, filters.parse(history.session, options))]


@pytest.mark.parametrize(
    ("options", "jobs"),
    [
        pytest.param(FilterOptions(), [4, 1, 2, 3], id="all, in due order"),
        pytest.param(FilterOptions(schedule=["acme-daily"]), [1, 2], id="a schedule"),
        pytest.param(FilterOptions(schedule=["*-daily"]), [1, 2, 3], id="a glob"),
        pytest.param(FilterOptions(schedule=["[!a]*"]), [4, 3], id="a glob that negates"),
        pytest.param(FilterOptions(schedule=["gone", "beta-daily"]), [4, 3], id="several, one of them removed"),
        pytest.param(FilterOptions(schedule=["nobody-*"]), [], id="a glob that finds nothing"),
        pytest.param(FilterOptions(account=["acme,beta"]), [4, 1, 2, 3], id="a comma list"),
        pytest.param(FilterOptions(account=["beta"]), [3], id="an account"),
        pytest.param(FilterOptions(workspace=["globex"]), [3], id="a workspace"),
        pytest.param(FilterOptions(channel=["C0000000009"]), [2], id="the channel that it was posted to"),
        pytest.param(FilterOptions(channel=["C0000000001"]), [1], id="the channel that it would be posted to"),
        pytest.param(FilterOptions(state=["failed"]), [4, 1], id="a state"),
        pytest.param(FilterOptions(state=["failed", "held"]), [4, 1, 3], id="two states, merged"),
        pytest.param(FilterOptions(state=["succeeded,failed"]), [4, 1, 2], id="two states without an index"),
        pytest.param(FilterOptions(error=["timeout"], state=["failed"]), [1], id="an error"),
        pytest.param(FilterOptions(since="2h"), [2, 3], id="since includes its instant"),
        pytest.param(FilterOptions(until="2h"), [4, 1, 2], id="until does too"),
        pytest.param(FilterOptions(since="4h", until="2026-12-01T12:00:00Z"), [1], id="a span"),
    ],
)
def test_filter_selects_jobs(history: JobHistory, options: FilterOptions, jobs: list[int]) -> None:
    assert select(history, options) == jobs


@pytest.mark.parametrize(
    ("options", "problem", "hint"),
    [
        (FilterOptions(schedule=["acme-dayly"]), "No schedule named 'acme-dayly'", "Did you mean 'acme-daily'?"),
        (FilterOptions(workspace=["globx"]), "No workspace named 'globx' exists.", "Did you mean 'globex'?"),
    ],
)
def test_unknown_name_is_refused(history: JobHistory, options: FilterOptions, problem: str, hint: str) -> None:
    with pytest.raises(NotFound, match=problem) as refused:
        select(history, options)
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("options", "problem", "hint"),
    [
        (FilterOptions(account=["acmee"]), "account: no schedule has or had the account 'acmee'", "'acme'?"),
        (FilterOptions(account=["beta,ACMEE"]), "account: no schedule has or had the account 'ACMEE'", "'acme'?"),
        (FilterOptions(channel=["C0000000019"]), "no schedule has or had the channel 'C0000000019'", "'C0000000009'?"),
        (FilterOptions(error=["is_archivd"]), "error: 'is_archivd' is no known error code", "'is_archived'?"),
        (FilterOptions(error=["schedule_pausd"]), "error: 'schedule_pausd' is no known", "'schedule_paused'?"),
        (FilterOptions(account=["zzz"]), "account: no schedule has", "'schedbot list --json' shows the accounts."),
    ],
)
def test_value_that_is_not_on_record_is_refused(
    history: JobHistory, options: FilterOptions, problem: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        select(history, options)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(FilterOptions(error=["channel_not_found"]), id="a code of Slack that never happened"),
        pytest.param(FilterOptions(error=["schedule_removed"]), id="a cancellation that never happened"),
        pytest.param(FilterOptions(error=["http_502"]), id="a code of a family"),
        pytest.param(FilterOptions(error=["brand_new_code"], state=["held"]), id="an unlisted code on record"),
        pytest.param(FilterOptions(account=["idle"]), id="an account without jobs"),
        pytest.param(FilterOptions(account=["gone"]), id="an account of a removed schedule"),
        pytest.param(FilterOptions(channel=["C0000000004"]), id="a channel without jobs"),
    ],
)
def test_known_value_that_matches_nothing_is_no_error(history: JobHistory, options: FilterOptions) -> None:
    history.add_schedule("idle", account="idle", channel="C0000000004")
    former = history.add_schedule("former", account="gone", state="removed")
    history.add_job(former, "failed", 60 * HOUR, error="brand_new_code")
    assert select(history, options) == ([5] if options.account == ["gone"] else [])


@pytest.mark.parametrize(
    ("options", "problem", "hint"),
    [
        (FilterOptions(state=["failed,hold"]), "state: unknown job state 'hold'", "Did you mean 'held'?"),
        (FilterOptions(state=["xyz"]), "state: unknown job state 'xyz'", "The job states are queued, running"),
        (FilterOptions(since="1h", until="2h"), "until '2h' is before '1h'", "Swap them."),
        (FilterOptions(since="whenever"), "'whenever' is not a time", "Write it like"),
        (FilterOptions(channel=["#general"]), "'#general' is a name", "Copy link"),
        (FilterOptions(account=["acme", " , "]), "^account is empty", "leave the option out"),
        (FilterOptions(since=""), "^since is empty", "leave the option out"),
        (FilterOptions(until=" "), "^until is empty", "leave the option out"),
    ],
)
def test_wrong_value_is_refused(history: JobHistory, options: FilterOptions, problem: str, hint: str) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        select(history, options)
    assert hint in refused.value.hint


@pytest.mark.parametrize("name", ["schedule", "account", "workspace", "channel", "state", "error"])
def test_empty_value_is_refused(history: JobHistory, name: str) -> None:
    empty: dict[str, Any] = {name: [""]}
    with pytest.raises(BadInput, match=f"^{name} is empty"):
        select(history, FilterOptions(**empty))


def test_newest_jobs_are_due_last(history: JobHistory) -> None:
    job_filter = filters.parse(history.session, FilterOptions())
    assert [job.job for job in job_history.newest(history.db, job_filter, 2)] == [3, 2]


def test_attempt_has_the_ts_that_a_look_up_found(history: JobHistory) -> None:
    history.add_attempt(3, outcome="unknown", error="timeout")
    with history.db.writing():
        history.db.execute(
            "INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer, ts)"
            " VALUES (3, 1, 'globex', 1, 'found', '1796133600.400000')"
        )
    job = job_history.by_number(history.db, 3)
    assert job
    assert [attempt.ts for attempt in job.attempts] == ["1796133600.400000"]
