"""What a message's blocks say, as text: for notifications and screen readers, which get nothing of the blocks.

Rule: complete and in order; what is a picture is told by its alt_text, what is a button by its label.
Source: https://docs.slack.dev/reference/methods/chat.postMessage, "text" beside "blocks"
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Where blocks and their elements keep words, in the order in which they are read.
WORDS = ("title", "text", "label", "description", "fields", "accessory", "element", "elements", "rows", "alt_text")
# Parts of one line, not lines of their own.
INLINE = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")


def words(blocks: Sequence[Mapping[str, Any]]) -> str:
    """All the words of `blocks`, a line for each part."""
    lines = (line.strip("\n") for block in blocks for line in _lines(block))
    return "\n".join(line for line in lines if line.strip())


def listed(value: Any) -> list[Any]:
    """`value` where it is a list; else nothing, for what Slack will refuse anyway."""
    return value if isinstance(value, list) else []


def _lines(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        if part and all(isinstance(cell, Mapping) and _is_cell(cell) for cell in part):
            yield " | ".join(" ".join(_lines(cell)) for cell in part)
        else:
            for one in part:
                yield from _lines(one)
    elif isinstance(part, Mapping):
        yield from _of_mapping(part)


def _of_mapping(part: Mapping[str, Any]) -> Iterator[str]:
    if part.get("type") in INLINE:
        yield "".join(_inline(one) for one in listed(part.get("elements")) if isinstance(one, Mapping))
        return
    if part.get("type") == "image":
        title = part.get("title")
        yield from _lines(title if title else part.get("alt_text", ""))
        return
    for key in WORDS:
        if key in part:
            yield from _lines(part[key])


def _is_cell(part: Mapping[str, Any]) -> bool:
    return part.get("type") in ("raw_text", "raw_number")


def _inline(element: Mapping[str, Any]) -> str:
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
    return str(element.get("text") or element.get("url") or element.get("fallback") or "")
