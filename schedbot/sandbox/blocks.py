"""What Block Kit refuses, in the words that Slack uses: a sentence and a JSON pointer for each fault.

Source: docs.slack.dev/reference/block-kit/blocks. Pictures are not fetched.
"""

from collections.abc import Callable, Iterator
from typing import Any

from schedbot.sandbox.answers import Json

MOST_BLOCKS = 50
SECTION_TEXT = 3000
FIELD_TEXT = 2000
MOST_FIELDS = 10
HEADER_TEXT = 150
MOST_CONTEXT = 10
MOST_ACTIONS = 25
BUTTON_TEXT = 75
ALT_TEXT = 2000
BLOCK_ID = 255
TABLE_ROWS = 100
TABLE_CELLS = 20
UNCHECKED = {"divider", "rich_text", "markdown", "video", "file", "input", "context_actions", "task_card", "plan"}

Faults = Iterator[str]


def faults_in(blocks: list[Any]) -> list[str]:
    """All that is wrong with a message's blocks; nothing if Slack would take them."""
    if len(blocks) > MOST_BLOCKS:
        return [f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"]
    return [fault for place, block in enumerate(blocks) for fault in _block(block, f"/blocks/{place}")]


def _block(block: Any, at: str) -> Faults:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        yield f"missing required field: type [json-pointer:{at}]"
        return
    if len(str(block.get("block_id", ""))) > BLOCK_ID:
        yield f"must be less than {BLOCK_ID + 1} characters [json-pointer:{at}/block_id]"
    check = CHECKS.get(kind)
    if check is not None:
        yield from check(block, at)
    elif kind not in UNCHECKED:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"


def _section(block: Json, at: str) -> Faults:
    if not block.get("text") and not block.get("fields"):
        yield f"must define either `text` or `fields` [json-pointer:{at}]"
    if "text" in block:
        yield from _text(block["text"], f"{at}/text", SECTION_TEXT)
    for place, field in enumerate(_listed(block, "fields")):
        yield from _text(field, f"{at}/fields/{place}", FIELD_TEXT)
    yield from _at_most(block, "fields", MOST_FIELDS, at)


def _header(block: Json, at: str) -> Faults:
    text = block.get("text")
    if isinstance(text, dict) and text.get("type") != "plain_text":
        yield f"must be of type plain_text [json-pointer:{at}/text/type]"
    yield from _text(text, f"{at}/text", HEADER_TEXT)


def _context(block: Json, at: str) -> Faults:
    yield from _some(block, "elements", at)
    yield from _at_most(block, "elements", MOST_CONTEXT, at)
    for place, element in enumerate(_listed(block, "elements")):
        spot = f"{at}/elements/{place}"
        is_image = isinstance(element, dict) and element.get("type") == "image"
        yield from _image(element, spot) if is_image else _text(element, spot, SECTION_TEXT)


def _actions(block: Json, at: str) -> Faults:
    yield from _some(block, "elements", at)
    yield from _at_most(block, "elements", MOST_ACTIONS, at)
    for place, element in enumerate(_listed(block, "elements")):
        if isinstance(element, dict) and element.get("type") == "button":
            yield from _text(element.get("text"), f"{at}/elements/{place}/text", BUTTON_TEXT)


def _image(block: Json, at: str) -> Faults:
    if not block.get("image_url") and not block.get("slack_file"):
        yield f"must provide an image_url or a slack_file [json-pointer:{at}]"
    if not block.get("alt_text"):
        yield f"missing required field: alt_text [json-pointer:{at}]"
    elif len(str(block["alt_text"])) > ALT_TEXT:
        yield f"must be less than {ALT_TEXT + 1} characters [json-pointer:{at}/alt_text]"


def _table(block: Json, at: str) -> Faults:
    yield from _some(block, "rows", at)
    yield from _at_most(block, "rows", TABLE_ROWS, at)
    for place, row in enumerate(_listed(block, "rows")):
        if not isinstance(row, list) or len(row) > TABLE_CELLS:
            yield f"no more than {TABLE_CELLS} items allowed [json-pointer:{at}/rows/{place}]"


CHECKS: dict[str, Callable[[Json, str], Faults]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "table": _table,
}


def _text(text: Any, at: str, most: int) -> Faults:
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    elif text.get("type") not in ("plain_text", "mrkdwn"):
        yield f"unsupported type: {text.get('type')} [json-pointer:{at}/type]"
    elif not text["text"]:
        yield f"must be more than 0 characters [json-pointer:{at}/text]"
    elif len(text["text"]) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}/text]"


def _listed(block: Json, name: str) -> list[Any]:
    found = block.get(name)
    return found if isinstance(found, list) else []


def _some(block: Json, name: str, at: str) -> Faults:
    if not _listed(block, name):
        yield f"missing required field: {name} [json-pointer:{at}]"


def _at_most(block: Json, name: str, most: int, at: str) -> Faults:
    if len(_listed(block, name)) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}/{name}]"
