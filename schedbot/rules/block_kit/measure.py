"""Lengths of blocks as Slack counts them: the characters that people read, not those of the JSON around them.

Source: https://github.com/slackapi/bolt-js/issues/2509 ("text characters")
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Parts that people read, where they hold a string.
READ = frozenset(("text", "alt_text", "title", "caption", "author_name", "provider_name", "fallback"))


def utf16_length(text: str) -> int:
    """Return the length of the text in UTF-16 units: an emoji counts two."""
    if text.isascii():
        return len(text)
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def text_length(value: Any) -> int:
    """Return the characters of all texts within a block, an element or a list of them."""
    return sum(utf16_length(text) for text in _walk_texts(value))


def total_length(blocks: Sequence[Any]) -> int:
    """Return the characters of all texts of a message's blocks. The cells of a data table have their own limit."""
    return sum(text_length(block) for block in blocks if _get_type(block) != "data_table")


def markdown_length(blocks: Sequence[Any]) -> int:
    """Return the characters of all markdown blocks."""
    return sum(text_length(block) for block in blocks if _get_type(block) == "markdown")


def count_tables(blocks: Sequence[Any]) -> int:
    """Return the number of table blocks, also of those in containers."""
    inner = [block.get("child_blocks") for block in blocks if _get_type(block) == "container"]
    children = [child for part in inner if isinstance(part, list | tuple) for child in part]
    return sum(_get_type(block) == "table" for block in (*blocks, *children))


def _walk_texts(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, Mapping):
            yield from (part for name, part in current.items() if name in READ and isinstance(part, str))
            stack.extend(part for part in current.values() if not isinstance(part, str))
        elif isinstance(current, list | tuple):
            stack.extend(current)


def _get_type(block: Any) -> Any:
    return block.get("type") if isinstance(block, Mapping) else None
