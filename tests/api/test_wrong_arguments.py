"""Wrong arguments of the Python API: each is an error that says what is wrong, and nothing is changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import schedbot
from schedbot.errors import BadInput

WEEKLY: dict[str, Any] = {"cron": "0 9 * * mon", "tz": "America/New_York", "channel": "C0123456789", "text": "Hi"}
Call = Callable[[Any], Any]  # of a handle, without its types: that is what is wrong

WRONG_NUMBERS: list[tuple[Call, str]] = [
    (lambda bot: bot.next(count=-1), "count is -1."),
    (lambda bot: bot.next(count=0), "count is 0."),
    (lambda bot: bot.next(limit=-1), "limit is -1."),
    (lambda bot: bot.next(count="3"), "count is of type 'str'."),
    (lambda bot: bot.next(count=True), "count is of type 'bool'."),
    (lambda bot: bot.audit(limit=-3), "limit is -3."),
    (lambda bot: bot.audit(limit=0), "limit is 0."),
    (lambda bot: bot.audit(2**63), f"job is {2**63}."),
    (lambda bot: bot.audit("1"), "job is of type 'str'."),
    (lambda bot: bot.retry(1.5), "job is of type 'float'."),
    (lambda bot: bot.edit("acme", version="1", text="Hello"), "version is of type 'str'."),
]
WRONG_TEXTS: list[tuple[Call, str]] = [
    (lambda bot: bot.audit(state=5), "state is of type 'int'."),
    (lambda bot: bot.audit(state=["failed", 5]), "state is of type 'int'."),
    (lambda bot: bot.list(state=5), "state is of type 'int'."),
    (lambda bot: bot.list(account=5), "account is of type 'int'."),
    (lambda bot: bot.list(sort=5), "sort is of type 'int'."),
    (lambda bot: bot.show(5), "name is of type 'int'."),
    (lambda bot: bot.show("a\ud83d"), "name has"),
    (lambda bot: bot.next(5), "name is of type 'int'."),
    (lambda bot: bot.why(None), "name is of type 'NoneType'."),
    (lambda bot: bot.edit(5, text="Hello"), "name is of type 'int'."),
    (lambda bot: bot.pause(["acme"]), "name is a list."),
    (lambda bot: bot.pause("acme", reason=5), "reason is of type 'int'."),
    (lambda bot: bot.pause("acme", until=["monday"]), "until is a list."),
    (lambda bot: bot.audit(since=b"today"), "since is binary data."),
    (lambda bot: bot.sync([], source=5), "source is of type 'int'."),
    (lambda bot: bot.sync(None, source="product"), "The list of schedules is of type 'NoneType'."),
    (lambda bot: bot.sync([], source="product", yes_remove="no"), "yes_remove is of type 'str'."),
    (lambda bot: bot.retry(state="failed", dry_run="no"), "dry_run is of type 'str'."),
    (lambda bot: schedbot.open(5), "database is of type 'int'."),  # type: ignore[arg-type]
    (lambda bot: schedbot.open(bot.database, actor=5), "actor is of type 'int'."),  # type: ignore[arg-type]
]
WRONG_KEYWORDS: list[tuple[Call, str]] = [
    (lambda bot: bot.audit(chanel="C0123456789"), "No keyword named 'chanel' exists."),
    (lambda bot: bot.retry(stat="failed"), "No keyword named 'stat' exists."),
    (lambda bot: bot.next(cron="0 9 * * *", tz="UTC", channel="C0123456789"), "No keyword named 'channel' exists."),
    (lambda bot: bot.add("new", chanel="C0123456789"), "No field named 'chanel' exists."),
]
WITHOUT_NAMES: list[tuple[Call, str]] = [
    (lambda bot: bot.pause(), "No schedule is named."),
    (lambda bot: bot.resume(), "No schedule is named."),
    (lambda bot: bot.remove(), "No schedule is named."),
    (lambda bot: bot.run_now(), "No schedule is named."),
]


@pytest.mark.parametrize(("call", "message"), [*WRONG_NUMBERS, *WRONG_TEXTS, *WRONG_KEYWORDS, *WITHOUT_NAMES])
def test_wrong_argument_is_refused(bot: schedbot.Schedbot, call: Call, message: str) -> None:
    before = bot.add("acme", **WEEKLY)
    with pytest.raises(BadInput) as refused:
        call(bot)
    assert refused.value.message.startswith(message)
    assert refused.value.hint
    assert bot.list() == [before]


def test_none_is_the_same_as_a_keyword_left_out(bot: schedbot.Schedbot) -> None:
    untyped: Any = bot
    added = bot.add("acme", **WEEKLY)
    assert untyped.list(state=None, channel=None) == [added]
    assert list(untyped.audit(state=None, since=None)) == []
    assert untyped.next(from_=None, to=None, count=None) == bot.next()
    assert [schedule.state for schedule in untyped.pause("acme", reason=None, until=None)] == ["paused"]


@pytest.mark.parametrize("name", ["account", "state", "channel", "schedule"])
def test_empty_list_of_a_filter_does_not_mean_all(database: Path, name: str) -> None:
    filters: dict[str, Any] = {name: []}
    with schedbot.open(database) as bot, pytest.raises(BadInput, match=f"{name} is an empty list"):
        bot.audit(**filters)
