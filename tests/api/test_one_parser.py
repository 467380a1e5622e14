"""One rule for all ways: each field of a schedule by `add`, an import, the Python API and a sync.

Compared is what is stored, what is recorded as a change, and the message and hint of what is refused.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

import schedbot
from schedbot import cli
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.errors import BadFile, SchedbotError
from schedbot.session import open_session
from tests.support.sql import read_rows

BASE = {"channel": "C0123456789", "tz": "Europe/Berlin", "cron": "0 9 * * mon", "text": "Hi"}
REPORT = {"text": None, "report": "report.json.j2"}


class Case(NamedTuple):
    """A good value as text and as a Python value, a bad text, and fields that go with them."""

    text: str
    value: Any
    bad: str
    beside: Mapping[str, str | None] = MappingProxyType({})


CASES = {
    "name": Case("acme-weekly", "acme-weekly", "*"),
    "account": Case("acme", "acme", "a" * 201),
    "workspace": Case("default", "default", "defualt"),
    "channel": Case("C0000000001", "C0000000001", "#general"),
    "cron": Case("30 8 * * fri", "30 8 * * fri", "61 * * * *"),
    "every": Case("last friday at 16:30", "last friday at 16:30", "some friday", {"cron": None}),
    "at": Case("2030-03-01T09:00:00+00:00", datetime(2030, 3, 1, 9, tzinfo=UTC), "2020-01-01 09:00", {"cron": None}),
    "tz": Case("America/New_York", ZoneInfo("America/New_York"), "Amerika/New_York"),
    "text": Case("Hello, *you*", "Hello, *you*", "x" * 200_000),
    "report": Case("report.json.j2", "report.json.j2", "wekly", {"text": None, "params": '{"team": "EU"}'}),
    "params": Case('{"team": "EU"}', {"team": "EU"}, '{"1x": 2}', REPORT),
    "starts": Case("2030-01-01 09:30:00", datetime(2030, 1, 1, 9, 30), "2030-02-30"),
    "until": Case("2030-06-01", date(2030, 6, 1), "2020-06-01"),
    "count": Case("3", 3, "none at all"),
    "misfire": Case("all", "all", "al"),
    "grace": Case("7200s", timedelta(hours=2), "2 parsecs"),
    "max_attempts": Case("7", 7, "21"),
    "priority": Case("high", "high", "urgent"),
    "on_unknown": Case("resend", "resend", "ask"),
    "jitter": Case("90s", timedelta(seconds=90), "400d"),
    "skip_holidays": Case("US", "US", "Atlantis"),
    "paused": Case("true", True, "perhaps"),
    "holiday_policy": Case("after", "after", "around", {"skip_holidays": "US"}),
    "window": Case("mon-fri 08:00-18:00", "mon-fri 08:00-18:00", "mon-fri 18:00"),
    "outside": Case("skip", "skip", "later", {"window": "mon-fri 08:00-18:00"}),
    "blackout": Case("2030-12-24/2030-12-27", "2030-12-24/2030-12-27", "2030-12-24/2030-12-20"),
    "on_empty": Case("Nothing new", "Nothing new", "x" * 200_000),
    "thread": Case("weekly", "weekly", "wekly"),
    "update": Case("true", True, "perhaps"),
    "username": Case("Sales desk", "Sales desk", "x" * 81),
    "icon": Case(":bar_chart:", ":bar_chart:", "bar chart"),
    "unfurl": Case("true", True, "perhaps"),
}
FLAGS = ("paused", "update", "unfurl")
Fields = dict[str, Any]  # without the fields that are not given


@pytest.fixture
def place(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new database, with a template, in which the commands run."""
    database.with_name("report.json.j2").write_text('{"text": "{{ params.team }}"}')
    monkeypatch.chdir(database.parent)
    monkeypatch.setenv("SCHEDBOT_ACTOR", "somebody")
    return database.parent


def by_command(fields: Fields) -> None:
    words = [fields["name"]]
    for column, text in fields.items():
        if column in FLAGS:
            words += [f"--{column}"]
        elif column == "params":
            [(key, value)] = json.loads(text).items()
            words += ["--param", f"{key}={value}"]
        elif column != "name":
            words += [f"--{column.replace('_', '-')}", text]
    cli.load("add").main([*words, "--json"], standalone_mode=False)


def by_import(fields: Fields) -> None:
    with open_session() as session:
        importer.import_file(session, Source("schedules.jsonl", json.dumps(fields).encode()))


def by_api(fields: Fields) -> None:
    with schedbot.open() as bot:
        bot.add(**fields)


def by_sync(fields: Fields) -> None:
    with schedbot.open() as bot:
        bot.sync([fields], source="product")


WAYS: dict[str, Callable[[Fields], None]] = {
    "command": by_command,
    "import": by_import,
    "api": by_api,
    "sync": by_sync,
}


def fields_of(column: str, case: Case, value: Any) -> Fields:
    fields = {"name": "acme", **BASE, **case.beside, column: value}
    return {name: content for name, content in fields.items() if content is not None}


def stored() -> tuple[Any, Any]:
    """Return the values of the only schedule, and those of its change, and remove it."""
    with schedbot.open() as bot, open_session() as session:
        [schedule] = bot.list()
        values = {name: getattr(schedule, name) for name in (*COLUMNS, "state", "reason", "next_due_at", "version")}
        [(after, actor)] = read_rows(
            session.db, "SELECT after, actor FROM changes WHERE object_id = :id", {"id": schedule.id}
        )
        bot.remove(schedule.name)
    recorded = {column: value for column, value in json.loads(after).items() if column != "source"}  # of a sync
    return values, (recorded, actor)


def refusal(way: Callable[[Fields], None], fields: Fields, column: str) -> str:
    """Return message and hint, without the line that a list names."""
    with pytest.raises(SchedbotError) as refused:
        way(fields)
    error = refused.value
    if isinstance(error, BadFile):
        return error.lines[0].partition(f" 1: {column}: ")[2]
    return f"{error.message} {error.hint}".replace("\n", " ").rstrip()


def test_each_field_has_a_case() -> None:
    assert list(CASES) == list(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.usefixtures("place")
def test_field_is_stored_and_recorded_alike(column: str) -> None:
    case = CASES[column]
    outcomes = {}
    for name, way in WAYS.items():
        way(fields_of(column, case, case.text))
        outcomes[name] = stored()
    by_api(fields_of(column, case, case.value))
    outcomes["api with a Python value"] = stored()
    by_sync(fields_of(column, case, case.value))
    outcomes["sync with a Python value"] = stored()
    assert {name: outcome for name, outcome in outcomes.items() if outcome != outcomes["command"]} == {}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.usefixtures("place")
def test_wrong_value_is_refused_alike(column: str) -> None:
    case = CASES[column]
    # A flag on the command line has no value.
    ways = {name: way for name, way in WAYS.items() if name != "command" or column not in FLAGS}
    refusals = {name: refusal(way, fields_of(column, case, case.bad), column) for name, way in ways.items()}
    assert len(set(refusals.values())) == 1, refusals
    assert refusals["api"]
    with schedbot.open() as bot:
        assert bot.list() == []
