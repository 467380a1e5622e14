"""Reports from a SQL query over a SQLite file."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import RenderedReport
from tests.support.reports.live_reports import MONDAY_9AM, cells, message_of, render_live

Query = Callable[..., RenderedReport]
SALES = """
CREATE TABLE sales (account TEXT, day TEXT, orders INTEGER, revenue REAL, note TEXT);
INSERT INTO sales VALUES ('acme', '2026-12-01', 3, 10.5, 'good'), ('acme', '2026-12-02', 40, NULL, NULL),
                         ('globex', '2026-12-01', 500, 1.0, 'other');
"""


def create_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "sales.db")) as connection:
        connection.executescript(SALES)


@pytest.fixture
def query(tmp_path: Path) -> Query:
    """Render a report of the SQL on a database of sales. Further arguments: fields of report and occurrence."""
    create_database(tmp_path)

    def run(sql: str | bytes, template: str = "", fields: dict[str, Any] | None = None, **table: Any) -> RenderedReport:
        (tmp_path / "report.sql").write_bytes(sql if isinstance(sql, bytes) else sql.encode())
        if template:
            (tmp_path / "report.json.j2").write_text(template)
            table["template"] = str(tmp_path / "report.json.j2")
        definition = ReportDefinition("sales", "sql", str(tmp_path / "report.sql"), database="warehouse", **table)
        return render_live(definition, f"sqlite:///{tmp_path}/sales.db", **fields or {})

    return run


def test_rows_without_a_template_become_a_table(query: Query) -> None:
    report = query("SELECT day, orders, revenue, note FROM sales WHERE account = :account ORDER BY day")
    message = message_of(report)
    header, *rows = cells(message)
    assert header == ["day", "orders", "revenue", "note"]
    assert rows == [["2026-12-01", "3", "10.5", "good"], ["2026-12-02", "40", " ", " "]]
    assert [setting["align"] for setting in message.blocks[0]["column_settings"]] == ["left", "right", "right", "left"]
    assert message.text.splitlines()[1] == "2026-12-01 | 3 | 10.5 | good"


def test_template_sees_rows_row_and_the_context(query: Query) -> None:
    template = """{"text": "{{ account }} {{ row.total }}{% for r in rows %} {{ r.total + 1 }}{% endfor %}
    {{ params.n }} {{ period.start.strftime('%d') }}"}"""
    report = query("SELECT sum(orders) AS total FROM sales WHERE account = :account", template, {"params": {"n": "7"}})
    assert message_of(report).text.split() == ["acme", "43", "44", "7", "06"]


def test_query_gets_the_values_of_its_occurrence(query: Query) -> None:
    names = ("schedule", "workspace", "due_at", "previous", "due", "period_start", "period_end")
    sql = "SELECT " + ", ".join(f":{name} AS {name}" for name in names)
    row = cells(message_of(query(sql, fields={"previous_at": MONDAY_9AM - 5})))[1]
    days = [MONDAY_9AM - 33 * 3_600_000, MONDAY_9AM - 9 * 3_600_000]
    assert row[:5] == ["acme-weekly", "default", str(MONDAY_9AM), str(MONDAY_9AM - 5), "2026-12-07 09:00:00"]
    assert row[5:] == [str(day) for day in days]
    assert cells(message_of(query("SELECT :previous IS NULL AS first")))[1] == ["1"]


def test_params_are_bound_and_never_win_over_the_context(query: Query) -> None:
    params = {"account": "globex", "day": "2026-12-01' OR 1=1 --", "days": ["2026-12-01", "2026-12-02"]}
    assert query("SELECT * FROM sales WHERE day = :day", fields={"params": params}).skip
    sql = "SELECT :account AS a, count(*) AS n FROM sales WHERE day IN (SELECT value FROM json_each(:days))"
    assert cells(message_of(query(sql, fields={"params": params})))[1] == ["acme", "3"]


def test_name_without_a_value_is_an_error_that_lists_all(query: Query) -> None:
    report = query("SELECT * FROM sales WHERE day > :since", fields={"params": {"region": "x"}})
    assert report.failure == "The query uses :since, which has no value."
    assert ":account, " in report.hint
    assert ":region." in report.hint


def test_colons_in_texts_and_comments_are_no_names(query: Query) -> None:
    sql = "-- :a\nSELECT ':b 12:30' AS \"x :c\" /* :d; into */;\n-- the end; :e\n"
    assert cells(message_of(query(sql))) == [["x :c"], [":b 12:30"]]


@pytest.mark.parametrize(
    ("sql", "failure"),
    [
        ("DELETE FROM sales", "The query begins with DELETE."),
        ("PRAGMA query_only = OFF", "The query begins with PRAGMA."),
        ("ATTACH 'other.db' AS other", "The query begins with ATTACH."),
        ("WITH x AS (SELECT 1) DELETE FROM sales", "The query changes the database."),
        ("WITH x AS (SELECT 1) UPDATE sales SET orders = 1", "The query changes the database."),
        ("WITH x AS (SELECT 1) INSERT INTO sales SELECT 1, 2, 3, 4, 5", "The query writes: it has the word INTO."),
        ("SELECT 'a into b' AS x into OUTFILE '/tmp/x' FROM sales", "The query writes: it has the word INTO."),
        ("SELECT 1; DELETE FROM sales", "has more than one statement: the second is near line 1."),
        ("SELECT load_extension('evil')", "not authorized"),
        ("SELECT orders FROM nowhere", "The query failed: no such table: nowhere."),
        ("SELECT day FROM sales WHERE", "The query failed: incomplete input."),
        ("SELECT ?", "The query failed: "),
        ("-- nothing\n;", "has no query."),
        ("", "has no query."),
        (b"SELECT '\xff'", "is not UTF-8 text."),
        ("SELECT 1 AS a, 2 AS a", "The query has two columns 'a'."),
        ("SELECT x'00ff' AS photo", "The column 'photo' has binary data (row 1)."),
        ("SELECT zeroblob(100000000)", "A value of the query is larger than 4 MB."),
        (f"SELECT {', '.join(f'{n} AS c{n}' for n in range(21))}", "The query has 21 columns; "),
        ("SELECT 1 " + " " * (256 << 10), "is larger than 256 kB."),
    ],
)
def test_wrong_query_fails_with_a_sentence(query: Query, sql: str | bytes, failure: str) -> None:
    report = query(sql)
    assert report.failure is not None
    assert failure in report.failure
    assert cells(message_of(query("SELECT count(*) FROM sales")))[1] == ["3"]


def test_query_that_takes_too_long_is_ended(query: Query) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    report = query(endless, timeout_ms=200)
    assert report.failure == "The query took longer than 200 ms."
    assert 200 <= report.render_ms < 1_500


def test_too_many_rows_fail_with_the_limit(query: Query) -> None:
    assert message_of(query("SELECT day FROM sales", max_rows=3))
    report = query("SELECT day FROM sales", max_rows=2)
    assert report.failure == "The query returned more than 2 rows."
    assert "LIMIT" in report.hint
    assert "max_rows" in report.hint


def test_no_rows_are_nothing_to_report(query: Query) -> None:
    empty, template = "SELECT day FROM sales WHERE 0", '{"text": "{{ rows|length }} rows"}'
    skipped = query(empty).skip
    assert skipped is not None
    assert skipped.reason == "the query returned no rows"
    assert message_of(query(empty, on_empty="All quiet.")).text == "All quiet."
    assert message_of(query(empty, template)).text == "0 rows"
    assert query(empty, template, on_empty="skip").skip
    assert message_of(query(empty, template, fields={"on_empty": "Quiet <today>."})).text == "Quiet &lt;today&gt;."


def test_row_of_an_empty_result_is_an_error(query: Query) -> None:
    empty = "SELECT day FROM sales WHERE 0"
    report = query(empty, '{"text": "{{ row.day }}"}')
    assert report.failure == "The query returned no rows, and the template uses 'row', the first of them."
    assert "on_empty" in report.hint
    assert message_of(query(empty, '{"text": "{% if rows %}{{ row.day }}{% endif %}none"}')).text == "none"


def test_table_of_many_rows_has_all_of_them(query: Query) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i{} FROM n"
    message = message_of(query(numbers.format(99, "")))
    assert (len(cells(message)), len(message.blocks)) == (100, 1)
    message = message_of(query(numbers.format(400, f", '{'🙂' * 200}' AS long")))
    tables = [block for part in (message, *message.continuation) for block in part.blocks]
    rows = [[cell["text"] for cell in row] for table in tables for row in table["rows"]]
    assert [row[0] for row in rows if row[0] != "i"] == [str(number) for number in range(1, 401)]
    assert rows.count(["i", "long"]) == len(tables)


def test_numbers_are_written_in_full(query: Query) -> None:
    sql = "SELECT 12345678901234567 AS a, 0.1 + 0.2 AS b, 1e300 * 1e300 AS c, -5 AS d, '' AS e, 'a\n b' AS f"
    assert cells(message_of(query(sql)))[1] == ["12345678901234567", "0.3", " ", "-5", " ", "a b"]


def test_changed_query_and_replaced_database_are_read(query: Query, tmp_path: Path) -> None:
    assert cells(message_of(query("SELECT count(*) AS n FROM sales"))) == [["n"], ["3"]]
    (tmp_path / "sales.db").unlink()
    create_database(tmp_path)
    with closing(sqlite3.connect(tmp_path / "sales.db")) as connection, connection:
        connection.execute("DELETE FROM sales WHERE account = 'acme'")
    assert cells(message_of(query("SELECT count(*) AS m FROM sales"))) == [["m"], ["1"]]


def test_database_in_use_is_read(query: Query, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sales.db")) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM sales")
        assert cells(message_of(query("SELECT count(*) FROM sales")))[1] == ["3"]


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("sqlite:///nowhere.db", "There is no database file 'nowhere.db' (database 'warehouse')."),
        ("sqlite://", "The URL of the database 'warehouse' names no file, and a database in memory has no data."),
        ("sqlite:///:memory:", "names no file"),
        (f"sqlite:///{__file__}", "cannot be read: file is not a database."),
    ],
)
def test_wrong_sqlite_url_fails_with_a_sentence(tmp_path: Path, url: str, failure: str) -> None:
    (tmp_path / "a.sql").write_text("SELECT * FROM sqlite_master")
    report = render_live(ReportDefinition("a", "sql", str(tmp_path / "a.sql"), database="warehouse"), url)
    assert report.failure is not None
    assert failure in report.failure


@pytest.mark.parametrize(("name", "failure"), [("none.sql", "There is no query file"), ("", "is not a file.")])
def test_missing_query_file_fails_with_its_path(tmp_path: Path, name: str, failure: str) -> None:
    report = render_live(ReportDefinition("a", "sql", str(tmp_path / name), database="w"), "sqlite:///x.db")
    assert report.failure is not None
    assert failure in report.failure
    assert str(tmp_path) in report.failure
