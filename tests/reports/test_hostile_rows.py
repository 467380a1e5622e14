"""Values of customers in rows and in the output of programs: they neither ping, nor forge, nor change the blocks."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from schedbot.reports.definitions import ReportDefinition
from tests.reports.test_hostile_values import UNSEEN, VALUES, shape
from tests.support.reports.live_reports import cells, message_of, render_live

TEMPLATE = """{"text": "a", "blocks": [
  {% for r in rows %}{"type": "section", "text": {"type": "mrkdwn", "text": ".{{ r.x }}.{{ row.x }}"}},{% endfor %}
]}"""
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": None}}
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    with closing(sqlite3.connect(folder / "sales.db")) as connection:
        connection.execute("CREATE TABLE sales (x TEXT)")
    (folder / "sales.sql").write_text("SELECT x, :x AS y FROM sales")
    (folder / "sales.json.j2").write_text(TEMPLATE)
    return folder


def render_rows(folder: Path, value: str, **table: Any) -> Any:
    stored = value.encode("utf-8", "replace").decode()
    with closing(sqlite3.connect(folder / "sales.db")) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("DELETE FROM sales")
        connection.execute("INSERT INTO sales VALUES (?), (?)", (stored, stored))
    definition = ReportDefinition("sales", "sql", str(folder / "sales.sql"), database="w", **table)
    return message_of(render_live(definition, f"sqlite:///{folder}/sales.db", params={"x": value}))


@many
@given(value=VALUES)
def test_value_in_a_table_is_only_text(value: str, folder: Path) -> None:
    message = render_rows(folder, value)
    (block,) = message.blocks
    assert [len(row) for row in cells(message)] == [2, 2, 2]
    assert {cell["type"] for row in block["rows"] for cell in row} == {"raw_text"}
    assert all(cell and not UNSEEN.search(cell) for row in cells(message) for cell in row)
    assert "<" not in message.text
    assert not UNSEEN.search(message.text)


@many
@given(value=VALUES)
def test_row_in_a_template_is_only_text(value: str, folder: Path) -> None:
    message = render_rows(folder, value, template=str(folder / "sales.json.j2"))
    assert shape(message.blocks) == [SECTION, SECTION]
    text = message.blocks[0]["text"]["text"]
    assert "<" not in text
    assert not UNSEEN.search(text)


@settings(many, max_examples=40)
@given(value=VALUES)
def test_text_of_a_program_is_only_text(value: str, folder: Path) -> None:
    clean = value.replace("\0", "").encode("utf-8", "replace").decode()
    definition = ReportDefinition("x", "command", "printf", command=("printf", "%s", ".{x}"), folder=str(folder))
    message = message_of(render_live(definition, params={"x": clean}))
    assert message.text.startswith(".")
    assert message.blocks == ()
    assert "<" not in message.text
    assert not UNSEEN.search(message.text)
