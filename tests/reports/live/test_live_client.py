"""Named reports that a command renders: each request gets a result of its own, whatever the others do."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.live_client import LiveClient, LiveRequest
from schedbot.reports.results import RenderedReport
from tests.support.reports.live_project import write_module
from tests.support.reports.live_reports import MONDAY_9AM

MODULE = """
def quick(context):
    time.sleep(0.5)
    return "quick"

def hang(context):
    time.sleep(60)

def empty_section(context):
    from slack_sdk.models.blocks import SectionBlock
    return [SectionBlock()]

def cyclic_list(context):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "a"}}]
    blocks[0]["blocks"] = blocks
    return blocks

def cyclic_object(context):
    value = {"text": "a"}
    value["blocks"] = [{"type": "section", "elements": [value]}]
    return value

def exit_in_result(context):
    class Block:
        def to_dict(self):
            sys.exit(3)
    return [Block()]

KEPT = []

def greedy(context):
    KEPT.append(bytearray(90 << 20))
    time.sleep(0.2)
    return "greedy"

def process(context):
    return str(os.getpid())

def late(context):
    time.sleep(0.7)
    return str(len(bytearray(60 << 20)))
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[LiveClient]:
    write_module(tmp_path, MODULE)
    client = LiveClient((str(tmp_path),))
    yield client
    client.close()


def ask(function: str, **fields: int) -> LiveRequest:
    """Return a request for a function of the module."""
    definition = ReportDefinition(function, "python", f"acme:{function}", **fields)  # type: ignore[arg-type]
    return LiveRequest(definition, "", LiveOccurrence("weekly", "acme", "default", "C0ACME", MONDAY_9AM, "UTC"))


def render(client: LiveClient, request: LiveRequest) -> RenderedReport:
    """Return the result of one request."""
    (result,) = client.render([request])
    return result.rendered


@pytest.mark.slow
def test_hanging_report_beside_a_full_queue_fails_alone(client: LiveClient) -> None:
    requests = [ask("hang", timeout_ms=1_000), *(ask("quick", concurrency=40) for _ in range(250))]
    results = list(client.render(requests))
    assert Counter(result.rendered.failure for result in results) == {None: 250, "It took more than 1 s.": 1}


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("empty_section", "SlackObjectFormationError: "),
        ("cyclic_list", "RecursionError: "),
        ("cyclic_object", "RecursionError: "),
        ("exit_in_result", "SystemExit: 3"),
    ],
)
def test_result_that_cannot_be_used_is_named(client: LiveClient, function: str, error: str) -> None:
    rendered = render(client, ask(function, timeout_ms=5_000))
    assert (rendered.failure or "").startswith(f"acme:{function} returned blocks that cannot be used: {error}")


def test_module_that_exits_is_named(client: LiveClient, tmp_path: Path) -> None:
    write_module(tmp_path, "sys.exit(3)")
    rendered = render(client, ask("quick", timeout_ms=5_000))
    assert rendered.failure == "The module 'acme' cannot be imported: SystemExit: 3."


@pytest.mark.slow
def test_report_without_memory_is_tried_alone_after_others(client: LiveClient) -> None:
    limits = {"memory_bytes": 100 << 20}
    results = list(client.render([ask("greedy", **limits), ask("late", **limits)]))
    assert [result.rendered.failure for result in results] == [None, None]


@pytest.mark.slow
def test_filled_process_is_replaced(client: LiveClient) -> None:
    functions = ("process", "greedy", "process", "late", "process")
    messages = [render(client, ask(function, memory_bytes=100 << 20)).message for function in functions]
    first, _, same, _, last = [message.text for message in messages if message]
    assert first == same != last
