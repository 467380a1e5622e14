"""Messages of the Python API name its keywords; the same messages of a command name its options."""

from collections.abc import Callable
from typing import Any

import pytest

import schedbot
from schedbot.errors import BadInput
from tests.support.app import App

CALLS: list[tuple[Callable[[schedbot.Schedbot], Any], tuple[str, ...], str]] = [
    (lambda bot: bot.list(sort="x"), ("list", "--sort", "x"), "sort: unknown column 'x'."),
    (lambda bot: bot.list(state="x"), ("list", "--state", "x"), "state: unknown schedule state 'x'."),
    (lambda bot: bot.list(account=""), ("list", "--account", ""), "account is empty."),
    (lambda bot: bot.audit(state="x"), ("audit", "--state", "x"), "state: unknown job state 'x'."),
    (lambda bot: bot.audit(error="x"), ("audit", "--error", "x"), "error: 'x' is no known error code, and no job has"),
    (lambda bot: bot.audit(account="x"), ("audit", "--account", "x"), "account: no schedule has or had the account"),
    (
        lambda bot: bot.audit(since="1h", until="2h"),
        ("audit", "--since", "1h", "--until", "2h"),
        "until '2h' is before '1h'.",
    ),
    (
        lambda bot: bot.retry(state="succeeded"),
        ("retry", "--state", "succeeded"),
        "state succeeded: these jobs cannot be retried.",
    ),
    (
        lambda bot: bot.next(cron="0 9 * * *", tz="UTC", to="2020-01-01"),
        ("next", "--cron", "0 9 * * *", "--tz", "UTC", "--to", "2020-01-01"),
        "to '2020-01-01' is before now.",
    ),
    (lambda bot: bot.next(tz="UTC"), ("next", "--tz", "UTC"), "tz needs an expression."),
]


@pytest.mark.slow
def test_message_names_the_keyword_or_the_option(app: App) -> None:
    with schedbot.open(app.path, config=app.config) as bot:
        for call, words, message in CALLS:
            with pytest.raises(BadInput) as refused:
                call(bot)
            assert refused.value.message.startswith(message)
            assert app.run(*words).stderr.startswith(f"Error: --{message}"), words
