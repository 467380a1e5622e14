"""Fit a message into Slack's size limits, or refuse it.

Rules: control characters are removed from all texts. `text` never exceeds 4,000 characters, because Slack would split
it into several messages. A longer text moves to section blocks, complete, with a shortened `text` for notifications.
Without a `text`, the text of the blocks is used.
Sources: https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks, escaping
from schedbot.reports.fallback_text import extract_text
from schedbot.reports.split_text import shorten, split
from schedbot.rules.block_kit import utf16_length

MAX_TEXT = 4_000
MAX_SECTION = 3_000


def enforce(message: Message) -> Message:
    """Return the message within the limits. Raises ReportFailed with the block, the length and the limit."""
    message = escaping.clean_message(message)
    if not message.blocks and message.text.strip() and utf16_length(message.text) <= MAX_TEXT:
        return message
    blocks = list(message.blocks)
    if not message.text.strip() and not blocks:
        raise ReportFailed("The report's message is empty.", hint="A message needs a text or blocks.")
    text = message.text if message.text.strip() else extract_text(blocks)
    if utf16_length(text) > MAX_TEXT and not blocks:
        blocks = _split_into_sections(text)
    block_checks.check(blocks)
    if not text.strip():
        raise ReportFailed(
            "The report's blocks have no text, so its notification would be empty.",
            hint="Add 'text' beside 'blocks', or alt_text to the pictures.",
        )
    return Message(shorten(text, MAX_TEXT), tuple(blocks))


def _split_into_sections(text: str) -> list[Mapping[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": piece}} for piece in split(text, MAX_SECTION)]
