"""`schedbot sync NAME`: a query or a function of a table `[sync.NAME]`, and what goes wrong with it."""

import sqlite3
from contextlib import closing

import pytest

from tests.support.app import App
from tests.support.sql import read_rows

TABLES = """
python_path = ["."]

[databases.shop]
url = "sqlite:///shop.db"

[sync.product]
query = "product.sql"
database = "shop"

[sync.code]
python = "acme_list:schedules"
timeout = "{timeout}"
memory = "64M"
"""
QUERY = "SELECT name, id AS account, 'C0000000001' AS channel, '0 9 * * *' AS CRON, 'UTC' AS tz, 'Hi' AS text FROM shop"
ROW = '{"name": "a", "channel": "C0000000001", "cron": "0 9 * * *", "tz": "UTC", "text": "Hi"}'


def configure(app: App, code: str = "", query: str = QUERY, timeout: str = "20s") -> None:
    """Write the tables, the module of the function, the query, and a database of two rows."""
    app.config.write_text(TABLES.format(timeout=timeout))
    app.config.chmod(0o600)
    (app.folder / "acme_list.py").write_text(code)
    (app.folder / "product.sql").write_text(query)
    with closing(sqlite3.connect(app.folder / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE IF NOT EXISTS shop (id INTEGER, name TEXT)")
        shop.executemany("INSERT INTO shop VALUES (?, ?)", [(1, "x"), (2, "y")])


def count(app: App) -> int:
    return int(read_rows(app.db, "SELECT count(*) FROM schedules")[0][0])


def test_query_makes_the_schedules(app: App) -> None:
    configure(app)
    done = app.run("sync", "product", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert read_rows(app.db, "SELECT name, account, source FROM schedules ORDER BY name") == [
        ("x", "1", "product"),
        ("y", "2", "product"),
    ]


@pytest.mark.slow
def test_table_wins_over_a_file_of_its_name(app: App) -> None:
    configure(app)
    (app.folder / "product").write_text("name\n")
    assert app.run("sync", "product", "--yes", "--source", "shop").stdout.endswith(
        "Added 2, changed 0, removed 0, unchanged 0.\n"
    )
    assert read_rows(app.db, "SELECT DISTINCT source FROM schedules") == [("shop",)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def schedules(): pass", "acme_list:schedules returned None, not a list."),
        ("def schedules(): return {'name': 'a'}", "acme_list:schedules returned a value of type 'dict', not a list."),
        (f"def schedules(): return [{ROW}, 7]", "Row 2 of the sync 'code' is of type 'int', not a mapping"),
        (f"def schedules(): return [{{**{ROW}, 'text': b'x'}}]", "Row 1 of the sync 'code': text: The value is binary"),
        (
            f"def schedules():\n  yield from [{ROW}] * 9\n  1 / 0",
            "raised ZeroDivisionError: division by zero after row 9",
        ),
        ("import nothing_like_this", "The module 'acme_list' cannot be imported: ModuleNotFoundError"),
        ("", "The module 'acme_list' has no function 'schedules' (sync 'code')."),
        ("import os\ndef schedules(): os._exit(3)", "The sync 'code' ended its process (exit code 3)."),
        ("def schedules(): return [bytearray(1 << 30)]", "It took more than 64 MB of memory."),
    ],
)
@pytest.mark.slow
def test_function_that_fails_changes_nothing(app: App, code: str, expected: str) -> None:
    configure(app, code)
    done = app.run("sync", "code", "--yes")
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert count(app) == 0


@pytest.mark.slow
def test_function_that_takes_too_long_is_ended(app: App) -> None:
    configure(app, "import threading\ndef schedules(): threading.Event().wait()", timeout="1s")
    done = app.run("sync", "code", "--yes")
    assert (done.returncode, count(app)) == (1, 0)
    assert done.stderr.startswith("Error: The sync 'code' took more than 1 s.\nHint:  Make it faster, or raise 'time")


@pytest.mark.slow
def test_rows_of_a_function_are_named_by_their_number(app: App) -> None:
    configure(app, f"def schedules():\n  print('noise')\n  return [{ROW}, {{**{ROW}, 'cron': '61 * * * *'}}, {ROW}]")
    done = app.run("sync", "code", "--yes")
    assert done.returncode == 2
    assert done.stderr.startswith("row 2: name: The name 'a' is also in row 1.")
    assert "2 rows are wrong in [sync.code]. Nothing was changed." in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT name, 1 FROM nowhere", "The query failed: no such table: nowhere"),
        ("DELETE FROM shop", "The query begins with DELETE."),
        ("SELECT :account AS name", "The query uses :account, and the query of a sync has no values."),
        ("SELECT 1 AS name, 2 AS NAME", "The query has two columns 'name'."),
        (
            "SELECT name, abs(CASE id WHEN 1 THEN 1 ELSE -9223372036854775808 END) AS account FROM shop",
            "integer overflow",
        ),
        ("", "has no query"),
    ],
)
def test_query_that_fails_changes_nothing(app: App, query: str, expected: str) -> None:
    configure(app, query=query)
    done = app.run("sync", "product", "--yes")
    assert (done.returncode, count(app)) == (1, 0)
    assert expected in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('quary = "x.sql"', "Unknown key 'quary' in [sync.bad].\nHint:  Did you mean 'query'?"),
        ("", "[sync.bad] does not say where the schedules come from."),
        ('query = "x.sql"\npython = "a:b"', "[sync.bad] has both 'query' and 'python'."),
        ('query = "x.sql"', "[sync.bad] has a query and no database."),
        ('query = "x.sql"\ndatabase = "crm"', "The sync 'bad' names the database 'crm', which is not there."),
        ('python = "a.b"', "'python' in [sync.bad] is 'a.b', which names no function."),
        ('python = "a:b"\ntimeout = "soon"', "'timeout' in [sync.bad]: "),
        ('python = "a:b"\ntemplate = "x"', "Unknown key 'template' in [sync.bad]."),
    ],
)
def test_table_with_an_error_is_code_2(app: App, table: str, expected: str) -> None:
    app.config.write_text(f"[sync.bad]\n{table}\n[sync.good]\npython = 'a:b'\n")
    app.config.chmod(0o600)
    done = app.run("sync", "bad", "--yes")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {expected}")
    assert app.run("list").returncode == 0
