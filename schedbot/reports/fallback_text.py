"""Extract the text of a message's blocks and attachments, for notifications and screen readers.

Rules: the text is complete and in order. A picture is represented by its alt_text, a button by its label. Slack reads
the result as markup, so text that a block shows as it is (plain_text, raw_text) gets no markup: it could mention all.
Source: https://docs.slack.dev/reference/methods/chat.postMessage, "text" beside "blocks"
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Parts of blocks and elements that contain text, in reading order.
TEXT_PARTS = ("title", "text", "label", "description", "fields", "accessory", "element", "elements", "rows", "alt_text")
# Types whose elements form one line.
INLINE_TYPES = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")


def extract_text(blocks: Sequence[Mapping[str, Any]]) -> str:
    """Return all text of the blocks, a line for each part."""
    lines = (line.strip("\n") for block in blocks for line in _lines(block))
    return "\n".join(line for line in lines if line.strip())


def extract_attachment_text(attachments: Sequence[Mapping[str, Any]]) -> str:
    """Return all text of the attachments, a line for each part; of one without any, its `fallback`."""
    return "\n".join(filter(None, map(_attachment_text, attachments)))


def _attachment_text(attachment: Mapping[str, Any]) -> str:
    parts = [attachment.get(name) for name in ("pretext", "author_name", "title", "text")]
    fields = [field for field in as_list(attachment.get("fields")) if isinstance(field, Mapping)]
    parts += [": ".join(str(field[name]) for name in ("title", "value") if field.get(name)) for field in fields]
    parts += [extract_text(as_list(attachment.get("blocks"))), attachment.get("footer")]
    return "\n".join(str(part) for part in parts if part) or str(attachment.get("fallback") or "")


def as_list(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty list (Slack refuses the block anyway)."""
    return value if isinstance(value, list) else []


def _lines(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield _without_markup(part)
    elif isinstance(part, list):
        if part and all(isinstance(cell, Mapping) and _is_cell(cell) for cell in part):
            yield " | ".join(" ".join(_lines(cell)) for cell in part)
        else:
            for entry in part:
                yield from _lines(entry)
    elif isinstance(part, Mapping):
        yield from _mapping_lines(part)


def _without_markup(text: str) -> str:
    """Return a text without links and mentions. A value of a template is escaped already, so `&` stays."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _mapping_lines(part: Mapping[str, Any]) -> Iterator[str]:
    if part.get("type") == "mrkdwn":
        yield str(part.get("text", ""))
        return
    if part.get("type") in INLINE_TYPES:
        yield "".join(
            _inline_text(element) for element in as_list(part.get("elements")) if isinstance(element, Mapping)
        )
        return
    if part.get("type") == "image":
        title = part.get("title")
        yield from _lines(title if title else part.get("alt_text", ""))
        return
    for key in TEXT_PARTS:
        if key in part:
            yield from _lines(part[key])


def _is_cell(part: Mapping[str, Any]) -> bool:
    return part.get("type") in ("raw_text", "raw_number")


def _inline_text(element: Mapping[str, Any]) -> str:
    match element.get("type"):
        case "user":
            return f"<@{element.get('user_id', '')}>"
        case "channel":
            return f"<#{element.get('channel_id', '')}>"
        case "usergroup":
            return f"<!subteam^{element.get('usergroup_id', '')}>"
        case "broadcast":
            return f"@{element.get('range', '')}"
        case "emoji":
            return f":{element.get('name', '')}:"
    return _without_markup(str(element.get("text") or element.get("url") or element.get("fallback") or ""))
