"""Rows become dataclasses by the names of their columns, and a wrong column is an error at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from schedbot.model import JobState
from schedbot.store.database import Database
from schedbot.store.open_database import create_database


@dataclass(frozen=True, slots=True)
class Place:
    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    id: int
    state: JobState
    last_state: JobState | None
    is_on: bool
    place: Place
    params: Mapping[str, object]
    note: str = "none"


ROW = """
SELECT '{"a": [1]}' AS params, 'file' AS "place.kind", '/x' AS "place.path", 7 AS id, 'queued' AS state,
       NULL AS last_state, 1 AS is_on
"""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    yield database
    database.close()


def test_columns_fill_fields_by_name_and_type(db: Database) -> None:
    expected = Example(
        id=7, state=JobState.QUEUED, last_state=None, is_on=True, place=Place("file", "/x"), params={"a": [1]}
    )
    assert db.first(Example, ROW) == expected
    assert db.all(Example, f"{ROW} UNION ALL {ROW}") == [expected, expected]
    assert next(db.each(Example, ROW)).is_on is True


def test_a_statement_without_rows_gives_no_objects(db: Database) -> None:
    assert (db.all(Place, "SELECT 1 AS kind WHERE false"), db.first(Place, "SELECT 1 AS kind WHERE false")) == (
        [],
        None,
    )


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 'a' AS kind, 'b' AS path, 'c' AS colour", "Place has no field 'colour'"),
        ("SELECT 'a' AS kind, 'b' AS kind", "two columns have the same name"),
        ("SELECT 'a' AS kind", "missing 1 required positional argument: 'path'"),
    ],
)
def test_columns_that_do_not_fit_the_fields_are_an_error(db: Database, sql: str, error: str) -> None:
    with pytest.raises(TypeError, match=error):
        db.first(Place, sql)


def test_one_column_is_read_as_plain_values(db: Database) -> None:
    assert db.integers("SELECT value FROM json_each('[3, 4]')") == [3, 4]
    assert db.texts("SELECT value FROM json_each(:names)", {"names": '["a", "b"]'}) == ["a", "b"]
    assert (db.integer("SELECT 5"), db.text("SELECT 'five'")) == (5, "five")
    assert (db.is_true("SELECT 1"), db.is_true("SELECT 0"), db.is_true("SELECT 1 WHERE false")) == (True, False, False)


@pytest.mark.parametrize("sql", ["SELECT 1 WHERE false", "SELECT NULL"])
def test_a_missing_value_is_none_or_an_error(db: Database, sql: str) -> None:
    assert (db.integer_or_none(sql), db.text_or_none(sql)) == (None, None)
    with pytest.raises(LookupError):
        db.integer(sql)
    with pytest.raises(LookupError):
        db.text(sql)


def test_a_value_of_another_type_is_an_error(db: Database) -> None:
    with pytest.raises(TypeError, match="not of type int"):
        db.integer("SELECT 'five'")
    with pytest.raises(TypeError, match="one column is read"):
        db.integer("SELECT 1 AS a, 2 AS b")


def test_the_url_of_a_server_is_refused() -> None:
    from schedbot.errors import DatabaseUnusable
    from schedbot.store.open_database import open_database

    with pytest.raises(DatabaseUnusable, match="'postgresql://host/schedbot' is not a path"):
        open_database("postgresql://host/schedbot")
