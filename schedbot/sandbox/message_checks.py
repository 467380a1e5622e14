"""Checks the content of a message and refuses it with Slack's error codes.

Text over 4,000 characters is accepted: Slack splits it into several messages. Slack does not document its limit for all
blocks together; the sandbox counts their text. The limit for metadata is the sandbox's own: Slack
documents only "too large".
"""

import re
from collections.abc import Mapping
from typing import Any

from schedbot.rules import block_kit
from schedbot.rules.block_kit.blocks import MAX_TABLES
from schedbot.sandbox.api_responses import Json, RequestRefused, decode, detailed_refusal, encode
from schedbot.sandbox.block_checks import are_too_long, find_attachment_errors, find_block_errors

MAX_TEXT = 4000
MAX_SPLIT_TEXT = 40_000
MAX_MARKDOWN = 12_000
MAX_ATTACHMENTS = 100
MAX_METADATA_BYTES = 16_000
EVENT_TYPE = re.compile(r"[A-Za-z0-9_.\-]{1,255}")


def parse_content(args: Mapping[str, Any]) -> tuple[str, Json]:
    """Return the text and the other parts (`blocks`, `attachments`, `metadata`) to store. Raises RequestRefused."""
    parts: Json = {}
    blocks = _parse_json_arg(args, "blocks", "invalid_blocks_format", list) or []
    attachments = _parse_json_arg(args, "attachments", "invalid_attachments", list) or []
    if blocks:
        parts["blocks"] = _check_blocks(blocks)
    if attachments:
        parts["attachments"] = _check_attachments(attachments)
    tables = block_kit.count_tables([*blocks, *block_kit.list_attachment_blocks(attachments)])
    if tables > MAX_TABLES:
        raise detailed_refusal("invalid_attachments", ["only_one_table_allowed"])
    text = _parse_text(args, has_more=bool(parts))
    metadata = _parse_json_arg(args, "metadata", "invalid_metadata_format", dict)
    if metadata is not None:
        parts["metadata"] = _check_metadata(metadata)
    return text, parts


def split_text(text: str) -> list[str]:
    """Return the texts of the messages that Slack stores: 4,000 characters each, cut off after 40,000."""
    if len(text) <= MAX_TEXT:
        return [text]
    stored = text[:MAX_SPLIT_TEXT]
    return [stored[start : start + MAX_TEXT] for start in range(0, len(stored), MAX_TEXT)]


def _parse_text(args: Mapping[str, Any], has_more: bool) -> str:
    markdown = str(args.get("markdown_text") or "")
    if markdown:
        if args.get("text") or has_more:
            raise RequestRefused("markdown_text_conflict")
        if len(markdown) > MAX_MARKDOWN:
            raise RequestRefused("msg_too_long")
        return markdown
    text = str(args.get("text") or "")
    if not text and not has_more:
        raise RequestRefused("no_text")
    return text


def _check_blocks(blocks: list[Any]) -> list[Any]:
    errors = find_block_errors(blocks)
    if errors:
        raise detailed_refusal("invalid_blocks", errors)
    if are_too_long(blocks):
        raise RequestRefused("msg_blocks_too_long")
    # Slack adds a block_id where none is given.
    return [{"block_id": f"b{index}", **block} for index, block in enumerate(blocks)]


def _check_attachments(attachments: list[Any]) -> list[Any]:
    if len(attachments) > MAX_ATTACHMENTS:
        raise RequestRefused("too_many_attachments")
    if errors := find_attachment_errors(attachments):
        raise detailed_refusal("invalid_attachments", errors)
    # Slack numbers the attachments, and adds a fallback.
    return [{"fallback": "[no preview available]", **entry, "id": index} for index, entry in enumerate(attachments, 1)]


def _check_metadata(metadata: Json) -> Json:
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not EVENT_TYPE.fullmatch(kind) or not isinstance(payload, dict):
        raise RequestRefused("invalid_metadata_format")
    if not all(_is_value(value) for value in payload.values()):
        raise RequestRefused("invalid_metadata_schema")
    if len(encode(payload)) > MAX_METADATA_BYTES:
        raise RequestRefused("metadata_too_large")
    return {"event_type": kind, "event_payload": payload}


def _is_value(value: Any) -> bool:
    """Is it a string, a number, a boolean, an object of those, or a list of such objects? Null is not allowed."""
    if isinstance(value, list):
        return all(isinstance(element, dict) and _is_value(element) for element in value)
    if isinstance(value, dict):
        return all(isinstance(inner, str | int | float) for inner in value.values())
    return isinstance(value, str | int | float)


def _parse_json_arg(args: Mapping[str, Any], name: str, code: str, kind: type) -> Any:
    """Return an argument in JSON, or in a form as JSON text; None if it is missing. Raises RequestRefused."""
    value = args.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = decode(value)
        except ValueError:
            raise RequestRefused(code) from None
    if not isinstance(value, kind):
        raise RequestRefused(code)
    return value
