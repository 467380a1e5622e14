"""Schedules of the Python API: add, edit, pause, resume, remove, list, show."""

import dataclasses
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import schedbot
from schedbot.api import values
from schedbot.errors import NotFound, SchedbotError, ScheduleChanged
from schedbot.store.open_database import open_database
from tests.support.sql import read_rows

WEEKLY: dict[str, Any] = {"cron": "0 9 * * mon", "tz": "America/New_York", "channel": "C0123456789", "text": "Hi"}


def command(database: Path, *words: str) -> str:
    """Return the output of a command on the database."""
    line = [sys.executable, "-m", "schedbot", "--database", str(database), *words]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def test_added_schedule_has_the_values_of_show_json(bot: schedbot.Schedbot, database: Path) -> None:
    added = bot.add("acme-weekly", **WEEKLY, account="acme", starts=datetime(2030, 1, 1))
    shown = json.loads(command(database, "show", "acme-weekly", "--json"))
    assert [field.name for field in dataclasses.fields(added)] == list(shown)
    assert added == bot.show("acme-weekly") == bot.list()[0] == values.from_object(schedbot.Schedule, shown)


def test_instants_are_aware_datetimes_in_utc(bot: schedbot.Schedbot) -> None:
    schedule = bot.add("acme-weekly", **WEEKLY)
    assert schedule.next_due_at is not None
    assert schedule.next_due_at.tzinfo is UTC
    assert schedule.next_due_at.astimezone(ZoneInfo("America/New_York")).strftime("%a %H:%M") == "Mon 09:00"


def test_python_values_equal_their_texts(bot: schedbot.Schedbot) -> None:
    typed = bot.add(
        "typed",
        **{**WEEKLY, "text": None, "report": _template(bot), "tz": ZoneInfo("Europe/Berlin")},
        starts=datetime(2030, 1, 1, 9, 30),
        until=datetime(2031, 1, 1, tzinfo=UTC),
        grace=timedelta(hours=2),
        max_attempts=3,
        paused=True,
        params={"team": "EU", "top": 3},
    )
    texts = bot.add(
        "texts",
        **{**WEEKLY, "text": None, "report": _template(bot), "tz": "Europe/Berlin"},
        starts="2030-01-01 09:30",
        until="2031-01-01T00:00:00Z",
        grace="2h",
        max_attempts="3",
        paused="true",
        params='{"team": "EU", "top": 3}',
    )
    own = ("name", "id", "created_at")
    assert [getattr(typed, field) for field in fields_but(own)] == [getattr(texts, field) for field in fields_but(own)]
    assert typed.starts == datetime(2030, 1, 1, 8, 30, tzinfo=UTC)


def fields_but(left_out: tuple[str, ...]) -> list[str]:
    """Return the names of a schedule's fields, without some of them."""
    return [field.name for field in dataclasses.fields(schedbot.Schedule) if field.name not in left_out]


def _template(bot: schedbot.Schedbot) -> str:
    path = bot.database.with_name("report.json.j2")
    path.write_text('{"text": "{{ params.team }}"}')
    return str(path)


def test_each_change_is_recorded_with_the_actor(bot: schedbot.Schedbot, database: Path) -> None:
    bot.add("acme-weekly", **WEEKLY)
    edited = bot.edit("acme-weekly", cron="0 8 * * fri", name="acme-friday")
    assert (edited.cron, edited.name, edited.version) == ("0 8 * * fri", "acme-friday", 2)
    assert bot.pause("acme-*", reason="moving", until=timedelta(days=3))[0].reason == "moving"
    assert bot.resume("acme-friday")[0].state == "active"
    assert bot.remove("acme-friday")[0].state == "removed"
    assert bot.list() == []
    db = open_database(database)
    rows = list(read_rows(db, "SELECT command, actor FROM changes WHERE kind = 'schedule' ORDER BY id"))
    db.close()
    assert rows == [(name, "settings page") for name in ("add", "edit", "pause", "resume", "remove")]


def test_list_filters_and_sorts_as_the_command(bot: schedbot.Schedbot) -> None:
    bot.add("b", **WEEKLY, account="1")
    bot.add("a", **WEEKLY, account="2", paused=True)
    assert [schedule.name for schedule in bot.list(sort="-name")] == ["b", "a"]
    assert [schedule.name for schedule in bot.list(state="paused")] == ["a"]
    assert [schedule.name for schedule in bot.list("[bc]", account="1", tz="America/New_York")] == ["b"]
    with pytest.raises(NotFound):
        bot.list("c")


def test_edit_of_an_older_version_changes_nothing(bot: schedbot.Schedbot) -> None:
    first = bot.add("acme-weekly", **WEEKLY)
    bot.edit("acme-weekly", text="Hello")
    with pytest.raises(ScheduleChanged) as refused:
        bot.edit("acme-weekly", text="Goodbye", version=first.version)
    assert refused.value.message == "'acme-weekly' was changed since version 1: it has version 2 now."
    assert refused.value.exit_code == 1
    assert bot.show("acme-weekly").text == "Hello"
    assert bot.edit("acme-weekly", text="Goodbye", version=2).version == 3


@pytest.mark.parametrize(
    ("fields", "column", "message"),
    [
        ({"tz": "Amerika/New_York"}, "tz", "Amerika/New_York"),
        ({"crn": "* * * * *"}, "crn", "No field named 'crn' exists."),
        ({"priority": ["high"]}, "priority", "a list"),
        ({"grace": timedelta(seconds=1.5)}, "grace", "number of seconds"),
        ({"params": {"team": object()}}, "params", "as JSON"),
        ({"report": "weekly", "text": None}, "report", "No report named 'weekly' exists"),
    ],
)
def test_wrong_field_is_named(bot: schedbot.Schedbot, fields: Any, column: str, message: str) -> None:
    with pytest.raises(SchedbotError) as refused:
        bot.add("acme-weekly", **{**WEEKLY, **fields})
    assert refused.value.column == column
    assert message in refused.value.message
    assert refused.value.hint
    assert refused.value.exit_code == 2
    assert bot.list() == []


def test_named_report_is_not_run_by_an_add(database: Path) -> None:
    config = database.with_name("schedbot.toml")
    config.write_text('[reports.weekly]\npython = "no_such_module:report"\n')
    with schedbot.open(database, config=config) as bot:
        assert bot.add("acme-weekly", **{**WEEKLY, "text": None}, report="weekly").report == "weekly"
        assert bot.edit("acme-weekly", params={"team": "EU"}).params == {"team": "EU"}
