"""A message keeps Slack's sizes, or it is not sent.

Rules: `text` never exceeds 4,000 characters (Slack would split it into several messages: a doubled post). A longer text
is posted whole in section blocks, with a shortened `text` for notifications. With blocks, `text` says all that they do.
Sources: https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks as block_rules
from schedbot.reports.fallback_text import words
from schedbot.reports.splitting import cut, shortened, size

TEXT = 4_000
SECTION = 3_000
BLOCKS = 50
# Slack refuses at about 13,200 (`msg_blocks_too_long`), which it does not document.
ALL_BLOCKS = 13_000


def keep(message: Message) -> Message:
    """`message` within the limits. Raises ReportFailed that names the block, the value's length and the bound."""
    if not message.blocks and message.text.strip() and size(message.text) <= TEXT:
        return message
    blocks = list(message.blocks)
    if not message.text.strip() and not blocks:
        raise ReportFailed("The report makes an empty message.", hint="A message needs a text or blocks.")
    text = message.text if message.text.strip() else words(blocks)
    if size(text) > TEXT and not blocks:
        blocks = _sections(text)
    _check(blocks)
    if not text.strip():
        raise ReportFailed(
            "The report's blocks hold no words, so that a notification of it would be empty.",
            hint="Give 'text' beside 'blocks', or alt_text to its pictures.",
        )
    return Message(shortened(text, TEXT), tuple(blocks))


def _sections(text: str) -> list[Mapping[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": piece}} for piece in cut(text, SECTION)]


def _check(blocks: Sequence[Mapping[str, Any]]) -> None:
    for number, block in enumerate(blocks, start=1):
        for complaint in block_rules.complaints(block):
            raise ReportFailed(f"Block {number} ({block.get('type', 'no type')}): {complaint}")
    block_rules.check_together(blocks, ALL_BLOCKS)
    if len(blocks) > BLOCKS:
        raise ReportFailed(f"The report makes {len(blocks)} blocks; one message holds {BLOCKS}.")
