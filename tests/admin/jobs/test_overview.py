"""`audit --summary` counts jobs for a triage, and `--missing` lists accounts without a post."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.admin.jobs import filters, overview
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.model import JobState
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from tests.support.job_history import HOUR, JobHistory, new_job_history
from tests.support.schedules import Schedules, ms

DAY = 24 * HOUR


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        history.add_workspace("globex")
        acme = history.add_schedule("acme-daily", account="acme")
        beta = history.add_schedule("beta-daily", account="beta", workspace="globex")
        quiet = history.add_schedule("quiet-daily", account="quiet")
        history.add_job(acme, "succeeded", 3 * HOUR, ts="1.1")
        history.add_job(acme, "failed", 2 * HOUR, error="is_archived")
        history.add_job(beta, "missed", 25 * HOUR, error="no_tick")
        history.add_job(beta, "failed", HOUR, error="is_archived")
        history.add_job(beta, "queued", -HOUR)
        history.add_job(quiet, "skipped", HOUR, error="holiday: Christmas Day")
        yield history


def test_summary_counts_by_state_error_workspace_account_and_day(history: JobHistory) -> None:
    rows = overview.summarize(history.session, Filter(states=(JobState.FAILED, JobState.MISSED, JobState.SUCCEEDED)))
    assert [(row.by, row.key, row.jobs, row.troubled) for row in rows] == [
        ("state", "failed", 2, 2),
        ("state", "missed", 1, 1),
        ("state", "succeeded", 1, 0),
        ("error", "is_archived", 2, 2),
        ("error", "no_tick", 1, 1),
        ("workspace", "globex", 2, 2),
        ("workspace", "acme", 2, 1),
        ("account", "beta", 2, 2),
        ("account", "acme", 2, 1),
        ("day", "2026-11-30", 1, 1),
        ("day", "2026-12-01", 3, 2),
    ]


def test_missing_lists_accounts_of_which_no_job_was_posted(history: JobHistory) -> None:
    [beta] = overview.list_missing(history.session, Filter())
    assert (beta.account, dict(beta.states)) == ("beta", {"missed": 1, "failed": 1})
    assert dict(beta.errors) == {"no_tick": 1, "is_archived": 1}


def test_missing_lists_schedules_without_an_account_one_by_one(schedules: Schedules) -> None:
    schedules.utc = "2026-10-01 00:00:30"
    for name, account in (("one", ""), ("two", ""), ("three", "acme")):
        schedules.add(name, cron="0 9 * * *", account=account, grace="1h")
    schedules.tick("2026-10-01 20:00:00")
    missing = overview.list_missing(schedules.session, Filter())
    assert [(entry.account, entry.schedule) for entry in missing] == [("", "one"), ("", "two"), ("acme", "")]


def test_summary_counts_missed_occurrences_within_the_filter(schedules: Schedules) -> None:
    schedules.utc = "2026-10-01 00:00:30"
    schedules.add("often", cron="*/5 * * * *", account="acme")
    schedules.tick("2026-10-15 00:02:00")
    since, until = ms("2026-10-05 10:00:00"), ms("2026-10-06 09:59:59")
    rows = overview.summarize(schedules.session, Filter(since=since, until=until))
    days = {row.key: row.jobs for row in rows if row.by == "day"}
    assert days == {"2026-10-05": 14 * 12, "2026-10-06": 10 * 12}


def test_local_reads_since_in_the_zone_of_each_schedule(schedules: Schedules) -> None:
    for name, tz in (("tokyo", "Asia/Tokyo"), ("honolulu", "Pacific/Honolulu")):
        schedules.utc = "2026-11-28 23:00:00"
        schedules.add(name, cron="30 0 * * *", tz=tz, misfire="all", grace="3d")
    schedules.tick("2026-11-30 23:00:00")  # a Monday
    options = FilterOptions(since="monday", until="monday", local=True)
    selected = job_history.every(schedules.db, filters.parse(schedules.session, options))
    # 00:30 of each schedule's own Monday; in Tokyo it is Tuesday by now.
    assert [(job.schedule, job.due_at) for job in selected] == [
        ("tokyo", ms("2026-11-29 15:30:00")),
        ("honolulu", ms("2026-11-30 10:30:00")),
    ]
