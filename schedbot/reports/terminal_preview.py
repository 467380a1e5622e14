"""Preview a message as styled lines for the terminal.

Rule: the preview is complete. Each line has a style (`plain`, `bold`, `dim`, `link`); the caller chooses the colours.
Control characters of a message never reach the terminal.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from schedbot.model import Message
from schedbot.reports.column_wrap import count_columns, wrap_line
from schedbot.reports.fallback_text import as_list, extract_text

Line = tuple[str, str]

MENTION = re.compile(r"<([@#!])([^<>|]+)(?:\|([^<>]+))?>")
LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]+))?>")
EMPHASIS = re.compile(r"(?<!\w)([*_~])(?=\S)([^\n]+?)(?<=\S)\1(?!\w)")
BOLD_LINE = re.compile(r"\s*\*[^*\n]+\*\s*")
GAP = 2


def preview_lines(message: Message, width: int = 80) -> list[Line]:
    """Return the message's lines as (style, text), at most `width` columns wide."""
    if not message.blocks:
        return _text_lines(message.text, width)
    return [line for block in message.blocks for line in _block_lines(block, width)]


def to_plain_text(mrkdwn: str) -> str:
    """Return the text that a reader of the markup sees."""
    text = LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], mrkdwn)
    text = MENTION.sub(lambda match: _mention(match[1], match[2], match[3]), text)
    text = EMPHASIS.sub(r"\2", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))


def _mention(kind: str, name: str, label: str | None) -> str:
    sign = "#" if kind == "#" else "@"
    return sign + (label or name.partition("^")[0]).lstrip("@#")


def _block_lines(block: Mapping[str, Any], width: int) -> Iterator[Line]:
    match block.get("type"):
        case "header":
            yield from (("bold", line) for line in _wrap(to_plain_text(_text(block.get("text"))), width))
        case "divider":
            yield "dim", "─" * width
        case "section":
            yield from _section_lines(block, width)
        case "context":
            text = "  ".join(to_plain_text(_element_text(element)) for element in as_list(block.get("elements")))
            yield from (("dim", line) for line in _wrap(text, width))
        case "image":
            yield from (("dim", line) for line in _wrap(f"[picture: {to_plain_text(_element_text(block))}]", width))
        case "actions":
            yield from _button_lines(as_list(block.get("elements")), width)
        case _:
            yield from _text_lines(extract_text([block]), width)


def _section_lines(block: Mapping[str, Any], width: int) -> Iterator[Line]:
    if block.get("text"):
        yield from _text_lines(_text(block["text"]), width)
    fields = [_text(field) for field in as_list(block.get("fields"))]
    column = (width - GAP) // 2
    for left, right in zip(fields[::2], [*fields[1::2], ""], strict=False):
        sides = (_text_lines(left, column), _text_lines(right, column))
        for (style, left_line), (_, right_line) in zip_longest(*sides, fillvalue=("plain", "")):
            yield style, f"{_pad(left_line, column + GAP)}{right_line}".rstrip()
    if isinstance(accessory := block.get("accessory"), Mapping):
        yield from _button_lines([accessory], width)


def _button_lines(elements: list[Any], width: int) -> Iterator[Line]:
    for element in elements:
        address = f" ({element['url']})" if isinstance(element, Mapping) and element.get("url") else ""
        yield from (("link", line) for line in _wrap(f"[{to_plain_text(_element_text(element))}]{address}", width))


def _text_lines(mrkdwn: str, width: int) -> list[Line]:
    """Return the lines of mrkdwn. A line that is bold from end to end has the style `bold`."""
    lines: list[Line] = []
    for line in mrkdwn.replace("```", "").split("\n"):
        style = "bold" if BOLD_LINE.fullmatch(line) else "plain"
        lines += [(style, wrapped) for wrapped in _wrap(to_plain_text(line), width)]
    return lines


def _element_text(element: Any) -> str:
    """Return the text of an element, the description of a picture or the placeholder of a menu."""
    if not isinstance(element, Mapping):
        return ""
    return next((text for key in ("text", "alt_text", "placeholder") if (text := _text(element.get(key)))), "")


def _text(value: Any) -> str:
    text = value.get("text") if isinstance(value, Mapping) else value
    return text if isinstance(text, str) else ""


def _wrap(text: str, width: int) -> list[str]:
    return [wrapped for line in text.split("\n") for wrapped in wrap_line(line, width)]


def _pad(text: str, width: int) -> str:
    return text + " " * max(0, width - count_columns(text))
