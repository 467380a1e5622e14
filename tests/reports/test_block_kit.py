"""Block Kit's rules: payloads that Slack refuses and takes, each with the place of its first problem."""

import json
from pathlib import Path
from typing import Any

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks
from schedbot.rules.block_kit import find_problems, total_length
from schedbot.sandbox.block_checks import are_too_long, find_block_errors

DATA = Path(__file__).parent.parent / "data"


def load_cases(name: str) -> list[Any]:
    lines = (DATA / name).read_text().splitlines()
    return [pytest.param(case, id=case["case"]) for case in map(json.loads, lines)]


def find_place(block: Any) -> str:
    """Return the place of the first problem that is no warning; empty if there is none."""
    return next((problem.at for problem in find_problems([block]) if not problem.is_warning), "")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(**parts: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"type": "button", "text": plain("Open"), **parts}]}


def rich_text(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


@pytest.mark.parametrize("case", load_cases("blocks-slack-refuses.jsonl"))
def test_blocks_that_slack_refuses_name_their_place(case: dict[str, Any]) -> None:
    with pytest.raises(ReportFailed, match=rf"^Block 1 \(.+\): {case['at']} "):
        block_checks.check(Message("a", case["blocks"]))
    assert find_block_errors(case["blocks"])


@pytest.mark.parametrize("case", load_cases("blocks-slack-takes.jsonl"))
def test_blocks_that_slack_takes_are_accepted(case: dict[str, Any]) -> None:
    block_checks.check(Message("a", case["blocks"]))
    assert (find_block_errors(case["blocks"]), are_too_long(case["blocks"])) == ([], False)


@pytest.mark.parametrize(
    ("block", "at"),
    [
        (button(value=5), "/elements/0/value"),
        (button(style="green"), "/elements/0/style"),
        (button(confirm={"title": plain("Sure?")}), "/elements/0/confirm/text"),
        (rich_text({"type": "text", "text": ""}), "/elements/0/elements/0/text"),
        (rich_text({"type": "link", "url": "https://a.test", "text": ""}), "/elements/0/elements/0/text"),
        ({"type": "image", "image_url": "https://a.test/p.png", "alt_text": ""}, "/alt_text"),
        ({"type": "image", "slack_file": {}, "alt_text": "a"}, ""),
        ({"type": "section", "text": plain("a"), "accessory": plain("b")}, "/accessory"),
        ({"type": "section", "text": plain("a"), "accessory": {"type": "buton"}}, "/accessory/type"),
        ({"type": "actions", "elements": []}, "/elements"),
        ({"type": "actions", "elements": None}, "/elements"),
        ({"type": "header", "text": {"type": "plain_text", "text": None}}, "/text/text"),
        ({"type": "carousel", "elements": [{"type": "section"}]}, "/elements/0"),
        ({"type": "container", "title": plain("a"), "child_blocks": [{"type": "header"}]}, "/child_blocks/0/text"),
    ],
)
def test_siblings_of_those_faults_are_refused(block: dict[str, Any], at: str) -> None:
    assert find_place(block) == f"/blocks/0{at}"


@pytest.mark.parametrize(
    "block",
    [
        button(style="default"),
        button(value=""),
        button(agent_hint="new in 2027"),
        rich_text(),
        rich_text({"type": "hologram", "depth": 3}),
        {"type": "section", "text": plain("a"), "fields": []},
        {"type": "section", "text": plain("a"), "accessory": None, "block_id": None},
        {"type": "section", "text": plain("a"), "accessory": {"type": "hologram"}},
        {"type": "hologram"},
    ],
)
def test_doubtful_block_is_accepted(block: dict[str, Any]) -> None:
    assert find_place(block) == ""


def test_unknown_parts_are_warnings_with_their_place() -> None:
    blocks = [{"type": "hologram"}, {"type": "divider", "colour": "red"}]
    assert block_checks.find_warnings(Message("a", blocks)) == [
        "Block 1 (hologram): /blocks/0/type is 'hologram', a type that schedbot does not know. Slack may refuse it.",
        "Block 2 (divider): /blocks/1/colour is a property that schedbot does not know. Slack may refuse it.",
    ]


def test_only_the_first_warnings_are_listed() -> None:
    assert len(block_checks.find_warnings(Message("a", [{"type": "hologram"}] * 50))) == block_checks.MAX_WARNINGS


def test_block_ids_differ_within_a_message() -> None:
    blocks = [{"type": "divider", "block_id": name} for name in ("a", "", "", "a")]
    assert [problem.at for problem in find_problems(blocks)] == ["/blocks/3/block_id"]


def test_cells_of_all_tables_count_together() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 6_000}]]}
    assert [problem.at for problem in find_problems([table, table])] == ["/blocks/1"]


def test_size_of_blocks_is_the_size_of_their_text() -> None:
    link = {"type": "link", "url": "https://a.test/" + "b" * 500, "text": "here"}
    assert total_length([rich_text(link), button(value="v" * 500), {"type": "divider"}]) == len("here" + "Open")
