"""What a message may be: the sizes of slack.md, told in Slack's codes.

Text over 4,000 characters is not refused: Slack cuts it into several messages. The bound on all blocks together is
undocumented; what counts here is the length of their JSON. That of metadata is ours: Slack only says "too large".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from schedbot.sandbox.answers import Json, Refused, encode, explained
from schedbot.sandbox.blocks import faults_in

TEXT = 4000
TEXT_KEPT = 40_000
ALL_BLOCKS = 13_200
MARKDOWN = 12_000
ATTACHMENTS = 100
METADATA_BYTES = 16_000
EVENT_TYPE = re.compile(r"[A-Za-z0-9_.\-]{1,255}")


def content(given: Mapping[str, Any]) -> tuple[str, Json]:
    """A message's text, and its other parts (`blocks`, `attachments`, `metadata`) as stored. Raises Refused."""
    parts: Json = {}
    if blocks := _parsed(given, "blocks", "invalid_blocks_format", list):
        parts["blocks"] = _blocks(blocks)
    if attachments := _parsed(given, "attachments", "invalid_attachments", list):
        if len(attachments) > ATTACHMENTS:
            raise Refused("too_many_attachments")
        parts["attachments"] = attachments
    text = _text(given, has_more=bool(parts))
    metadata = _parsed(given, "metadata", "invalid_metadata_format", dict)
    if metadata is not None:
        parts["metadata"] = _metadata(metadata)
    return text, parts


def split(text: str) -> list[str]:
    """The messages that Slack makes of a text: cut at 4,000 characters, the rest after 40,000 dropped."""
    if len(text) <= TEXT:
        return [text]
    kept = text[:TEXT_KEPT]
    return [kept[start : start + TEXT] for start in range(0, len(kept), TEXT)]


def _text(given: Mapping[str, Any], has_more: bool) -> str:
    markdown = str(given.get("markdown_text") or "")
    if markdown:
        if given.get("text") or has_more:
            raise Refused("markdown_text_conflict")
        if len(markdown) > MARKDOWN:
            raise Refused("msg_too_long")
        return markdown
    text = str(given.get("text") or "")
    if not text and not has_more:
        raise Refused("no_text")
    return text


def _blocks(blocks: list[Any]) -> list[Any]:
    faults = faults_in(blocks)
    if faults:
        raise explained("invalid_blocks", faults)
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > ALL_BLOCKS:
        raise Refused("msg_blocks_too_long")
    # Slack names each block that has no name.
    return [{"block_id": f"b{place}", **block} for place, block in enumerate(blocks)]


def _metadata(metadata: Json) -> Json:
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not EVENT_TYPE.fullmatch(kind) or not isinstance(payload, dict):
        raise Refused("invalid_metadata_format")
    if not all(_is_value(value) for value in payload.values()):
        raise Refused("invalid_metadata_schema")
    if len(encode(payload)) > METADATA_BYTES:
        raise Refused("metadata_too_large")
    return {"event_type": kind, "event_payload": payload}


def _is_value(value: Any) -> bool:
    """Strings, numbers, booleans, objects of those, lists of such objects; neither null nor a list of strings."""
    if isinstance(value, list):
        return all(isinstance(element, dict) and _is_value(element) for element in value)
    if isinstance(value, dict):
        return all(isinstance(inner, str | int | float) for inner in value.values())
    return isinstance(value, str | int | float)


def _parsed(given: Mapping[str, Any], name: str, code: str, kind: type) -> Any:
    """An argument that may come as JSON or, in a form, as text of JSON; None if it is not there."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refused(code) from None
    if not isinstance(value, kind):
        raise Refused(code)
    return value
