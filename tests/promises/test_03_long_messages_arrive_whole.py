"""Promise 3 for long messages: each part arrives once, in order and in one thread, through crashes and lost answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.app import App, until

LINES = [f"{number:04d} " + "x" * 60 for number in range(500)]  # 33,000 characters
TEXT = "\n".join(LINES)
LOST_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("drop_after", {"nth": 1}),
    ("drop_before", {"nth": 1}),
    ("drop_after", {"nth": 2}),
    ("drop_before", {"nth": 2}),
    ("status", {"nth": 3, "status": 503, "stored": True}),
    ("error", {"nth": 3, "code": "fatal_error"}),
]


def read_lines(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the report in the blocks of its messages."""
    blocks = [block for message in messages for block in message["blocks"]]
    texts = [block["text"]["text"] if block["type"] == "section" else block["text"] for block in blocks]
    return [line for text in texts for line in str(text).splitlines() if line[:4].isdigit()]


def assert_whole(messages: Sequence[Mapping[str, Any]]) -> None:
    """Assert that a report arrived whole, in order, in one thread, each part once."""
    first, *rest = messages
    assert len(rest) >= 2
    assert {message.get("thread_ts") for message in rest} == {first["ts"]}
    assert read_lines(messages) == LINES
    parts = [message["metadata"]["event_payload"]["part"] for message in messages]
    assert parts == list(range(1, len(messages) + 1))
    assert {message["metadata"]["event_payload"]["parts"] for message in messages} == {len(messages)}


@pytest.mark.slow  # the parts of a message are a second apart
def test_kill_and_lost_answers_double_no_part(app: App) -> None:
    count = len(LOST_ANSWERS) + 1
    app.add_due_jobs(count, text=TEXT)
    app.slack.order("hold", channel="C0000000000", nth=2)
    for number, (fault, options) in enumerate(LOST_ANSWERS, 1):
        app.slack.order(fault, channel=f"C{number:010d}", **options)
    pool = app.start("work")
    app.slack.wait_for_held(1)
    pool.kill()
    pool.wait()
    app.work(within=120)
    until(lambda: app.states() == {"succeeded": count})
    for number in range(count):
        assert_whole(app.slack.messages(f"C{number:010d}"))
