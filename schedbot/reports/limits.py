"""Fit a message into Slack's size limits, or refuse it.

Rules: control characters are removed from all texts. `text` never exceeds 4,000 characters, because Slack would split
it into several messages. A longer text moves to section blocks, complete, with a shortened `text` for notifications.
Without a `text`, that of the blocks and attachments is used. Attachments alone keep an empty `text`, because Slack
shows it above them; each gets a `fallback` for notifications.
Sources: https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schedbot.errors import BadInput, ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks, escaping
from schedbot.reports.fallback_text import extract_attachment_text, extract_text
from schedbot.reports.split_text import shorten, split
from schedbot.rules.block_kit import utf16_length
from schedbot.text_input import check_json

MAX_TEXT = 4_000
MAX_SECTION = 3_000
MAX_SOURCE = 40_000  # of a text, before anything is done with it


def enforce(message: Message) -> Message:
    """Return the message within the limits. Raises ReportFailed with the block, the length and the limit."""
    if len(message.text) > MAX_SOURCE:
        problem = f"The report's text has {len(message.text):,} characters; Slack takes at most {MAX_SOURCE:,}."
        raise ReportFailed(problem, hint="Shorten it.")
    message = escaping.clean_message(message)
    if not (message.blocks or message.attachments) and message.text.strip() and utf16_length(message.text) <= MAX_TEXT:
        return message
    text, blocks = message.text, tuple(message.blocks)
    if not text.strip() and not blocks and not message.attachments:
        raise ReportFailed("The report's message is empty.", hint="A message needs a text, blocks or attachments.")
    if utf16_length(text) > MAX_TEXT and not blocks:
        blocks = tuple(_split_into_sections(text))
    message = replace(message, blocks=blocks)
    block_checks.check(message)
    _check_json(message)
    if text.strip():
        return replace(message, text=shorten(text, MAX_TEXT))
    return _add_notification(message)


def _add_notification(message: Message) -> Message:
    """Return the message with the text that notifications need, from its blocks and attachments."""
    text = "\n".join(filter(None, (extract_text(message.blocks), extract_attachment_text(message.attachments))))
    if not text.strip():
        raise ReportFailed(
            "The report's blocks have no text, so its notification would be empty.",
            hint="Add 'text' beside 'blocks', or alt_text to the pictures.",
        )
    if message.blocks:
        return replace(message, text=shorten(text, MAX_TEXT))
    return replace(message, text="", attachments=tuple(map(_add_fallback, message.attachments)))


def _add_fallback(attachment: Mapping[str, Any]) -> Mapping[str, Any]:
    if attachment.get("fallback"):
        return attachment
    return {**attachment, "fallback": shorten(extract_attachment_text([attachment]), MAX_TEXT)}


def _split_into_sections(text: str) -> list[Mapping[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": piece}} for piece in split(text, MAX_SECTION)]


def _check_json(message: Message) -> None:
    try:
        check_json([*message.blocks, *message.attachments])
    except BadInput as error:
        raise ReportFailed(f"The report's blocks are not JSON: {error}", hint=error.hint) from None
