"""Imports take the text that spreadsheets and scripts write; what cannot be meant is refused and shown."""

import unicodedata
from pathlib import Path

import pytest

from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import ImportResult, Source, import_file
from schedbot.errors import BadFile, BadInput
from tests.support.schedules import Schedules

HEADER = "name,cron,tz,channel,text"
ROW = "acme,0 9 * * 1,Europe/Berlin,C0123456789,Good morning"


def load(schedules: Schedules, text: str, form: Format = Format.CSV, dry_run: bool = False) -> ImportResult:
    return import_file(schedules.session, Source("file", text.encode(), form), dry_run=dry_run)


def refused(schedules: Schedules, text: str, form: Format = Format.CSV) -> str:
    """Return the only error, which a dry run reports as well."""
    lines = []
    for dry_run in (True, False):
        with pytest.raises(BadFile) as error:
            load(schedules, text, form, dry_run)
        lines += error.value.lines
    assert len(lines) == 2
    assert lines[0] == lines[1]
    return lines[0]


def test_blanks_around_cells_are_dropped(schedules: Schedules) -> None:
    load(
        schedules,
        "name, cron, tz, channel, text, misfire ,account,max_attempts\n"
        'acme , 0 9 * * 1, Europe/Berlin ,\u00a0C0123456789, "Good, morning", latest,42 , 3\n',
    )
    schedule = schedules.get("acme")
    assert (schedule.account, schedule.recurrence.tz, schedule.terms.channel) == ("42", "Europe/Berlin", "C0123456789")
    assert (schedule.terms.report.source, schedule.terms.max_attempts) == ("Good, morning", 3)


def test_empty_columns_at_the_end_are_left_out(schedules: Schedules) -> None:
    assert load(schedules, f"{HEADER},,\r\n{ROW},,\r\nb{ROW}\r\n,,,,,,\r\nc{ROW}, ,\r\n").added == 3


def test_cell_in_a_column_without_name_is_refused(schedules: Schedules) -> None:
    expected = "line 2: row: Column 7 has no name, and the row has 'x' in it."
    assert refused(schedules, f"{HEADER},,\n{ROW},,x\n").startswith(expected)


def test_column_without_name_in_the_middle_is_refused(schedules: Schedules) -> None:
    assert refused(schedules, f"name,,{HEADER[5:]}\n").startswith("line 1: header: Column 2 has no name.")


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n'])
def test_separator_line_of_excel_is_taken(schedules: Schedules, line: str) -> None:
    text = line + f"{HEADER}\n{ROW}\n".replace(",", ";")
    assert load(schedules, text).added == 1
    assert refused(schedules, text.replace("acme", "b").replace("Berlin", "Nowhere")).startswith("line 3: tz: ")


def test_separator_line_decides_against_the_header(schedules: Schedules) -> None:
    assert load(schedules, "sep=|\n" + f"{HEADER}\n{ROW}\n".replace(",", "|")).added == 1


def test_number_with_a_zero_fraction_is_taken(schedules: Schedules) -> None:
    load(schedules, f"{HEADER},max_attempts,count,paused\n{ROW},3.0,5.0,1.0\n")
    load(
        schedules,
        '{"name":"b","cron":"0 9 * * 1","tz":"UTC","channel":"C0123456789","text":"x",'
        '"max_attempts":3.0,"account":42.0}',
        Format.JSONL,
    )
    assert (schedules.get("acme").terms.max_attempts, schedules.get("acme").terms.count) == (3, 5)
    assert (schedules.get("b").terms.max_attempts, schedules.get("b").account) == (3, "42")


def test_number_with_another_fraction_is_refused(schedules: Schedules) -> None:
    assert "'3.5' is not a valid number of attempts" in refused(schedules, f"{HEADER},max_attempts\n{ROW},3.5\n")


def test_composed_and_decomposed_names_are_equal(schedules: Schedules) -> None:
    names = [unicodedata.normalize(form, "Café") for form in ("NFC", "NFD")]
    text = "\n".join([HEADER, *(ROW.replace("acme", name) for name in names)])
    assert "is also in line 2" in refused(schedules, text)
    schedules.add(names[0])
    with pytest.raises(BadInput, match="exists"):
        schedules.add(names[1])
    assert schedules.pause(names[1]).schedule.name == names[0]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("name", "ac\u200bme"),
        ("channel", "\u200bC0123456789"),
        ("tz", "Europe/\u2060Berlin"),
        ("cron", "0 9 * *\u200b 1"),
        ("account", "4\u200b2"),
    ],
)
def test_invisible_character_is_shown(schedules: Schedules, column: str, cell: str) -> None:
    row = {"name": "a", "account": "1", "cron": "0 9 * * 1", "tz": "UTC", "channel": "C0123456789", "text": "x"}
    row[column] = cell
    line = refused(schedules, f"{','.join(row)}\n{','.join(row.values())}\n")
    assert line.startswith(f"line 2: {column}: ")
    assert repr(cell) in line


@pytest.mark.parametrize(
    ("column", "cell", "spelling"),
    [
        ("cron", "0 9 * * 1–5", "0 9 * * 1-5"),
        ("window", "mon—fri 08:00-18:00", "mon-fri 08:00-18:00"),
        ("blackout", "2026‑12‑24", "2026-12-24"),
        ("starts", "2026–12–24", "2026-12-24"),
        ("skip_holidays", "DE−BY", "DE-BY"),
    ],
)
def test_dash_for_a_hyphen_is_named(schedules: Schedules, column: str, cell: str, spelling: str) -> None:
    row = {"name": "a", "cron": "0 9 * * 1", "tz": "UTC", "channel": "C0123456789", "text": "x – y", column: cell}
    line = refused(schedules, f"{','.join(row)}\n{','.join(row.values())}\n")
    assert line.startswith(f"line 2: {column}: ")
    assert line.endswith(f"is a dash, not '-': write '{spelling}'.")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("column", ["params", "count"])
def test_number_that_json_lacks_is_refused(schedules: Schedules, column: str, number: str) -> None:
    value = '{"a": [{"note": %s}]}' % number if column == "params" else number  # noqa: UP031
    line = refused(schedules, '{"name":"a","report":"x.json.j2","%s":%s}' % (column, value), Format.JSONL)  # noqa: UP031
    assert line.startswith(f"line 1: {column}: {number.replace('1e999', 'Infinity')} is no number in JSON.")


def test_params_cell_with_nan_is_refused(schedules: Schedules, tmp_path: Path) -> None:
    (tmp_path / "r.json.j2").write_text('{"text": "x"}')
    text = f'name,cron,tz,channel,report,params\na,0 9 * * 1,UTC,C0123456789,{tmp_path}/r.json.j2,"{{""a"": NaN}}"\n'
    assert refused(schedules, text).startswith("line 2: params: NaN is no number in JSON.")
