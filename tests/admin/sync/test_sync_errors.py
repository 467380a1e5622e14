"""A sync lists every bad row with its number, column and problem, and changes nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schedbot.admin.sync.plan import plan_sync
from schedbot.errors import BadFile, BadInput, SchedbotError
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.schedules import Schedules
from tests.support.sync import SOURCE, bad_lines, plan, row, sync


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (row("a"), "row 2: name: The name 'a' is also in row 1. Names are unique"),
        (row("b", workspace="defualt"), "row 2: workspace: No workspace named 'defualt' exists. Did you mean"),
        (row("b", chanel="C1"), "row 2: chanel: No column named 'chanel' exists. Did you mean 'channel'?"),
        (row("b", tz=""), "row 2: tz: No time zone given"),
        (row("b", cron=None), "row 2: cron: No time given"),
        (row("b", text=None), "row 2: text: No message given"),
        (row("b", channel=["C1"]), "row 2: channel: The value is a list."),
        (row("b", text=b"Hi"), "row 2: text: The value is binary data."),
        (row("b", params={"a": object()}), "row 2: params: The value cannot be written as JSON."),
        (row("b", at="tomorrow 9am", cron=None), "row 2: at: 'tomorrow 9am' is another instant at each sync."),
        (row(""), "row 2: name: The name has 0 characters."),
        (("b", "C1"), "row 2: row: It is of type 'tuple', not a mapping of columns."),
        (dict([*row("b").items(), (7, "x")]), "row 2: 7: No column named '7' exists."),
    ],
)
def test_bad_row_is_named_with_column_and_problem(schedules: Schedules, bad: Any, expected: str) -> None:
    (line,) = bad_lines(schedules, row("a"), bad)
    assert line.startswith(expected)
    assert list(schedule_rows.list_matching(schedules.db)) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"tz": None}, "row 1: tz: No time zone given"),
        ({"cron": None}, "row 1: cron: No time given"),
        ({"text": None}, "row 1: text: No message given"),
        ({"channel": None}, "row 1: channel: "),
        ({"report": "weekly"}, "row 1: report: Use only one of --text, --report."),
        ({"every": "day at 9:00"}, "row 1: every: Use only one of --cron, --every, --at."),
        ({"at": "in a while", "cron": None}, "row 1: at: 'in a while' is another instant"),
        ({"workspace": "globex"}, "row 1: workspace: No workspace named 'globex' exists."),
    ],
)
def test_bad_row_of_a_schedule_that_exists_is_named(schedules: Schedules, columns: Any, expected: str) -> None:
    sync(schedules, row("a"))
    (line,) = bad_lines(schedules, {**row("a"), **columns})
    assert line.startswith(expected)


def test_equal_errors_are_one_message(schedules: Schedules) -> None:
    rows = [row(f"s{number}", tz="Mars") for number in range(300)]
    (line,) = bad_lines(schedules, row("a"), *rows)
    assert line.endswith("(in 300 rows: 2-301)")
    with pytest.raises(BadFile, match="300 rows are wrong in the list"):
        plan(schedules, *rows)


def test_names_of_others_are_listed_with_their_owner(schedules: Schedules) -> None:
    schedules.add("a")
    sync(schedules, row("b"), source="other")
    first, second = bad_lines(schedules, row("a"), row("b"), row("c"))
    assert first.startswith("row 1: name: A schedule named 'a' exists, and no sync added it. Rename it in the list")
    assert second.startswith("row 2: name: A schedule named 'b' exists, and the sync 'other' added it. Rename it")


@pytest.mark.parametrize("items", ["name,tz\n", b"x", {"name": "a"}])
def test_text_or_one_mapping_is_no_list(schedules: Schedules, items: Any) -> None:
    with pytest.raises(BadInput, match="The list of schedules is of type"):
        plan_sync(schedules.session, items, "product")


@pytest.mark.parametrize("source", ["", "a b", "-x", "a/b", "x" * 101])
def test_source_without_a_valid_name_is_refused(schedules: Schedules, source: str) -> None:
    with pytest.raises(BadInput, match="is not a valid name of a source"):
        plan_sync(schedules.session, [], source)


@pytest.mark.parametrize("act", [Schedules.add, Schedules.edit])
def test_source_is_never_set_by_add_or_edit(schedules: Schedules, act: Callable[..., Any]) -> None:
    if act is Schedules.edit:
        schedules.add("daily")
    with pytest.raises(BadInput, match="No field named 'source' exists"):
        act(schedules, "daily", source="product")


def test_sync_that_ends_while_another_is_planned_is_named(schedules: Schedules) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield row("a")
        sync(schedules, row("b"))

    with pytest.raises(SchedbotError, match=r"Somebody else changed schedules of the source 'product'.*\(b\)"):
        plan_sync(schedules.session, rows(), SOURCE)
