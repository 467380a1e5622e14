"""Preview a message as styled lines for the terminal: all of its parts, its files, and what is in them.

Rule: the preview is complete. Each line has a style (`plain`, `bold`, `dim`, `link`); the caller chooses the colours.
The lines of an attachment begin with BAR, and the style has the bar's colour too: `plain #2eb886`. Control
characters of a message never reach the terminal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.model import Message
from schedbot.posts import RenderedFile
from schedbot.presentation.column_wrap import count_columns, wrap_line
from schedbot.presentation.message.markdown import to_mrkdwn
from schedbot.presentation.message.markup import show_dates, to_plain_text, without_controls
from schedbot.presentation.message.tables import table_lines
from schedbot.reports.fallback_text import as_list, extract_text
from schedbot.rules.block_kit.pictures import find_name

Line = tuple[str, str]
Files = Mapping[str, RenderedFile]

BOLD_LINE = re.compile(r"\s*\*[^*\n]+\*\s*")
SECONDS = re.compile(r"[0-9]{1,10}(?![0-9])")
GAP = 2
BAR = "▌ "
# Slack's names of colours, and its colour for an attachment without one.
COLORS = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30200"}
DEFAULT_COLOR = "#dddddd"
COLOR = re.compile(r"#?([0-9A-Fa-f]{6})")


def preview_lines(message: Message, width: int = 80, zone: ZoneInfo | None = None) -> list[Line]:
    """Return the message's lines as (style, text), at most `width` columns wide. `zone`: of its dates."""
    files = {file.name: file for file in message.files if isinstance(file, RenderedFile)}
    lines = _part_lines(message, width, zone, files)
    parts = len(message.continuation) + 1
    for number, part in enumerate(message.continuation, 2):
        lines += _caption(f"message {number} of {parts}, in the thread", width)
        lines += _part_lines(part, width, zone, files)
    others = [file for file in files.values() if not file.is_picture]
    if others:
        lines += _caption("files, in the thread", width)
    for file in others:
        title = f"{without_controls(file.title)}: " if file.title else ""
        lines += [("link", line) for line in _wrap(f"[file: {title}{file.name}, {format_size(file.size)}]", width)]
    return lines


def _part_lines(message: Message, width: int, zone: ZoneInfo | None, files: Files) -> list[Line]:
    """Return the lines of one message."""
    text, blocks, attachments = message.text, message.blocks, message.attachments
    if zone:
        text, blocks, attachments = (show_dates(part, zone) for part in (text, blocks, attachments))
    lines = _blocks_lines([_with_size(block, files) for block in blocks], width)
    if not blocks and (text or not attachments):
        lines = _text_lines(text, width)
    for attachment in attachments:
        lines += _attachment_lines(attachment, width)
    return lines


def _caption(text: str, width: int) -> list[Line]:
    """Return a line between two parts."""
    return [("dim", f"── {text} {'─' * width}"[:width])]


def _with_size(block: Any, files: Files) -> Any:
    """Return an image block that shows a picture of the report with its name and size in the text."""
    name = find_name(block)
    file = files.get(name) if name else None
    if not file:
        return block
    alt_text = f"{block.get('alt_text', '')} ({file.name}, {format_size(file.size)})"
    return {**block, "alt_text": alt_text}


def format_size(size: int) -> str:
    """Return a number of bytes as `34 bytes`, `1.2 kB` or `12 MB`."""
    if size < 1_000:
        return f"{size} byte{'s' if size != 1 else ''}"
    unit, bytes_of_unit = ("kB", 1_000) if size < 1_000_000 else ("MB", 1_000_000)
    count = size / bytes_of_unit
    return f"{count:.1f} {unit}" if count < 10 else f"{count:,.0f} {unit}"


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
            yield from (
                ("dim", line) for line in _wrap(f"[picture: {without_controls(_text(block.get('alt_text')))}]", width)
            )
        case "actions":
            yield from _button_lines(as_list(block.get("elements")), width)
        case "markdown":
            yield from _text_lines(to_mrkdwn(_text(block)), width)
        case "table" | "data_table" if rows := _cells(block):
            yield from (("plain", line) for line in table_lines(rows, block.get("column_settings"), width))
        case _:
            yield from _text_lines(extract_text([block]), width)


def _cells(block: Mapping[str, Any]) -> list[list[str]]:
    """Return the texts of a table's cells."""
    rows = [row for row in as_list(block.get("rows")) if isinstance(row, list)]
    return [[to_plain_text(_cell_text(cell)) for cell in row] for row in rows]


def _cell_text(cell: Any) -> str:
    """Return the text of a cell as markup."""
    return extract_text([cell]) if isinstance(cell, Mapping) else ""


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
