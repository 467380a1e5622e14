"""Each field of a schedule is bounded before any work on it, in commands and imports alike."""

import json
import time
from pathlib import Path

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.errors import BadFile
from tests.support.schedules import Schedules

LONG = 5_000_000


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("unit", ["a", "\u0316\u0300", "[", "1", '{"a":', "* ", "1,"])
def test_field_that_is_too_long_is_refused_at_once(schedules: Schedules, column: str, unit: str) -> None:
    value = unit * (LONG // len(unit))
    started = time.process_time()
    with pytest.raises(BadField, match=r"The [a-z ]+ has [0-9,]+ characters\.") as refused:
        schedules.add(**{"name": "daily", column: value})
    assert time.process_time() - started < 0.5
    assert refused.value.column == column


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_long_cell_of_an_import_is_named_with_its_line(schedules: Schedules, form: str) -> None:
    rows = [{"name": f"s{n}", "channel": "C0000000001", "cron": "0 9 * * *", "tz": "UTC", "text": "x"} for n in (1, 2)]
    rows[1]["text"] = "x" * 40_001
    lines = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
    text = "\n".join(lines if form == "csv" else map(json.dumps, rows))
    with pytest.raises(BadFile) as refused:
        importer.import_file(schedules.session, Source(f"s.{form}", text.encode()))
    line = 3 if form == "csv" else 2
    assert refused.value.lines == [f"line {line}: text: The text has 40,001 characters. Use at most 40,000."]


def test_text_of_many_combining_marks_is_cleaned_at_once(schedules: Schedules) -> None:
    started = time.process_time()
    schedules.add(text="a" + "\u0316\u0300" * 1_000)
    schedules.add("long", text="a" + "\u0300" * 19_000 + "\u0316" * 19_000)
    assert time.process_time() - started < 1


def test_large_template_file_is_refused(schedules: Schedules, tmp_path: Path) -> None:
    (tmp_path / "big.j2").write_text("{#" + "x" * 1_000_000 + '#}{"text": "x"}')
    with pytest.raises(BadField, match=r"has 1,000,017 bytes") as refused:
        schedules.add(report=str(tmp_path / "big.j2"))
    assert refused.value.hint == "A template has at most 1,000,000 bytes."


@pytest.mark.parametrize("depth", [51, 900, 990, 20_000])
def test_deep_parameters_are_refused(schedules: Schedules, tmp_path: Path, depth: int) -> None:
    (tmp_path / "r.j2").write_text('{"text": "x"}')
    deep = '{"a": ' + "[" * depth + "]" * depth + "}"
    with pytest.raises(BadField, match="is nested too deeply"):
        schedules.add(report=str(tmp_path / "r.j2"), params=deep)
    line = f'{{"name": "s", "report": "r.j2", "params": {deep}}}'
    with pytest.raises(BadFile) as refused:
        importer.import_file(schedules.session, Source("s.jsonl", line.encode()))
    assert "nested too deeply" in refused.value.lines[0]
