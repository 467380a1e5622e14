"""A message as it would look, for the terminal.

Rule: nothing of the message is left out; a style names what a line is (`plain`, `bold`, `dim`, `link`) and whoever
prints it chooses the colour. Control characters of a message never reach the terminal.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from schedbot.model import Message
from schedbot.reports.fallback_text import listed, words

Line = tuple[str, str]

MENTION = re.compile(r"<([@#!])([^<>|]+)(?:\|([^<>]+))?>")
LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]+))?>")
EMPHASIS = re.compile(r"(?<!\w)([*_~])(?=\S)([^\n]+?)(?<=\S)\1(?!\w)")
BOLD_LINE = re.compile(r"\s*\*[^*\n]+\*\s*")
GAP = 2


def draw(message: Message, width: int = 80) -> list[Line]:
    """The message's lines as (style, text), none wider than `width`."""
    if not message.blocks:
        return _paragraphs(message.text, width)
    return [line for block in message.blocks for line in _block(block, width)]


def plain(mrkdwn: str) -> str:
    """Slack's markup as a reader sees it."""
    text = LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], mrkdwn)
    text = MENTION.sub(lambda who: _mention(who[1], who[2], who[3]), text)
    text = EMPHASIS.sub(r"\2", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))


def _mention(kind: str, name: str, label: str | None) -> str:
    sign = "#" if kind == "#" else "@"
    return sign + (label or name.partition("^")[0]).lstrip("@#")


def _block(block: Mapping[str, Any], width: int) -> Iterator[Line]:
    match block.get("type"):
        case "header":
            yield from (("bold", line) for line in _wrapped(plain(_text(block.get("text"))), width))
        case "divider":
            yield "dim", "─" * width
        case "section":
            yield from _section(block, width)
        case "context":
            said = "  ".join(plain(_element(one)) for one in listed(block.get("elements")))
            yield from (("dim", line) for line in _wrapped(said, width))
        case "image":
            yield from (("dim", line) for line in _wrapped(f"[picture: {plain(_element(block))}]", width))
        case "actions":
            yield from _buttons(listed(block.get("elements")), width)
        case _:
            yield from _paragraphs(words([block]), width)


def _section(block: Mapping[str, Any], width: int) -> Iterator[Line]:
    if block.get("text"):
        yield from _paragraphs(_text(block["text"]), width)
    fields = [_text(one) for one in listed(block.get("fields"))]
    column = (width - GAP) // 2
    for left, right in zip(fields[::2], [*fields[1::2], ""], strict=False):
        sides = (_paragraphs(left, column), _paragraphs(right, column))
        for (style, one), (_, other) in zip_longest(*sides, fillvalue=("plain", "")):
            yield style, f"{_padded(one, column + GAP)}{other}".rstrip()
    if isinstance(accessory := block.get("accessory"), Mapping):
        yield from _buttons([accessory], width)


def _buttons(elements: list[Any], width: int) -> Iterator[Line]:
    for one in elements:
        address = f" ({one['url']})" if isinstance(one, Mapping) and one.get("url") else ""
        yield from (("link", line) for line in _wrapped(f"[{plain(_element(one))}]{address}", width))


def _paragraphs(mrkdwn: str, width: int) -> list[Line]:
    """Lines of mrkdwn; one that is bold from end to end is `bold`."""
    lines: list[Line] = []
    for line in mrkdwn.replace("```", "").split("\n"):
        style = "bold" if BOLD_LINE.fullmatch(line) else "plain"
        lines += [(style, one) for one in _wrapped(plain(line), width)]
    return lines


def _element(element: Any) -> str:
    """What an element says: its text, a picture's description, a menu's placeholder."""
    if not isinstance(element, Mapping):
        return ""
    return next((said for key in ("text", "alt_text", "placeholder") if (said := _text(element.get(key)))), "")


def _text(value: Any) -> str:
    said = value.get("text") if isinstance(value, Mapping) else value
    return said if isinstance(said, str) else ""


def _wrapped(text: str, width: int) -> list[str]:
    lines = (textwrap.wrap(line, width, drop_whitespace=True, replace_whitespace=False) for line in text.split("\n"))
    return [one for line in lines for one in line or [""]]


def _padded(text: str, width: int) -> str:
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return text + " " * max(0, width - len(text) - wide)
