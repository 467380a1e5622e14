"""The hash chain: an altered, removed or inserted row of the record is named, whatever program did it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from schedbot.admin.operations import prune
from schedbot.store.open_database import open_database
from schedbot.store.operations import chain
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_value

DAY = 24 * 3_600_000
ATTEMPT = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at)
SELECT id, 1, workspace_id, 1, 'C0000000001', 'pool', due_at, due_at FROM jobs WHERE state = 'queued'
"""
LOOKUP = """
INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer)
SELECT id, 1, workspace_id, due_at + 1, 'absent' FROM jobs WHERE attempts = 1
"""

NEW_CHANGE = "INSERT INTO changes SELECT 7, 1, 'a', 'h', 'edit', NULL, 'job', '1', 'x', '{}', '{}', NULL"
NEW_ATTEMPT = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, ended_at, outcome)
SELECT id, 2, workspace_id, 1, 'C1', 'pool', 1, 2, 'lost_unsent' FROM jobs WHERE id = 3
"""
NEW_JOB = """
INSERT INTO jobs (id, schedule_id, workspace_id, due_at, available_at, deadline_at, state)
SELECT 99, schedule_id, workspace_id, 1, 1, 1, 'missed' FROM jobs WHERE id = 3
"""
NEW_LOOKUP = "INSERT INTO lookups SELECT 9, 1, 1, workspace_id, 1, 'absent', NULL, NULL FROM jobs LIMIT 1"


def end_jobs(schedules: Schedules, state: str) -> None:
    """End each queued job after an attempt and a look-up, in two transactions as a pool does."""
    with schedules.db.writing():
        schedules.db.execute(ATTEMPT)
        schedules.db.execute("UPDATE jobs SET attempts = 1 WHERE state = 'queued'")
    with schedules.db.writing():
        schedules.db.execute(LOOKUP)
        schedules.db.execute("UPDATE attempts SET ended_at = sent_at + 9, outcome = 'not_posted', error = 'x'")
        schedules.db.execute(
            "UPDATE jobs SET state = :state, ts = '1.2', lateness_ms = 9 WHERE attempts = 1", {"state": state}
        )


@pytest.fixture
def chained(schedules: Schedules) -> Schedules:
    """A record with rows in each table of the chain: three posted jobs, a missed one and a cancelled one."""
    schedules.add("hourly", cron="0 * * * *", misfire="all", grace="2h")
    schedules.tick("2026-12-01 11:59:00")
    end_jobs(schedules, "succeeded")
    schedules.tick("2026-12-01 15:30:00")
    schedules.pause("hourly")
    report = chain.verify(schedules.db)
    assert (report.problem, report.rows) == ("", 2 + 4 + 4 + 7)
    return schedules


def tamper(schedules: Schedules, sql: str) -> None:
    """Change the file as a person with the program sqlite3 does, without the tables' triggers."""
    with sqlite3.connect(schedules.path) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(sql)
    raw.close()


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE changes SET actor = 'mary' WHERE id = 1", "change 1 was altered"),
        ("UPDATE changes SET after = replace(after, '0 *', '1 *') WHERE id = 1", "change 1 was altered"),
        ("UPDATE attempts SET error = 'y' WHERE job_id = 3", "attempt 1 of job 3 was altered"),
        ("UPDATE lookups SET answer = 'found' WHERE id = 3", "look-up 3 was altered"),
        ("UPDATE jobs SET ts = '1.3' WHERE id = 3", "job 3 was altered"),
        ("UPDATE jobs SET state = 'skipped' WHERE state = 'missed'", "job 6 was altered"),
        ("UPDATE jobs SET state = 'held' WHERE id = 3", "job 3 was altered"),
        ("DELETE FROM changes WHERE id = 2", "change 2 was removed"),
        ("DELETE FROM attempts WHERE job_id = 3", "attempt 1 of job 3 was removed"),
        ("DELETE FROM lookups WHERE id = 3", "look-up 3 was removed"),
        ("DELETE FROM jobs WHERE id = 3", "job 3 was removed"),
        (NEW_CHANGE, "change 7 was inserted"),
        (NEW_ATTEMPT, "attempt 2 of job 3 was inserted"),
        (NEW_JOB, "job 99 was inserted"),
        (NEW_LOOKUP, "look-up 9 was inserted"),
        ("UPDATE links SET entries = zeroblob(29) WHERE id = 2", "link 2 was altered"),
        ("DELETE FROM links WHERE id = 2", "link 2 was removed"),
        ("DELETE FROM links WHERE id = (SELECT max(id) FROM links)", "change 2 was inserted"),
    ],
)
def test_first_tampered_row_is_named(chained: Schedules, sql: str, problem: str) -> None:
    tamper(chained, sql)
    assert chain.verify(chained.db).problem.partition(":")[0] == problem


# A row of each table, with a text that is nowhere else in the file.
MARKED_ROWS = (
    "INSERT INTO changes SELECT 70, 1, 'marked-change', 'h', 'edit', NULL, 'job', '1', 'x', '{}', '{}', NULL",
    """
    INSERT INTO jobs (id, schedule_id, workspace_id, due_at, available_at, deadline_at, state, ts)
    SELECT 80, schedule_id, workspace_id, :now, 1, 1, 'succeeded', 'marked-job' FROM jobs LIMIT 1
    """,
    """
    INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, ended_at, outcome, detail)
    SELECT id, 1, workspace_id, 1, 'C1', 'pool', 1, 2, 'lost_unsent', 'marked-attempt' FROM jobs WHERE id = 80
    """,
    "INSERT INTO lookups SELECT 90, 80, 1, workspace_id, 1, 'found', NULL, 'marked-lookup' FROM jobs WHERE id = 80",
)


def flip_byte(path: Path, text: bytes) -> None:
    """Flip a bit of the text, which is once in the file, as a disk that fails does."""
    content = bytearray(path.read_bytes())
    assert content.count(text) == 1
    content[content.index(text)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("is_backup", [False, True])
@pytest.mark.parametrize("is_pruned", [False, True])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"marked-change", "change 70 was altered"),
        (b"marked-job", "job 80 was altered"),
        (b"marked-attempt", "attempt 1 of job 80 was altered"),
        (b"marked-lookup", "look-up 90 was altered"),
    ],
)
def test_flipped_byte_is_named(
    chained: Schedules, tmp_path: Path, text: bytes, problem: str, is_pruned: bool, is_backup: bool
) -> None:
    """Also after a prune, whose links say what it deleted, and in a backup, which a restore goes on with."""
    if is_pruned:
        prune_all(chained)
    with chained.db.writing():
        for sql in MARKED_ROWS:
            chained.db.execute(sql, {"now": ms("2026-12-09 10:00:00")} if ":now" in sql else None)
    path = chained.path
    if is_backup:
        path = tmp_path / "backup.db"
        chained.db.back_up(path, 0)
    chained.db.close()
    flip_byte(path, text)
    with closing(open_database(path)) as db:
        assert chain.verify(db).problem == problem


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE changes SET actor = 'mary'",
        "DELETE FROM changes",
        "UPDATE attempts SET error = 'y'",
        "DELETE FROM attempts",
        "UPDATE lookups SET answer = 'found'",
        "DELETE FROM lookups",
        "UPDATE jobs SET ts = '1.3' WHERE state = 'succeeded'",
        "DELETE FROM jobs WHERE state = 'succeeded'",
        "UPDATE links SET hash = ''",
        "DELETE FROM links",
    ],
)
def test_tables_of_the_record_refuse_to_be_altered(chained: Schedules, sql: str) -> None:
    with sqlite3.connect(chained.path) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(sql)
    raw.close()


def test_row_of_another_program_is_never_taken_into_the_chain(chained: Schedules) -> None:
    tamper(chained, NEW_CHANGE)
    chained.resume("hourly")
    assert chain.verify(chained.db).problem == "change 7 was inserted"


def retry_failed(schedules: Schedules) -> None:
    tick_and_fail(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'queued', spent = 0, error = NULL WHERE state = 'failed'")


def tick_and_fail(schedules: Schedules) -> None:
    schedules.resume("hourly")
    schedules.tick("2026-12-01 16:59:00")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'x' WHERE state = 'queued'")


def fail_again(schedules: Schedules) -> None:
    retry_failed(schedules)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'y' WHERE state = 'queued'")


def prune_all(schedules: Schedules) -> None:
    schedules.tick("2026-12-09 09:00:00")
    prune.carry_out(schedules.session, older_than_ms=DAY, keep_failed=False)
    assert read_value(schedules.db, "SELECT count(*) FROM attempts") == 1


def set_clock_ahead(schedules: Schedules) -> None:
    schedules.resume("hourly")
    schedules.tick("2026-12-03 09:00:00")
    schedules.tick("2026-12-01 15:40:00")


def restore_missed(schedules: Schedules) -> None:
    """A restore learns from Slack that jobs which it made as missed were posted."""
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'succeeded', ts = '1.7', error = NULL WHERE state = 'missed'")


@pytest.mark.parametrize("change", [retry_failed, fail_again, prune_all, set_clock_ahead, restore_missed])
def test_what_schedbot_itself_does_keeps_the_chain(chained: Schedules, change: Callable[[Schedules], None]) -> None:
    change(chained)
    assert chain.verify(chained.db).problem == ""


def test_former_head_must_be_in_the_chain(chained: Schedules) -> None:
    head = chain.get_head(chained.db)
    chained.resume("hourly")
    assert chain.verify(chained.db, head.hash).problem == ""
    assert "no link has the hash" in chain.verify(chained.db, "0" * 64).problem


def test_one_link_holds_all_rows_of_a_transaction(chained: Schedules) -> None:
    links = chain.get_head(chained.db).link
    chained.resume("hourly")
    assert chain.get_head(chained.db).link == links + 1
    with chained.db.writing():
        pass
    assert chain.get_head(chained.db).link == links + 1


def test_rows_of_a_rolled_back_transaction_are_in_no_link(chained: Schedules) -> None:
    with suppress(ZeroDivisionError), chained.db.writing():
        chained.db.execute("UPDATE jobs SET state = 'skipped' WHERE state = 'cancelled'")
        raise ZeroDivisionError
    chained.resume("hourly")
    assert chain.verify(chained.db).problem == ""
