"""Checks Block Kit blocks and reports errors as Slack does: a sentence and a JSON pointer for each.

Source: docs.slack.dev/reference/block-kit/blocks. Pictures are not fetched.
"""

from collections.abc import Callable, Iterator
from typing import Any

from schedbot.sandbox.api_responses import Json

MAX_BLOCKS = 50
MAX_SECTION_TEXT = 3000
MAX_FIELD_TEXT = 2000
MAX_FIELDS = 10
MAX_HEADER_TEXT = 150
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTIONS = 25
MAX_BUTTON_TEXT = 75
MAX_ALT_TEXT = 2000
MAX_BLOCK_ID = 255
MAX_TABLE_ROWS = 100
MAX_TABLE_CELLS = 20
UNCHECKED = {"divider", "rich_text", "markdown", "video", "file", "input", "context_actions", "task_card", "plan"}

Errors = Iterator[str]


def find_block_errors(blocks: list[Any]) -> list[str]:
    """Return the errors in a message's blocks; an empty list if Slack would accept them."""
    if len(blocks) > MAX_BLOCKS:
        return [f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]"]
    return [error for index, block in enumerate(blocks) for error in _check_block(block, f"/blocks/{index}")]


def _check_block(block: Any, at: str) -> Errors:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        yield f"missing required field: type [json-pointer:{at}]"
        return
    if len(str(block.get("block_id", ""))) > MAX_BLOCK_ID:
        yield f"must be less than {MAX_BLOCK_ID + 1} characters [json-pointer:{at}/block_id]"
    check = CHECKS.get(kind)
    if check is not None:
        yield from check(block, at)
    elif kind not in UNCHECKED:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"


def _check_section(block: Json, at: str) -> Errors:
    if not block.get("text") and not block.get("fields"):
        yield f"must define either `text` or `fields` [json-pointer:{at}]"
    if "text" in block:
        yield from _check_text(block["text"], f"{at}/text", MAX_SECTION_TEXT)
    for index, field in enumerate(_get_list(block, "fields")):
        yield from _check_text(field, f"{at}/fields/{index}", MAX_FIELD_TEXT)
    yield from _check_length(block, "fields", MAX_FIELDS, at)


def _check_header(block: Json, at: str) -> Errors:
    text = block.get("text")
    if isinstance(text, dict) and text.get("type") != "plain_text":
        yield f"must be of type plain_text [json-pointer:{at}/text/type]"
    yield from _check_text(text, f"{at}/text", MAX_HEADER_TEXT)


def _check_context(block: Json, at: str) -> Errors:
    yield from _check_not_empty(block, "elements", at)
    yield from _check_length(block, "elements", MAX_CONTEXT_ELEMENTS, at)
    for index, element in enumerate(_get_list(block, "elements")):
        element_at = f"{at}/elements/{index}"
        is_image = isinstance(element, dict) and element.get("type") == "image"
        yield from _check_image(element, element_at) if is_image else _check_text(element, element_at, MAX_SECTION_TEXT)


def _check_actions(block: Json, at: str) -> Errors:
    yield from _check_not_empty(block, "elements", at)
    yield from _check_length(block, "elements", MAX_ACTIONS, at)
    for index, element in enumerate(_get_list(block, "elements")):
        if isinstance(element, dict) and element.get("type") == "button":
            yield from _check_text(element.get("text"), f"{at}/elements/{index}/text", MAX_BUTTON_TEXT)


def _check_image(block: Json, at: str) -> Errors:
    if not block.get("image_url") and not block.get("slack_file"):
        yield f"must provide an image_url or a slack_file [json-pointer:{at}]"
    if not block.get("alt_text"):
        yield f"missing required field: alt_text [json-pointer:{at}]"
    elif len(str(block["alt_text"])) > MAX_ALT_TEXT:
        yield f"must be less than {MAX_ALT_TEXT + 1} characters [json-pointer:{at}/alt_text]"


def _check_table(block: Json, at: str) -> Errors:
    yield from _check_not_empty(block, "rows", at)
    yield from _check_length(block, "rows", MAX_TABLE_ROWS, at)
    for index, row in enumerate(_get_list(block, "rows")):
        if not isinstance(row, list) or len(row) > MAX_TABLE_CELLS:
            yield f"no more than {MAX_TABLE_CELLS} items allowed [json-pointer:{at}/rows/{index}]"


CHECKS: dict[str, Callable[[Json, str], Errors]] = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "image": _check_image,
    "table": _check_table,
}


def _check_text(text: Any, at: str, max_length: int) -> Errors:
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    elif text.get("type") not in ("plain_text", "mrkdwn"):
        yield f"unsupported type: {text.get('type')} [json-pointer:{at}/type]"
    elif not text["text"]:
        yield f"must be more than 0 characters [json-pointer:{at}/text]"
    elif len(text["text"]) > max_length:
        yield f"must be less than {max_length + 1} characters [json-pointer:{at}/text]"


def _get_list(block: Json, name: str) -> list[Any]:
    value = block.get(name)
    return value if isinstance(value, list) else []


def _check_not_empty(block: Json, name: str, at: str) -> Errors:
    if not _get_list(block, name):
        yield f"missing required field: {name} [json-pointer:{at}]"


def _check_length(block: Json, name: str, maximum: int, at: str) -> Errors:
    if len(_get_list(block, name)) > maximum:
        yield f"no more than {maximum} items allowed [json-pointer:{at}/{name}]"
