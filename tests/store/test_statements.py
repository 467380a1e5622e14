"""Statements on the way of a post are served by indexes, and the tables know the same words as the code."""

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
from schedbot.store.fanout import advance, enqueue
from schedbot.store.history import missed_spans
from schedbot.store.jobs import attempts, claims, deferral, fairness, manual, pacing, pending, rescue, unknown
from schedbot.store.opening import create_database
from schedbot.store.schedules import recurrences, user_zones
from tests.support.sql import read_rows, read_value

BOUND = re.compile(r":[a-z_]+")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    yield made
    made.close()


def plan(db: Database, sql: str) -> list[str]:
    """The steps of a statement, in SQLite's words."""
    bindings = {name[1:]: None for name in BOUND.findall(sql)}
    return [str(row[3]) for row in read_rows(db, f"EXPLAIN QUERY PLAN {sql}", bindings)]


def is_bounded(scan: str) -> bool:
    """Is only an index walked (a partial one, or up to a LIMIT), or what the statement itself brings along?"""
    return "INDEX" in scan or scan in ("SCAN CONSTANT ROW", "SCAN (subquery-1)")


STEPS = [
    # statement, the indexes that its plan must name
    pytest.param(claims.CLAIM, ["jobs_claimable (available_at<?)"], id="claim"),
    pytest.param(
        fairness.CLAIM_OF_WORKSPACE,
        ["jobs_by_workspace (workspace_id=? AND available_at<?)"],
        id="claim of a workspace",
    ),
    pytest.param(claims.HAS_MORE_THAN, ["jobs_claimable (available_at<?)"], id="is there more than room"),
    pytest.param(
        fairness.NEXT_WORKSPACE,
        ["jobs_by_workspace (workspace_id>?)", "v USING PRIMARY KEY (schedule_id=? AND version=?)"],
        id="whose turn it is",
    ),
    pytest.param(claims.HAS_AVAILABLE, ["jobs_claimable (available_at<?)"], id="is there a job to claim"),
    pytest.param(claims.RENEW, ["jobs USING INTEGER PRIMARY KEY"], id="renew"),
    pytest.param(claims.RELEASE, ["jobs USING INTEGER PRIMARY KEY"], id="give back"),
    pytest.param(claims.EXPIRE, ["jobs USING INTEGER PRIMARY KEY"], id="expire"),
    pytest.param(claims.LEASE, ["jobs USING INTEGER PRIMARY KEY"], id="is it still held"),
    pytest.param(rescue.EXPIRED, ["jobs_leased"], id="leases that passed"),
    pytest.param(attempts.BEGIN, ["j USING INTEGER PRIMARY KEY", "p USING PRIMARY KEY"], id="an attempt begins"),
    pytest.param(attempts.COUNT, ["jobs USING INTEGER PRIMARY KEY"], id="is counted"),
    pytest.param(attempts.END, ["attempts USING PRIMARY KEY (job_id=? AND number=?)"], id="ends"),
    pytest.param(attempts.SETTLE, ["jobs USING INTEGER PRIMARY KEY"], id="and settles its job"),
    pytest.param(pacing.FREE_AT, ["pacing USING PRIMARY KEY"], id="when a channel is free"),
    pytest.param(pacing.POSTPONE, ["jobs_by_workspace (workspace_id=? AND available_at<?)"], id="a hold"),
    pytest.param(unknown.TAKE, ["jobs_to_look_up (available_at<?)"], id="take what is unknown"),
    pytest.param(unknown.BRING_FORWARD, ["jobs_to_look_up (available_at>?)"], id="bring back what waits too long"),
    pytest.param(unknown.SETTLE, ["jobs USING INTEGER PRIMARY KEY"], id="settle what was unknown"),
    pytest.param(rescue.RESCUE_SENT, ["jobs USING INTEGER PRIMARY KEY"], id="lose what had left"),
    pytest.param(rescue.RESCUE_UNSENT, ["jobs USING INTEGER PRIMARY KEY"], id="lose what had not"),
    pytest.param(rescue.END_ATTEMPT, ["attempts USING PRIMARY KEY (job_id=? AND number=?)"], id="end what was lost"),
    pytest.param(pending.LIST, ["jobs"], id="what waits for a schedule"),
    pytest.param(pending.SETTLE, ["jobs"], id="cancel"),
    pytest.param(deferral.OF_SCHEDULE, ["jobs_open (schedule_id=?)"], id="rule again on a schedule"),
    pytest.param(deferral.OF_ACCOUNT, ["schedules_of_account", "jobs_open (schedule_id=?)"], id="on an account"),
    pytest.param(deferral.OF_WORKSPACE, ["schedules_of_workspace", "jobs_open"], id="on a workspace"),
    pytest.param(recurrences.DUE, ["recurrences_due (next_due_at>? AND next_due_at<?)"], id="what is due"),
    pytest.param(recurrences.SET_NEXT_DUE, ["recurrences USING INTEGER PRIMARY KEY"], id="move on"),
    pytest.param(recurrences.COUNT_SCHEDULES, ["schedules_to_enqueue (recurrence_id=?)"], id="how many want it"),
    pytest.param(advance.FINISH, ["schedules_to_enqueue (recurrence_id=?)"], id="finish"),
    pytest.param(user_zones.IS_ANY_DUE, ["people_to_ask (ask_at<?)"], id="is a person to be asked for"),
    pytest.param(user_zones.DUE, ["people_to_ask (ask_at<?)"], id="who is to be asked for"),
    pytest.param(user_zones.FIND, ["people USING PRIMARY KEY"], id="a person"),
    pytest.param(user_zones.RECORD_ADOPTED_ZONE, ["people USING PRIMARY KEY"], id="what a person's zone is"),
    pytest.param(missed_spans.SCHEDULES, ["schedules_to_enqueue", "(schedule_id=? AND due_at>?"], id="a span begins"),
    pytest.param(missed_spans.OF_SCHEDULE, ["(schedule_id=? AND first_due_at<?)"], id="a schedule's spans"),
    pytest.param(missed_spans.SHRINK, ["(schedule_id=? AND first_due_at<?)"], id="a span shrinks"),
    pytest.param(manual.MARK_POSTED, ["jobs USING INTEGER PRIMARY KEY"], id="mark as posted"),
]


@pytest.mark.parametrize(("sql", "indexes"), STEPS)
def test_a_statement_on_the_way_of_a_post_reads_an_index_and_sorts_nothing(
    db: Database, sql: str, indexes: list[str]
) -> None:
    steps = plan(db, sql)
    told = "\n".join(steps)
    assert [index for index in indexes if index not in told] == [], told
    assert [step for step in steps if step.startswith("SCAN") and not is_bounded(step)] == []
    assert "TEMP B-TREE" not in told, told


def test_the_schedules_of_a_person_are_found_by_an_index_of_versions_alone(db: Database) -> None:
    steps = plan(db, user_zones.OUTDATED)
    assert "schedule_versions_by_user (tz_from=? AND schedule_id>?)" in steps[0]
    assert [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step] == [], steps


def test_what_was_claimed_is_read_by_keys_and_only_that_is_sorted(db: Database) -> None:
    steps = plan(db, claims.CLAIMED)
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN c VIRTUAL TABLE INDEX 1:"]
    told = ("INDEX", "PRIMARY KEY", "ORDER BY", "SCALAR SUBQUERY")
    assert all(any(word in step for word in told) for step in steps), steps


def test_an_occurrence_is_spaced_by_sorting_its_own_schedules_alone(db: Database) -> None:
    steps = plan(db, enqueue.ENQUEUE)
    assert [step for step in steps if "schedules_to_enqueue (recurrence_id=?)" in step]
    on_tables = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "USING" in step]
    assert [step for step in on_tables if step.startswith("SCAN")] == []
    assert [step for step in steps if "TEMP B-TREE" in step], "the windows need one: of what one recurrence has"


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
def test_the_tables_know_the_same_words_as_the_code(
    db: Database, table: str, column: str, words: type[StrEnum]
) -> None:
    sql = read_value(db, "SELECT sql FROM sqlite_schema WHERE name = :table", {"table": table})
    [listed] = re.findall(rf"CHECK \({column} IN\s*\(([^)]*)\)\)", sql)
    assert sorted(re.findall(r"'([a-z_]+)'", listed)) == sorted(words)


def test_an_outcome_of_a_look_up_is_one_of_four(db: Database) -> None:
    sql = read_value(db, "SELECT sql FROM sqlite_schema WHERE name = 'lookups'")
    assert "CHECK (answer IN ('found', 'absent', 'elsewhere', 'cannot_ask', 'later'))" in sql
