"""Fit a message into Slack's size limits: a long one becomes several, the first with the others as `continuation`.

Rules: control characters are removed from all texts. `text` never exceeds 4,000 characters, because Slack would split
it into several messages. A longer text moves to section blocks, complete, with a shortened `text` for notifications.
Without a `text`, that of the blocks and attachments is used. Attachments alone keep an empty `text`, because Slack
shows it above them; each gets a `fallback` for notifications. What exceeds the limits of a message goes on in messages
of the thread, at most MAX_PARTS together; a part that cannot be divided, such as a button, is refused.
Sources: https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from schedbot.errors import BadInput, ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks, escaping
from schedbot.reports.fallback_text import extract_attachment_text, extract_text
from schedbot.reports.long_content.divide_attachments import divide_attachment
from schedbot.reports.long_content.divide_blocks import divide
from schedbot.reports.long_content.parts import fill_parts
from schedbot.reports.long_content.split_text import iterate_pieces, shorten
from schedbot.rules.block_kit import utf16_length
from schedbot.text_input import check_json

MAX_TEXT = 4_000
MAX_SECTION = 3_000
MAX_SOURCE = 40_000  # of a text that a schedule has itself
MAX_PARTS = 100  # messages of a report; 100 of them take two minutes, and a channel's readers long enough
ELLIPSIS = "…"


def fits(text: str) -> bool:
    """Is a message with this text alone, which was cleaned or has nothing to clean, within the limits?"""
    return bool(text.strip()) and utf16_length(text) <= MAX_TEXT


def enforce(message: Message) -> Message:
    """Return the message within the limits. Raises ReportFailed with the block, the length and the limit."""
    message = escaping.clean_message(message)
    if not (message.blocks or message.attachments) and fits(message.text):
        return message
    _refuse_empty(message)
    _check_json(message)
    block_checks.check_pictures(message)
    if utf16_length(message.text) > MAX_TEXT and not message.blocks:
        message = replace(message, blocks=tuple(make_sections(message.text)))
    if block_checks.find_failure(message):
        return _divide(message)
    _refuse_silent(message)
    return _add_texts(message)


def _divide(message: Message) -> Message:
    """Return the first of the messages that have all of the content, with the others as its continuation."""
    blocks = [divide(block) for block in message.blocks]
    attachments = [divide_attachment(attachment) for attachment in message.attachments]
    block_checks.check_pieces(message, blocks, attachments)
    _refuse_silent(message)
    parts = list(islice(fill_parts(list(chain(*blocks)), list(chain(*attachments))), MAX_PARTS + 1))
    if len(parts) + len(message.continuation) > MAX_PARTS:
        raise ReportFailed(
            f"The report needs more than {MAX_PARTS} messages in Slack.",
            hint="Shorten it, or give back its rows as a file: schedbot.reports.csv_file.",
        )
    for part in parts:
        block_checks.check(part)
    first, *others = parts
    continuation = (*map(_add_texts, others), *message.continuation)
    first = replace(message, blocks=first.blocks, attachments=first.attachments, continuation=continuation)
    return _add_texts(first)


def _add_texts(message: Message) -> Message:
    """Return a message with the text that notifications need."""
    if message.text.strip():
        return replace(message, text=shorten(message.text, MAX_TEXT))
    text = "\n".join(_list_texts(message))
    if text.strip() and not message.blocks:
        return replace(message, text="", attachments=tuple(map(_add_fallback, message.attachments)))
    return replace(message, text=shorten(text, MAX_TEXT) if text.strip() else ELLIPSIS)


def _refuse_empty(message: Message) -> None:
    """Raise ReportFailed for a message without content."""
    if not (message.text.strip() or message.blocks or message.attachments):
        raise ReportFailed(
            "The report's message is empty.", hint="A message needs a text, markdown, blocks, attachments or files."
        )


def _refuse_silent(message: Message) -> None:
    """Raise ReportFailed for a message that no notification could show."""
    if not message.text.strip() and not any(text.strip() for text in _list_texts(message)):
        raise ReportFailed(
            "The report's blocks have no text, so its notification would be empty.",
            hint="Add 'text' beside 'blocks', or alt_text to the pictures.",
        )


def _list_texts(message: Message) -> Iterator[str]:
    """Yield the texts of the blocks and the attachments, as far as there are any."""
    yield from filter(None, (extract_text(message.blocks), extract_attachment_text(message.attachments)))


def _add_fallback(attachment: Mapping[str, Any]) -> Mapping[str, Any]:
    if attachment.get("fallback"):
        return attachment
    return {**attachment, "fallback": shorten(extract_attachment_text([attachment]), MAX_TEXT)}


def make_sections(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield section blocks that show a text, complete."""
    for piece in islice(iterate_pieces(text, MAX_SECTION), MAX_PARTS * 50):
        yield {"type": "section", "text": {"type": "mrkdwn", "text": piece}}


def _check_json(message: Message) -> None:
    try:
        check_json([*message.blocks, *message.attachments])
    except BadInput as error:
        raise ReportFailed(f"The report's blocks are not JSON: {error}", hint=error.hint) from None
