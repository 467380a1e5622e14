"""An import lists every bad line with its number, column and problem, and changes nothing."""

import json

import pytest

from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import Source, import_file
from schedbot.errors import BadFile, BadInput
from schedbot.store.schedules import schedules as schedule_rows
from tests.support.schedules import Schedules

HEADER = "name,channel,cron,tz,text\n"
GOOD = "a,C0000000001,0 9 * * *,UTC,Hi\n"


def refused(schedules: Schedules, text: str, form: Format = Format.CSV) -> list[str]:
    """Import a file with bad lines; return the messages and check that nothing was changed."""
    before = list(schedule_rows.list_matching(schedules.db))
    with pytest.raises(BadFile) as error:
        import_file(schedules.session, Source("file", text.encode(), form))
    assert list(schedule_rows.list_matching(schedules.db)) == before
    return error.value.lines


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",C0000000001,0 9 * * *,UTC,Hi", "line 3: name: "),
        ("b,#general,0 9 * * *,UTC,Hi", "line 3: channel: '#general' is a name."),
        ("b,C0000000001,0 9 * * 8,UTC,Hi", "line 3: cron: "),
        ("b,C0000000001,0 0 30 2 *,UTC,Hi", "line 3: cron: '0 0 30 2 *' is never due."),
        ("b,C0000000001,,UTC,Hi", "line 3: cron: No time given: use --cron, --every or --at."),
        ("b,C0000000001,0 9 * * *,Amerika/New_York,Hi", "Did you mean 'America/New_York'?"),
        ("b,C0000000001,0 9 * * *,,Hi", "line 3: tz: No time zone given: use --tz."),
        ("b,C0000000001,0 9 * * *,UTC,", "line 3: text: No message given: use --text or --report."),
        ("b,C0000000001,0 9 * * *,UTC", "line 3: row: The row has 4 cells, and the header has 5."),
        ("a,C0000000001,0 9 * * *,UTC,Hi", "line 3: name: The name 'a' is also in line 2."),
    ],
)
def test_bad_line_names_line_column_and_problem(schedules: Schedules, row: str, expected: str) -> None:
    (line,) = refused(schedules, HEADER + GOOD + row + "\n")
    assert line.startswith("line 3: ")
    assert expected in line


def test_all_bad_lines_are_listed_in_order(schedules: Schedules) -> None:
    rows = [f"s{n},C0000000001,0 9 * * *,{'UTC' if n % 2 else f'Nowhere{n}'},Hi" for n in range(6)]
    assert [line.split(": ")[:2] for line in refused(schedules, HEADER + "\n".join(rows))] == [
        ["line 2", "tz"],
        ["line 4", "tz"],
        ["line 6", "tz"],
    ]


def test_csv_line_reports_its_first_bad_cell(schedules: Schedules) -> None:
    (line,) = refused(schedules, HEADER + "-b,#general,0 9 * * 8,UTC,\n")
    assert line.startswith("line 2: cron: ")


@pytest.mark.parametrize("update", [False, True])
def test_json_line_reports_its_first_bad_cell(schedules: Schedules, update: bool) -> None:
    row = {"name": schedules.add("daily").name if update else "-b", "channel": "#general", "tz": "Mars", "count": "0"}
    with pytest.raises(BadFile, match="1 line is wrong") as error:
        import_file(schedules.session, Source("file", json.dumps(row).encode(), Format.JSONL, update))
    assert [line.split(": ")[:2] for line in error.value.lines] == [["line 1", "tz" if update else "cron"]]


def test_equal_errors_are_one_message_with_all_lines(schedules: Schedules) -> None:
    zones = ["Mars"] * 100 + ["Nowhere", "UTC", "Nowhere", "Mars", "Nowhere", "Nowhere"]
    rows = "".join(f"s{n},C0000000001,0 9 * * *,{zone},Hi\n" for n, zone in enumerate(zones))
    lines = refused(schedules, HEADER + rows + "-b,C0000000001,0 9 * * *,UTC,Hi\n")
    assert [line.split(": ")[:2] for line in lines] == [["line 2", "tz"], ["line 102", "tz"], ["line 108", "name"]]
    assert lines[0].endswith("(in 101 lines: 2-101, 105)")
    assert lines[1].endswith("(in 4 lines: 102, 104, 106-107)")
    assert "lines" not in lines[2]


def test_all_bad_lines_are_counted(schedules: Schedules) -> None:
    rows = "".join(f"s{n},C0000000001,0 9 * * *,Nowhere,Hi\n" for n in range(250))
    with pytest.raises(BadFile, match="250 lines are wrong in 'file'") as error:
        import_file(schedules.session, Source("file", (HEADER + rows).encode()))
    assert error.value.hint == "Fix these lines and import again."


def test_each_of_many_different_errors_is_listed(schedules: Schedules) -> None:
    lines = refused(schedules, HEADER + "".join(f"s{n},#c{n},0 9 * * *,UTC,Hi\n" for n in range(250)))
    assert [line.split(":")[0] for line in lines] == [f"line {number}" for number in range(2, 252)]


def test_line_number_is_where_the_record_starts(schedules: Schedules) -> None:
    text = HEADER + '\n\na,C0000000001,0 9 * * *,UTC,"one\ntwo\n\nthree"\n' + "b,C0000000001,0 9 * * *,Mars,Hi\n"
    (line,) = refused(schedules, text)
    assert line.startswith("line 8: tz: ")


def test_unknown_column_is_refused_with_the_nearest(schedules: Schedules) -> None:
    assert refused(schedules, "name,chanel,colour\n") == [
        "line 1: chanel: No column named 'chanel' exists. Did you mean 'channel'?",
        refused(schedules, "colour\n")[0],
    ]


def test_repeated_column_is_refused(schedules: Schedules) -> None:
    assert "is there twice" in refused(schedules, "name,tz,name\n")[0]


def test_empty_file_is_refused_with_the_columns(schedules: Schedules) -> None:
    assert "The first line has the columns: name, account" in refused(schedules, "")[0]


def test_open_quote_is_reported_at_its_line(schedules: Schedules) -> None:
    (line,) = refused(schedules, HEADER + GOOD + 'b,C0000000001,0 9 * * *,UTC,"never closed\n' + GOOD * 3)
    assert line.startswith("line 3: row: A quotation mark is opened and never closed.")


def test_unknown_workspace_is_refused_with_the_nearest(schedules: Schedules) -> None:
    (line,) = refused(schedules, "workspace," + HEADER + "defualt," + GOOD)
    assert line == "line 2: workspace: No workspace named 'defualt' exists. Did you mean 'default'?"


def test_existing_name_is_refused_with_update_as_hint(schedules: Schedules) -> None:
    schedules.add("a")
    (line,) = refused(schedules, HEADER + GOOD)
    assert line.startswith("line 2: name: A schedule named 'a' exists. Use --update")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"name": "a"', "is not JSON"),
        ("[1]", "is not an object"),
        ('{"nam": "a"}', "Did you mean 'name'?"),
        ('{"name": ["a"]}', "line 1: name: The value is a list."),
        ('{"name": "a", "text": "\\ud83d"}', "line 1: text: The text has"),
        ('{"name": "a", "text": "\\u0000"}', "line 1: text: The text has"),
    ],
)
def test_bad_json_lines_are_refused(schedules: Schedules, line: str, expected: str) -> None:
    assert expected in refused(schedules, line, Format.JSONL)[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEADER.encode() + b"a,\xe4", "'file' is not UTF-8 text: line 2 has the byte 0xe4."),
        (HEADER.encode("utf-16"), "is not UTF-8 text: line 1"),
        (HEADER.encode() + b"a\0b", "'file' has a zero byte in line 2."),
        (b'[{"name": "a"}]', "'file' is one JSON array."),
    ],
)
def test_unreadable_file_is_refused(schedules: Schedules, raw: bytes, expected: str) -> None:
    with pytest.raises(BadInput) as error:
        import_file(schedules.session, Source("file", raw))
    assert expected in str(error.value)
    assert error.value.hint
