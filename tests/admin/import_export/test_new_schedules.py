"""Many new schedules at once: the same rows as `add` writes, whatever others change meanwhile."""

import csv
import io
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.import_export.importer import ImportResult, Source, import_file
from schedbot.admin.import_export.new_schedules import NewSchedules
from schedbot.admin.import_export.repeated_terms import RepeatedTerms
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.errors import BadInput, DatabaseUnusable
from schedbot.reports.definitions import NO_DEFINITIONS
from schedbot.store.operations import chain
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.schedules import Schedules, ms, open_schedules
from tests.support.sql import read_rows

DAILY = {"channel": "C0000000001", "cron": "0 9 * * *", "tz": "UTC", "text": "Hi"}
LINES: list[dict[str, str]] = [
    {"name": "a", **DAILY},
    {"name": "b", **DAILY, "account": '"ACME"', "text": 'say "hi"\n\tto \\ ü😀\x7f'},
    {"name": "c", **DAILY, "tz": "Asia/Tokyo", "paused": "true", "priority": "high", "count": "3"},
    {"name": "d", **DAILY, "cron": "", "at": "2026-12-25 18:00", "skip_holidays": "DE", "holiday_policy": "before"},
    {
        "name": "e",
        **DAILY,
        "cron": "",
        "every": "2 weeks on monday at 9:00",
        "starts": "2026-12-24",
        "until": "2027-03-01",
    },
    {"name": "f", **DAILY, "text": "", "report": "report.j2", "params": '{"a": [1, "ü"], "b": null}'},
    {"name": "g", **DAILY, "window": "08:00-18:00", "blackout": "2026-12-24", "thread": "daily", "unfurl": "yes"},
]
STATEMENTS = (
    "SELECT name, paused_at, effective_at, created_at FROM schedules ORDER BY name",
    "SELECT kind, expression, tz, holidays_before, next_due_at FROM recurrences ORDER BY id",
    "SELECT changed_at, actor, host, kind, name, before, after, undoes FROM changes ORDER BY id",
    "SELECT s.name, due_at, deadline_at, j.state FROM jobs j JOIN schedules s ON s.id = schedule_id ORDER BY 1, 2",
    "SELECT kind, name, beat_at FROM heartbeats",
)


def to_csv(lines: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({column for line in lines for column in line}), restval="")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def load(schedules: Schedules, lines: list[dict[str, str]], meanwhile: Callable[[], object]) -> ImportResult:
    """Import the lines; `meanwhile` is called when all are checked and nothing is written."""
    calls = [meanwhile]

    def progress(done: int, total: int) -> None:
        if 2 * done >= total:
            calls.pop()()

    return import_file(schedules.session, Source("file.csv", to_csv(lines)), progress)


def written(schedules: Schedules) -> list[object]:
    """Return all that an import writes, without what is another in each database."""
    listed = [replace(schedule, id="", workspace_id="") for schedule in schedule_rows.list_matching(schedules.db)]
    return [listed, *(read_rows(schedules.db, sql) for sql in STATEMENTS)]


def test_import_writes_the_rows_that_add_writes(schedules: Schedules, tmp_path: Path) -> None:
    (tmp_path / "report.j2").write_text('{"text": "{{ params.a }}"}')
    lines = [line | ({"report": str(tmp_path / "report.j2")} if "report" in line else {}) for line in LINES]
    load(schedules, lines, lambda: None)
    (tmp_path / "other").mkdir()
    with open_schedules(tmp_path / "other") as other:
        for line in lines:
            other.add(**line)
        assert written(schedules) == written(other)


@pytest.mark.parametrize("other", ["", "z"])
def test_import_stays_in_the_hash_chain(schedules: Schedules, other: str) -> None:
    load(schedules, LINES[:5], lambda: schedules.add(other) if other else None)
    report = chain.verify(schedules.db)
    assert (report.problem, report.rows) == ("", 5 + bool(other))
    schedules.edit("a", text="Ho")
    assert chain.verify(schedules.db).problem == ""


def test_name_that_is_taken_after_the_check_undoes_all(schedules: Schedules) -> None:
    with pytest.raises(BadInput, match="line 6: name: A schedule named 'd' exists"):
        load(schedules, LINES[:5], lambda: schedules.add("d"))
    assert [name for (name,) in read_rows(schedules.db, "SELECT name FROM schedules")] == ["d"]
    assert load(schedules, LINES[:3], lambda: None) == ImportResult(3, 0, 0)


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """Return the child processes that this one has started since the beginning of the test."""
    before = list_children()
    return lambda: list_children() - before


def list_children() -> set[int]:
    return {int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def stage(schedules: Schedules, new: NewSchedules) -> None:
    """Stage the first lines."""
    terms = RepeatedTerms(ms(schedules.utc), {}, NO_DEFINITIONS)
    for number, line in enumerate(LINES[:5], start=2):
        new.add(terms.parse(line), number)


def test_process_stages_the_same_rows(schedules: Schedules, tmp_path: Path, children: Callable[[], set[int]]) -> None:
    writer = ScheduleWriter(schedules.db, ChangeContext.begin(schedules.session, "import"))
    with NewSchedules(writer, 0, is_large=True) as new:
        stage(schedules, new)
        (child,) = children()
        assert b"PATH=" in Path("/proc/self/environ").read_bytes()
        assert b"PATH=" not in Path(f"/proc/{child}/environ").read_bytes()
        new.end_staging()
        with schedules.db.writing(is_large=True):
            new.write()
    assert children() == set()
    assert (chain.verify(schedules.db).problem, chain.verify(schedules.db).rows) == ("", 5)
    (tmp_path / "other").mkdir()
    with open_schedules(tmp_path / "other") as other:
        load(other, LINES[:5], lambda: None)
        assert written(schedules) == written(other)


def test_killed_process_is_an_error_and_changes_nothing(schedules: Schedules, children: Callable[[], set[int]]) -> None:
    writer = ScheduleWriter(schedules.db, ChangeContext.begin(schedules.session, "import"))
    with NewSchedules(writer, 0, is_large=True) as new:
        stage(schedules, new)
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        with pytest.raises(DatabaseUnusable, match="process that stages"):
            new.end_staging()
    assert children() == set()
    assert load(schedules, LINES[:5], lambda: None) == ImportResult(5, 0, 0)


def test_name_taken_beside_the_process_is_in_its_list(schedules: Schedules) -> None:
    writer = ScheduleWriter(schedules.db, ChangeContext.begin(schedules.session, "import"))
    with NewSchedules(writer, 0, is_large=True) as new:
        stage(schedules, new)
        new.end_staging()
        for name in ("d", "b"):
            schedules.add(name)
        with schedules.db.writing():
            assert [(in_use.line, in_use.name) for in_use in new.list_names_in_use()] == [(3, "b"), (5, "d")]
    assert load(schedules, LINES[:1], lambda: None) == ImportResult(1, 0, 0)


@pytest.mark.parametrize("only_adds", [True, False])
def test_reference_to_nothing_is_refused_at_once(schedules: Schedules, only_adds: bool) -> None:
    writer = ScheduleWriter(schedules.db, ChangeContext.begin(schedules.session, "import"))
    writer.workspace_ids["default"] = "of nobody"
    errors = LookupError, apsw.ConstraintError
    with NewSchedules(writer, 0) as new:
        stage(schedules, new)
        new.end_staging()
        with (
            pytest.raises(errors),
            schedules.db.writing(is_large=True, only_adds=only_adds),
        ):
            new.write()
    assert read_rows(schedules.db, "SELECT name FROM schedules") == []
    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"), schedules.db.writing(is_large=True):
        schedules.db.execute("INSERT INTO threads VALUES ('nobody', 'C', 'always', 1, NULL, 1)")


def test_ids_ascend_in_the_order_of_the_lines(schedules: Schedules) -> None:
    load(schedules, LINES[:5], lambda: None)
    assert [name for (name,) in read_rows(schedules.db, "SELECT name FROM schedules ORDER BY id")] == list("abcde")
