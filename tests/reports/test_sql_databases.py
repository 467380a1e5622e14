"""Reports from databases of SQLAlchemy: PostgreSQL and SQLite through the extra `schedbot[sql]`."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import RenderedReport
from schedbot.reports.sources import sqlalchemy_rows
from schedbot.reports.sources.database_secrets import strike_out
from tests.support.reports.live_reports import cells, message_of, render_live
from tests.support.reports.postgres_server import find_binary, start_postgres

Query = Callable[..., RenderedReport]
needs_postgres = pytest.mark.skipif(find_binary("initdb") is None, reason="PostgreSQL is not installed")
SALES = (
    "CREATE TABLE sales (account TEXT, day DATE, orders INTEGER, revenue NUMERIC(12, 2), note TEXT)",
    "INSERT INTO sales VALUES ('acme', '2026-12-01', 3, 10.50, 'good'), ('acme', '2026-12-02', 40, NULL, NULL)",
)


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    for engine in sqlalchemy_rows.ENGINES.values():
        engine.dispose()
    sqlalchemy_rows.ENGINES.clear()


@pytest.fixture
def query(tmp_path: Path) -> Query:
    """Render a report of the SQL on the database of a URL."""

    def run(url: str, sql: str, fields: dict[str, Any] | None = None, **table: Any) -> RenderedReport:
        file = tmp_path / f"{abs(hash(sql))}.sql"
        if not file.exists():
            file.write_text(sql)
        return render_live(ReportDefinition("sales", "sql", str(file), database="w", **table), url, **fields or {})

    return run


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with start_postgres() as url:
        engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            for statement in SALES:
                connection.exec_driver_sql(statement)
        engine.dispose()
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "sales.db")) as connection:
        connection.executescript(";".join(SALES))
    return f"sqlite+pysqlite:///{tmp_path}/sales.db"


def test_sqlite_through_sqlalchemy_makes_the_same_table(query: Query, sqlite: str) -> None:
    sql = "SELECT day, orders, ':x 9:30' AS t FROM sales WHERE account = :account AND :previous IS NULL -- :y\n"
    report = query(sqlite, sql)
    assert cells(message_of(report)) == cells(message_of(query(sqlite.replace("+pysqlite", ""), sql)))
    assert cells(message_of(report))[1] == ["2026-12-01", "3", ":x 9:30"]


@pytest.mark.parametrize(
    ("sql", "failure"),
    [
        ("WITH x AS (SELECT 1) DELETE FROM sales", "The query changes the database."),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n", "longer than 300 ms."),
        ("SELECT missing FROM sales", "The query failed: no such column: missing."),
        ("SELECT * FROM sales", "The query returned more than 1 rows."),
    ],
)
def test_limits_hold_through_sqlalchemy(query: Query, sqlite: str, sql: str, failure: str) -> None:
    report = query(sqlite, sql, timeout_ms=300, max_rows=1)
    assert report.failure is not None
    assert report.failure.endswith(failure)
    assert cells(message_of(query(sqlite, "SELECT count(*) FROM sales")))[1] == ["2"]


@needs_postgres
@pytest.mark.slow
def test_postgres_values_become_a_table(query: Query, postgres: str) -> None:
    sql = """SELECT day, revenue, note, to_timestamp(:due_at / 1000.0) AS due, ARRAY[1, 2] AS list, 'a%b'::text AS p
             FROM sales WHERE account = :account AND day >= CAST(:since AS date)
             AND (:previous IS NULL OR :previous < :due_at) AND orders > :least ORDER BY day"""
    report = query(postgres, sql, {"params": {"since": "2026-01-01", "least": 2}})
    assert cells(message_of(report))[1:] == [
        ["2026-12-01", "10.50", "good", "2026-12-07 09:00", "[1, 2]", "a%b"],
        ["2026-12-02", " ", " ", "2026-12-07 09:00", "[1, 2]", "a%b"],
    ]


@needs_postgres
@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "failure"),
    [
        ("WITH x AS (DELETE FROM sales RETURNING 1) SELECT * FROM x", "The query changes the database."),
        ("SELECT nextval('counter')", "The query changes the database."),
        ("SELECT pg_sleep(30)", "The query took longer than 300 ms."),
        ("SELECT generate_series(1, 1000000)", "The query returned more than 1 rows."),
        ("SELECT nothing FROM sales", 'The query failed: column "nothing" does not exist.'),
        ("SELECT set_config('transaction_read_only', 'off', false)", "The query failed: transaction read-write mode"),
    ],
)
def test_postgres_query_only_reads(query: Query, postgres: str, sql: str, failure: str) -> None:
    engine = sqlalchemy.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SEQUENCE IF NOT EXISTS counter")
    engine.dispose()
    report = query(postgres, sql, timeout_ms=300, max_rows=1)
    assert report.failure is not None
    assert report.failure.startswith(failure)
    assert report.render_ms < 5_000
    assert cells(message_of(query(postgres, "SELECT count(*) FROM sales")))[1] == ["2"]


@needs_postgres
@pytest.mark.slow
def test_many_threads_share_warm_connections(query: Query, postgres: str) -> None:
    sql = "SELECT pg_backend_pid() AS pid, 'waiting' AS w, pg_sleep(0.2)::text AS s"
    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(lambda _: query(postgres, sql), range(16)))
    processes = {cells(message_of(report))[1][0] for report in reports}
    assert 1 < len(processes) <= 8
    assert cells(message_of(query(postgres, sql)))[1][0] in processes


@needs_postgres
@pytest.mark.slow
def test_lost_connection_is_replaced(query: Query, postgres: str) -> None:
    assert query(postgres, "SELECT 1 AS a").message
    killed = "SELECT pg_terminate_backend(pid)::text AS t FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    engine = sqlalchemy.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(killed)
    engine.dispose()
    assert query(postgres, "SELECT 1 AS a").message


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("postgresql+psycopg://bob:s3cret@127.0.0.1:1/x", "The database 'w' cannot be reached: "),
        ("postgresql+psycopg://bob:s3cret@/x?host=/nowhere&password=s3cret", "cannot be reached: "),
        ("postgresql+psycopg://bob:s3cret@h/x?s3cret=1", "The database 'w' cannot be reached: "),
        ("nosuch://bob:s3cret@h/x", "SQLAlchemy knows no database 'nosuch' (URL of the database 'w')."),
        ("mysql+nodriver://bob:s3cret@h/x", "SQLAlchemy knows no database 'mysql+nodriver'"),
        ("oracle+cx_oracle://bob:s3cret@h/x", "needs the Python package 'cx_Oracle', which is not installed."),
        ("postgresql://bob:12:s3cret@h:s3cret/x", "The URL of the database 'w' cannot be read."),
        ("sqlite+aiosqlite:///s3cret.db", "needs the Python package 'aiosqlite', which is not installed."),
    ],
)
def test_wrong_url_fails_without_its_password(query: Query, url: str, failure: str) -> None:
    report = query(url, "SELECT 1 AS a")
    assert report.failure is not None
    assert failure in report.failure
    assert "s3cret" not in f"{report}"


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to mysql://bob:p%40ss%2Fw@db/x",
        "access denied for bob with p@ss/w",
        "bad dsn user=bob password=p%40ss%2Fw",
        "token t0ken&more, odbc DRIVER=x;PWD=0dbc;",
    ],
)
def test_secrets_are_struck_out_in_each_spelling(text: str) -> None:
    url = "mysql://bob:p%40ss%2Fw@db/x?ssl_token=t0ken%26more&odbc_connect=DRIVER%3Dx%3BPWD%3D0dbc"
    struck_out = strike_out(f"{text} {url}", url)
    assert not any(secret in struck_out for secret in ("p%40ss", "p@ss", "t0ken", "0dbc"))


def test_missing_extra_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1 AS a")
    code = f"""
import sys
sys.modules["sqlalchemy"] = None  # as if it were not installed
from schedbot.reports.definitions import ReportDefinition
from tests.support.reports.live_reports import render_live
report = render_live(ReportDefinition("a", "sql", {str(tmp_path / "a.sql")!r}, database="w"), "mysql://a:b@c/d")
print(report.failure, report.hint)
"""
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "The database 'w' needs the Python package 'sqlalchemy', which is not installed." in output
    assert "pip install 'schedbot[sql]'" in output


def test_sqlite_needs_no_extra() -> None:
    code = "import sys; from schedbot.reports.sources import sql_query, sqlite_rows; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
