"""Query plans of the statements of a post: they read indexes. CHECKs of the tables list the values of the enums."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from schedbot.model import (
    CancelReason,
    JobKind,
    JobState,
    MisfirePolicy,
    Outcome,
    Priority,
    ScheduleState,
    UnknownPolicy,
)
from schedbot.store.database import Database
from schedbot.store.fanout import (
    backfill,
    count_past_occurrences,
    enqueue_due,
    enqueue_together,
    insert_jobs,
    timezone_update,
)
from schedbot.store.history import changes, last_results, missed_spans, previous_post, sent_posts
from schedbot.store.jobs import (
    attempt_ends,
    attempts,
    calendar_deferral,
    claims,
    fairness,
    pacing,
    pending,
    rescue,
    settlement,
    unknown,
)
from schedbot.store.open_database import create_database
from schedbot.store.operations import (
    alerts,
    balance,
    health,
    prune,
    remaining_jobs,
    replaced_posts,
    restored_jobs,
)
from schedbot.store.schedules import active_schedules, due_soon, parked_jobs, recurrences, user_zones, workspaces
from tests.support.sql import read_rows, read_value

BOUND = re.compile(r":[a-z_]+")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    with database.writing():
        database.execute(attempts.STARTS)
        database.execute(attempt_ends.ENDS)
    yield database
    database.close()


def plan(db: Database, sql: str) -> list[str]:
    """Return the steps of a statement's query plan."""
    bindings = {name[1:]: None for name in BOUND.findall(sql)}
    return [str(row[3]) for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", bindings)]


VALUES = {"SCAN CONSTANT ROW", "SCAN (subquery-1)", "SCAN starts", "SCAN ends", "SCAN waiting"}


def is_bounded(scan: str) -> bool:
    """Does the scan read only a partial index, an index up to a LIMIT, or values of the statement or the commit?"""
    return "INDEX" in scan or scan in (
        "SCAN CONSTANT ROW",
        "SCAN (subquery-1)",
        "SCAN starts",
        "SCAN ends",
        "SCAN waiting",
    )


STEPS = [
    # statement, indexes that its plan must name
    pytest.param(claims.CLAIM, ["jobs_claimable (available_at<?)"], id="claim"),
    pytest.param(fairness.FIRST_JOBS, ["jobs_by_workspace (workspace_id=? AND available_at<?)"], id="first jobs"),
    pytest.param(claims.HAS_MORE_THAN, ["jobs_claimable (available_at<?)"], id="are there more jobs than room"),
    pytest.param(
        fairness.NEXT_WORKSPACES,
        ["jobs_by_workspace (workspace_id>?)", "jobs_by_workspace (workspace_id=?)"],
        id="next workspaces",
    ),
    pytest.param(fairness.CLAIM_BY_ID, ["jobs USING INTEGER PRIMARY KEY"], id="claim jobs of workspaces"),
    pytest.param(claims.HAS_AVAILABLE, ["jobs_claimable (available_at<?)"], id="is there a job to claim"),
    pytest.param(claims.RENEW, ["jobs USING INTEGER PRIMARY KEY"], id="renew"),
    pytest.param(claims.RELEASE, ["jobs USING INTEGER PRIMARY KEY"], id="release"),
    pytest.param(claims.EXPIRE, ["jobs USING INTEGER PRIMARY KEY"], id="expire"),
    pytest.param(claims.LEASE, ["jobs USING INTEGER PRIMARY KEY"], id="lease"),
    pytest.param(rescue.EXPIRED, ["jobs_leased"], id="expired leases"),
    pytest.param(attempts.BEGIN, ["j USING INTEGER PRIMARY KEY", "p USING PRIMARY KEY"], id="begin an attempt"),
    pytest.param(attempts.COUNT, ["jobs USING INTEGER PRIMARY KEY"], id="count the attempt"),
    pytest.param(attempts.REFUSED, ["j USING INTEGER PRIMARY KEY", "a USING PRIMARY KEY"], id="which are refused"),
    pytest.param(attempt_ends.LOST, ["j USING INTEGER PRIMARY KEY", "a USING INDEX"], id="which are lost"),
    pytest.param(attempt_ends.END, ["attempts USING PRIMARY KEY (job_id=? AND number=?)"], id="end the attempt"),
    pytest.param(attempt_ends.SETTLE_FINALLY, ["jobs USING INTEGER PRIMARY KEY"], id="settle a job that has ended"),
    pytest.param(attempt_ends.SETTLE, ["jobs USING INTEGER PRIMARY KEY"], id="settle its job"),
    pytest.param(pacing.HOLD, [], id="hold a channel"),
    pytest.param(pacing.HOLD_FOR_STARTS, ["j USING INTEGER PRIMARY KEY"], id="hold channels of attempts"),
    pytest.param(pacing.HOLD_FOR_OPEN_ATTEMPTS, ["attempts USING INDEX attempts_open"], id="hold for open attempts"),
    pytest.param(pacing.OPEN_ATTEMPTS_HOLD_UNTIL, ["attempts USING INDEX attempts_open"], id="until open attempts end"),
    pytest.param(pacing.RELEASE, ["p USING PRIMARY KEY"], id="release a channel"),
    pytest.param(pacing.RELEASE_FOR_ENDS, ["p USING PRIMARY KEY"], id="release channels of attempts"),
    pytest.param(pacing.HELD, ["p USING PRIMARY KEY (workspace_id=? AND method=? AND channel=?)"], id="held channels"),
    pytest.param(pacing.FREE_AT, ["pacing USING PRIMARY KEY"], id="when a channel is free"),
    pytest.param(pacing.POSTPONE, ["jobs_by_workspace (workspace_id=? AND available_at<?)"], id="postpone a workspace"),
    pytest.param(unknown.TAKE, ["jobs_to_look_up (available_at<?)"], id="take unknown jobs"),
    pytest.param(unknown.BRING_FORWARD, ["jobs_to_look_up (available_at>?)"], id="bring look-ups forward"),
    pytest.param(unknown.SETTLE, ["jobs USING INTEGER PRIMARY KEY"], id="settle an unknown job"),
    pytest.param(rescue.RESCUE_SENT, ["jobs USING INTEGER PRIMARY KEY"], id="rescue a sent job"),
    pytest.param(rescue.RESCUE_UNSENT, ["jobs USING INTEGER PRIMARY KEY"], id="rescue an unsent job"),
    pytest.param(rescue.END_ATTEMPT, ["attempts USING PRIMARY KEY (job_id=? AND number=?)"], id="end a lost attempt"),
    pytest.param(pending.LIST, ["sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"], id="jobs of a schedule"),
    pytest.param(pending.REQUEUE, ["jobs_deferred_past_pause (schedule_id=?)"], id="deferred past a pause"),
    pytest.param(pending.COUNT_TO_SEND, ["sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"], id="jobs to send"),
    pytest.param(pending.SETTLE, ["sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"], id="cancel"),
    pytest.param(
        calendar_deferral.OF_SCHEDULE, ["sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"], id="schedule calendar"
    ),
    pytest.param(
        calendar_deferral.OF_ACCOUNT,
        ["schedules_of_account", "sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"],
        id="account calendar",
    ),
    pytest.param(
        calendar_deferral.OF_WORKSPACE,
        ["schedules_of_workspace", "sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"],
        id="workspace calendar",
    ),
    pytest.param(recurrences.DUE, ["recurrences_due (next_due_at>? AND next_due_at<?)"], id="due recurrences"),
    pytest.param(recurrences.SET_NEXT_DUE, ["recurrences USING INTEGER PRIMARY KEY"], id="move a recurrence on"),
    pytest.param(recurrences.COUNT_SCHEDULES, ["schedules_to_enqueue (recurrence_id=?)"], id="count schedules"),
    pytest.param(enqueue_due.FINISH, ["schedules_to_enqueue (recurrence_id=?)"], id="finish"),
    pytest.param(active_schedules.HAS_MORE_THAN, ["schedules_to_enqueue"], id="are there many schedules"),
    pytest.param(active_schedules.ENQUEUED_AHEAD, ["recurrences_enqueued (last_due_at>?)"], id="enqueued ahead"),
    pytest.param(pending.LIST_SKIPPED, ["jobs_skipped (due_at>?)"], id="skipped in advance"),
    pytest.param(active_schedules.BY_NEXT_DUE, ["recurrences_due"], id="recurrences by next due"),
    pytest.param(
        active_schedules.OF_RECURRENCE, ["schedules_to_enqueue (recurrence_id=? AND name>?)"], id="active of recurrence"
    ),
    pytest.param(enqueue_together.COUNT_ACTIVE, ["schedules_to_enqueue (recurrence_id=?)"], id="count of many"),
    pytest.param(
        enqueue_together.NOT_SIMPLE,
        ["schedule_versions_with_calendar (recurrence_id=?)", "schedules_to_enqueue (recurrence_id=?)"],
        id="recurrences that are not simple",
    ),
    pytest.param(enqueue_together.MOVE, ["recurrences USING INTEGER PRIMARY KEY"], id="move many recurrences"),
    pytest.param(enqueue_together.FINISH_ALL, ["schedules_to_enqueue (recurrence_id=?)"], id="finish all"),
    pytest.param(
        enqueue_together.FINISH_ENDED, ["schedule_versions_with_end (recurrence_id=? AND until_at"], id="finish ended"
    ),
    pytest.param(
        due_soon.HAS_OCCURRENCE, ["recurrences_due (next_due_at>? AND next_due_at<?)"], id="is a recurrence due"
    ),
    pytest.param(due_soon.HAS_ENDING_PAUSE, ["schedules_in_timed_pause (state_until>?"], id="does a pause end"),
    pytest.param(due_soon.HAS_USER_ZONE, ["people_to_ask (ask_at<?)"], id="is a user zone due"),
    pytest.param(user_zones.DUE, ["people_to_ask (ask_at<?)"], id="due user zones"),
    pytest.param(user_zones.FIND, ["people USING PRIMARY KEY"], id="a user zone"),
    pytest.param(user_zones.RECORD_ADOPTED_ZONE, ["people USING PRIMARY KEY"], id="record a user zone"),
    pytest.param(
        missed_spans.SCHEDULES,
        ["schedules_to_enqueue", "(day=? AND schedule_id=? AND due_at>? AND due_at<?)"],
        id="record missed spans",
    ),
    pytest.param(missed_spans.OF_SCHEDULE, ["(schedule_id=? AND first_due_at<?)"], id="missed spans of a schedule"),
    pytest.param(missed_spans.SHRINK, ["missed_spans USING INTEGER PRIMARY KEY"], id="shrink a missed span"),
    pytest.param(settlement.MARK_POSTED, ["jobs USING INTEGER PRIMARY KEY"], id="mark as posted"),
]


@pytest.mark.parametrize(("sql", "indexes"), STEPS)
def test_statement_of_a_post_reads_an_index_and_sorts_nothing(db: Database, sql: str, indexes: list[str]) -> None:
    steps = plan(db, sql)
    text = "\n".join(steps)
    assert [index for index in indexes if index not in text] == [], text
    assert [step for step in steps if step.startswith("SCAN") and not is_bounded(step)] == []
    assert "TEMP B-TREE" not in text, text


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(backfill.RECORDED, id="occurrences of a backfill"),
        pytest.param(count_past_occurrences.COUNT, id="count of past occurrences"),
        pytest.param(count_past_occurrences.DUE, id="due instants"),
        pytest.param(timezone_update.LAST_ENQUEUED, id="last enqueued"),
        pytest.param(previous_post.BEFORE, id="last message before"),
        pytest.param(last_results.LAST, id="last results"),
        pytest.param(missed_spans.DUE_OF_JOBS, id="jobs beside a missed span"),
        pytest.param(sent_posts.COUNT_SINCE, id="posts since a change"),
        pytest.param(pending.UNSKIP, id="skipped occurrence"),
        pytest.param(calendar_deferral.LATER_OCCURRENCES, id="later occurrences"),
        pytest.param(restored_jobs.OF_OCCURRENCE, id="restored occurrence"),
        pytest.param(replaced_posts.OF_OCCURRENCE, id="occurrence of a replaced database"),
        pytest.param(alerts.FAILED, id="failures without a later post"),
        pytest.param(prune.SELECT, id="jobs to prune"),
        pytest.param(health.COUNT_ACCOUNTS_WITHOUT_POST, id="accounts without a post"),
        pytest.param(balance.JOBS.format(selected="true"), id="balance"),
    ],
)
def test_jobs_of_a_schedule_are_looked_up_on_each_day(db: Database, sql: str) -> None:
    steps = plan(db, sql)
    by_key = [step for step in steps if "INDEX sqlite_autoindex_jobs_1 (day=? AND schedule_id=?" in step]
    assert by_key, steps
    scans = ("SCAN jobs", "SCAN j", "SCAN n", "SCAN p", "SCAN l")
    assert [step for step in steps if step in scans] == []


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        pytest.param(changes.DELETE_OF, "changes_of_object (kind=? AND object_id=?)", id="of deleted jobs"),
        pytest.param(changes.DELETE_ORPHANS, "changes_by_time (changed_at>? AND changed_at<?)", id="orphans"),
    ],
)
def test_prune_reads_no_other_changes(db: Database, sql: str, index: str) -> None:
    steps = plan(db, sql)
    assert any(index in step for step in steps), steps
    assert "SCAN changes" not in steps


@pytest.mark.parametrize(
    ("sql", "indexes"),
    [
        pytest.param(
            parked_jobs.RESTART_GRACE,
            ["jobs_parked (workspace_id=?)", "sqlite_autoindex_jobs_1 (day=? AND schedule_id=?"],
            id="grace",
        ),
        pytest.param(parked_jobs.EXPIRE, ["jobs_parked (workspace_id=?)"], id="expire parked jobs"),
        pytest.param(workspaces.END_BEGUN, ["jobs_parked (workspace_id=?)", "jobs_by_workspace ("], id="remove"),
        pytest.param(remaining_jobs.COUNT_PAUSED, ["jobs_parked (workspace_id=?)", "jobs_by_workspace ("], id="paused"),
        pytest.param(sent_posts.COUNT_IN_WORKSPACE, ["jobs_by_due (due_at>?)"], id="posts since a change"),
    ],
)
def test_jobs_of_a_workspace_are_read_by_its_indexes(db: Database, sql: str, indexes: list[str]) -> None:
    text = "\n".join(plan(db, sql))
    assert [index for index in indexes if index not in text] == [], text
    assert not re.search(r"SCAN (jobs|j|a)$", text, re.MULTILINE), text


def test_schedules_of_a_user_are_read_from_one_index(db: Database) -> None:
    steps = plan(db, user_zones.OUTDATED)
    assert "schedule_versions_by_user (tz_from=? AND schedule_id>?)" in steps[0]
    assert [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step] == [], steps


def test_claimed_jobs_are_read_by_key(db: Database) -> None:
    steps = plan(db, claims.CLAIMED)
    scans = {"SCAN c VIRTUAL TABLE INDEX 1:", "SCAN job_days USING COVERING INDEX job_days_open"}
    assert {step for step in steps if step.startswith("SCAN")} == scans
    text = ("INDEX", "PRIMARY KEY", "ORDER BY", "SUBQUERY", "ROWID SEARCH ON TABLE job_days")
    assert all(any(word in step for word in text) for step in steps), steps


@pytest.mark.parametrize("sql", [insert_jobs.ENQUEUE, enqueue_together.ENQUEUE], ids=["one", "many"])
def test_enqueue_sorts_only_its_own_schedules(db: Database, sql: str) -> None:
    steps = plan(db, sql)
    assert [step for step in steps if "schedules_to_enqueue (recurrence_id=?)" in step]
    on_tables = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "USING" in step]
    assert [step for step in on_tables if step.startswith("SCAN")] == []
    assert [step for step in steps if "TEMP B-TREE" in step], "window functions sort the schedules of one recurrence"


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("jobs", "state", JobState),
        ("jobs", "kind", JobKind),
        ("jobs", "cancel_reason", CancelReason),
        ("schedules", "state", ScheduleState),
        ("attempts", "outcome", Outcome),
        ("schedule_versions", "misfire", MisfirePolicy),
        ("schedule_versions", "priority", Priority),
        ("schedule_versions", "on_unknown", UnknownPolicy),
    ],
)
def test_tables_and_enums_have_the_same_values(db: Database, table: str, column: str, words: type[StrEnum]) -> None:
    sql = read_value(db, "SELECT sql FROM sqlite_schema WHERE name = :table", {"table": table})
    [listed] = re.findall(rf"CHECK \(\s*{column} (?:IN\s*\(|=)([^)]*)\)", sql)
    assert sorted(re.findall(r"'([a-z_]+)'", listed)) == sorted(words)


def test_table_lists_the_results_of_look_ups(db: Database) -> None:
    sql = read_value(db, "SELECT sql FROM sqlite_schema WHERE name = 'lookups'")
    assert "CHECK (answer IN ('found', 'absent', 'widened', 'cannot_ask', 'later'))" in sql
