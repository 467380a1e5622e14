"""Pictures in blocks: names become Slack's ids, or texts."""

from typing import Any

from schedbot.model import Message
from schedbot.rules.block_kit import pictures

NOTE = "The picture cannot be shown: Slack refused it."


def picture(name: str, alt_text: str = "Sales by week") -> dict[str, Any]:
    return {"type": "image", "slack_file": {"name": name}, "alt_text": alt_text}


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Sales"}}
ALL_PLACES = Message(
    "Sales",
    (
        picture("chart.png"),
        {**SECTION, "accessory": picture("logo.png", "Logo")},
        {"type": "context", "elements": [picture("dot.png", "A dot"), {"type": "mrkdwn", "text": "as of today"}]},
        {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "Uploaded before"},
    ),
    attachments=({"blocks": [picture("more.png")]},),
)


def text(*lines: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": "\n".join(lines), "emoji": False}


def test_all_pictures_of_a_message_are_listed_in_order() -> None:
    assert pictures.list_names(ALL_PLACES) == ["chart.png", "logo.png", "dot.png", "more.png"]


def test_picture_is_shown_by_its_id_in_every_place() -> None:
    ids = {"chart.png": "F2", "logo.png": "F3", "dot.png": "F4", "more.png": "F5"}
    shown = pictures.show_pictures(ALL_PLACES, ids)
    assert pictures.list_names(shown) == []
    assert shown.blocks[0] == {"type": "image", "slack_file": {"id": "F2"}, "alt_text": "Sales by week"}
    assert shown.blocks[1]["accessory"]["slack_file"] == {"id": "F3"}
    assert shown.blocks[2]["elements"][0]["slack_file"] == {"id": "F4"}
    assert shown.attachments[0]["blocks"][0]["slack_file"] == {"id": "F5"}
    assert shown.blocks[3] == ALL_PLACES.blocks[3]


def test_picture_becomes_its_alternative_text_in_every_place() -> None:
    message = pictures.replace_pictures(ALL_PLACES, dict.fromkeys(pictures.list_names(ALL_PLACES), NOTE))
    note = {"type": "context", "elements": [text("Sales by week", NOTE)]}
    assert message.blocks == (
        note,
        SECTION,
        {"type": "context", "elements": [text("Logo", NOTE)]},
        {"type": "context", "elements": [text("A dot", NOTE), {"type": "mrkdwn", "text": "as of today"}]},
        ALL_PLACES.blocks[3],
    )
    assert message.attachments == ({"blocks": [note]},)


def test_picture_alone_in_a_section_leaves_no_empty_section() -> None:
    message = Message("x", ({"type": "section", "accessory": picture("chart.png", "")},))
    expected = ({"type": "context", "elements": [text(NOTE)]},)
    assert pictures.replace_pictures(message, {"chart.png": NOTE}).blocks == expected


def test_other_pictures_of_the_message_stay() -> None:
    message = Message("x", (picture("a.png"), picture("b.png")))
    assert pictures.list_names(pictures.replace_pictures(message, {"a.png": NOTE})) == ["b.png"]
