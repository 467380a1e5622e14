"""Preview a message as styled lines for the terminal.

Rule: the preview is complete. Each line has a style (`plain`, `bold`, `dim`, `link`); the caller chooses the colours.
The lines of an attachment begin with BAR, and the style has the bar's colour too: `plain #2eb886`. Control
characters of a message never reach the terminal.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.model import Message
from schedbot.presentation.column_wrap import count_columns, wrap_line
from schedbot.reports.fallback_text import as_list, extract_text

Line = tuple[str, str]

MENTION = re.compile(r"<([@#!])([^<>|]+)(?:\|([^<>]+))?>")
LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]+))?>")
# A sign inside a word is text, as in `a_b`; the next other sign of the same kind ends the search, so it is linear.
EMPHASIS = re.compile(r"(?<!\w)([*_~])(?=\S)((?:(?!\1)[^\n]|(?<=\w)\1(?=\w))+)(?<=\S)\1(?!\w)")
BOLD_LINE = re.compile(r"\s*\*[^*\n]+\*\s*")
SECONDS = re.compile(r"[0-9]{1,10}(?![0-9])")
GAP = 2
BAR = "▌ "
# Slack's names of colours, and its colour for an attachment without one.
COLORS = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30200"}
DEFAULT_COLOR = "#dddddd"
COLOR = re.compile(r"#?([0-9A-Fa-f]{6})")


def preview_lines(message: Message, width: int = 80) -> list[Line]:
    """Return the message's lines as (style, text), at most `width` columns wide."""
    lines = _blocks_lines(message.blocks, width)
    if not message.blocks and (message.text or not message.attachments):
        lines = _text_lines(message.text, width)
    for attachment in message.attachments:
        lines += _attachment_lines(attachment, width)
    return lines


def to_plain_text(mrkdwn: str) -> str:
    """Return the text that a reader of the markup sees."""
    text = LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], mrkdwn)
    text = MENTION.sub(lambda match: _mention(match[1], match[2], match[3]), text)
    text = EMPHASIS.sub(r"\2", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))


def _mention(kind: str, name: str, label: str | None) -> str:
    if kind == "!" and name.startswith("date^"):
        return label or name
    sign = "#" if kind == "#" else "@"
    return sign + (label or name.removeprefix("subteam^")).lstrip("@#")


def _blocks_lines(blocks: Iterable[Any], width: int) -> list[Line]:
    return [line for block in blocks if isinstance(block, Mapping) for line in _block_lines(block, width)]


def _attachment_lines(attachment: Mapping[str, Any], width: int) -> Iterator[Line]:
    """Yield the lines of an attachment: its pretext, and the rest beside its bar."""
    if pretext := _text(attachment.get("pretext")):
        yield from _text_lines(pretext, width)
    inner = width - count_columns(BAR)
    color = find_color(attachment.get("color"))
    lines = [line for part in _attachment_parts(attachment, inner) for line in part]
    fallback = _text(attachment.get("fallback"))
    for style, text in lines or (_text_lines(fallback, inner) if fallback and not pretext else []):
        yield f"{style} {color}", f"{BAR}{text}".rstrip()


def _attachment_parts(attachment: Mapping[str, Any], width: int) -> Iterator[Iterable[Line]]:
    yield _linked_lines(attachment, "author", "dim", width)
    yield _linked_lines(attachment, "title", "bold", width)
    if text := _text(attachment.get("text")):
        yield _text_lines(text, width)
    fields = [field for field in as_list(attachment.get("fields")) if isinstance(field, Mapping)]
    yield _column_lines([f"*{field.get('title', '')}*\n{field.get('value', '')}" for field in fields], width)
    yield _blocks_lines(as_list(attachment.get("blocks")), width)
    for name in ("image_url", "thumb_url"):
        if address := _text(attachment.get(name)):
            yield (("dim", line) for line in _wrap(f"[picture: {to_plain_text(address)}]", width))
    footer = " · ".join(filter(None, (to_plain_text(_text(attachment.get("footer"))), _time(attachment.get("ts")))))
    if footer:
        yield (("dim", line) for line in _wrap(footer, width))


def _time(seconds: Any) -> str:
    """Return the time of an attachment in UTC, or an empty text where it has none that can be read."""
    match = SECONDS.match(str(seconds))
    return times.format_instant(int(match[0]) * 1_000, ZoneInfo("UTC")) if match else ""


def _linked_lines(attachment: Mapping[str, Any], name: str, style: str, width: int) -> Iterator[Line]:
    words = _text(attachment.get("author_name" if name == "author" else name))
    address = _text(attachment.get(f"{name}_link"))
    if words:
        shown = to_plain_text(words) + (f" ({to_plain_text(address)})" if address else "")
        yield from ((style, line) for line in _wrap(shown, width))


def find_color(name: Any) -> str:
    """Return the colour of an attachment's bar as `#rrggbb`."""
    text = str(name or "")
    match = COLOR.fullmatch(text)
    return f"#{match[1].lower()}" if match else COLORS.get(text, DEFAULT_COLOR)


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
    yield from _column_lines([_text(field) for field in as_list(block.get("fields"))], width)
    if isinstance(accessory := block.get("accessory"), Mapping):
        yield from _button_lines([accessory], width)


def _column_lines(fields: list[str], width: int) -> Iterator[Line]:
    """Yield the lines of fields in two columns."""
    column = (width - GAP) // 2
    for left, right in zip(fields[::2], [*fields[1::2], ""], strict=False):
        sides = (_text_lines(left, column), _text_lines(right, column))
        for (style, left_line), (_, right_line) in zip_longest(*sides, fillvalue=("plain", "")):
            yield style, f"{_pad(left_line, column + GAP)}{right_line}".rstrip()


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
