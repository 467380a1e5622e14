"""Tables of named reports and of their databases in schedbot.toml."""

from pathlib import Path

import pytest

from schedbot.errors import BadInput
from schedbot.reports import definitions
from schedbot.reports.definitions import Definitions
from schedbot.settings import Settings

EVERY_KIND = {
    "note": {"text": "Good morning"},
    "card": {"template": "card.json.j2"},
    "sales": {"query": "sales.sql", "database": "warehouse", "template": "sales.json.j2", "max_rows": 20},
    "weekly": {"python": "acme.weekly:report", "batch": 200, "timeout": "5s", "memory": "1G", "concurrency": 3},
    "legacy": {"command": ["./report", "{account}"], "env": {"LANG": "C.UTF-8"}, "prepare": "60s"},
}


def load(tmp_path: Path, reports: object = None, databases: object = None) -> Definitions:
    return definitions.load(
        Settings(
            config=tmp_path / "schedbot.toml",
            database=tmp_path / "schedbot.db",
            report_tables=reports or {},  # type: ignore[arg-type]
            database_tables=databases or {},  # type: ignore[arg-type]
        )
    )


def test_each_kind_of_table_is_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERY_KIND)
    assert not loaded.problems
    kinds = {name: definition.kind for name, definition in loaded.reports.items()}
    assert kinds == {"note": "text", "card": "template", "sales": "sql", "weekly": "python", "legacy": "command"}
    weekly, sales, legacy = loaded.find("weekly"), loaded.find("sales"), loaded.find("legacy")
    assert (weekly.batch, weekly.timeout_ms, weekly.memory_bytes, weekly.concurrency) == (200, 5_000, 1 << 30, 3)
    assert sales.place == str(tmp_path / "sales.sql")
    assert sales.template == str(tmp_path / "sales.json.j2")
    assert (legacy.command, legacy.prepare_ms) == (("./report", "{account}"), 60_000)


def test_defaults_are_those_of_the_manual(tmp_path: Path) -> None:
    note = load(tmp_path, EVERY_KIND).find("note")
    assert (note.timeout_ms, note.memory_bytes, note.concurrency, note.prepare_ms) == (30_000, 512 << 20, 20, 0)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "[reports.x] does not say where the report comes from."),
        ({"pyhton": "a:b"}, "[reports.x] does not say where the report comes from."),
        ({"python": "a:b", "text": "hi"}, "[reports.x] has both 'python' and 'text'."),
        ({"python": "a:b", "bacth": 2}, "Unknown key 'bacth' in [reports.x]."),
        ({"text": "hi", "batch": 2}, "Unknown key 'batch' in [reports.x]."),
        ({"python": "a.b"}, "'python' in [reports.x] is 'a.b', which names no function."),
        ({"python": "a:b; rm"}, "'python' in [reports.x] is 'a:b; rm', which names no function."),
        ({"command": "report --all"}, "'command' in [reports.x] is not a list of texts."),
        ({"command": []}, "'command' in [reports.x] is not a list of texts."),
        ({"query": "a.sql"}, "[reports.x] has a query and no database."),
        ({"text": " "}, "'text' in [reports.x] is empty."),
        ({"text": 3}, "'text' in [reports.x] is not a text."),
        ({"template": ""}, "'template' in [reports.x] is empty."),
        ({"text": "hi", "timeout": "soon"}, "'timeout' in [reports.x]: "),
        ({"text": "hi", "timeout": 30}, "'timeout' in [reports.x]: "),
        ({"text": "hi", "memory": "lots"}, "'memory' in [reports.x] is 'lots', which is not a size of at least 16M."),
        ({"text": "hi", "memory": "1M"}, "'memory' in [reports.x] is '1M', which is not a size of at least 16M."),
        ({"text": "hi", "concurrency": 0}, "'concurrency' in [reports.x] is 0, which is not a number from 1 to 1000."),
        ({"text": "hi", "period": "previous wek"}, "'period' in [reports.x]: 'previous wek' is not a period."),
        ({"command": ["a"], "env": {"A": 1}}, "'env' in [reports.x] is not a table of texts."),
        ("hi", "'reports.x' is not a table."),
    ],
)
def test_invalid_table_fails_its_own_report_alone(tmp_path: Path, table: object, problem: str) -> None:
    loaded = load(tmp_path, {"x": table, "note": {"text": "Good morning"}})
    assert loaded.find("note").place == "Good morning"
    with pytest.raises(BadInput) as refused:
        loaded.find("x")
    assert str(refused.value).startswith(problem)
    assert refused.value.hint


def test_unknown_report_gets_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no report 'wekly'") as refused:
        load(tmp_path, EVERY_KIND).find("wekly")
    assert refused.value.hint.startswith("Did you mean 'weekly'?")


def test_database_url_is_read_from_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(tmp_path, EVERY_KIND, {"warehouse": {"url_env": "WAREHOUSE_URL"}})
    database = loaded.find_database(loaded.find("sales"))
    with pytest.raises(BadInput, match="The variable WAREHOUSE_URL is not set"):
        database.resolve_url()
    monkeypatch.setenv("WAREHOUSE_URL", "sqlite:///sales.db")
    assert database.resolve_url() == f"sqlite:///{tmp_path / 'sales.db'}"


def test_password_of_a_database_is_never_shown(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERY_KIND, {"warehouse": {"url": "postgresql://u:secret@db/x", "urls": 1}})
    with pytest.raises(BadInput) as refused:
        loaded.find_database(loaded.find("sales"))
    good = load(tmp_path, EVERY_KIND, {"warehouse": {"url": "postgresql://u:secret@db/x"}})
    assert "secret" not in f"{refused.value}{refused.value.hint}{good!r}"


def test_missing_database_is_named(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERY_KIND)
    with pytest.raises(BadInput, match="names the database 'warehouse', which is not there"):
        loaded.find_database(loaded.find("sales"))
