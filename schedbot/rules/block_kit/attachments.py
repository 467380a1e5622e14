"""Check of a message's attachments: the coloured bar, with blocks or legacy fields.

Rules: blocks are checked as those of the message. Slack does not document the bounds of the legacy fields, so a doubt
about one is a warning, except for a text or a callback_id beside blocks, which Slack is known to refuse.
Sources: https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments,
https://github.com/slackapi/bolt-js/issues/717 (text and callback_id beside blocks)
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schedbot.rules.block_kit.elements import ANY
from schedbot.rules.block_kit.problems import BlockProblem, ProblemKind
from schedbot.rules.block_kit.specs import ListOf, Shape, String, Untyped, url
from schedbot.rules.block_kit.validator import check_parts, find_problems

MAX_ATTACHMENTS = 100
COLOR = re.compile(r"good|warning|danger|#?[0-9A-Fa-f]{6}|#?[0-9A-Fa-f]{3}")
REFUSED_BESIDE_BLOCKS = ("text", "callback_id")
SHOWN = (
    *("blocks", "text", "fallback", "pretext", "title", "fields", "image_url", "thumb_url", "author_name", "footer"),
    "actions",
)
ATTACHMENT = Shape(
    {},
    {
        **dict.fromkeys(("fallback", "pretext", "author_name", "title", "text"), String()),
        **dict.fromkeys(("author_link", "author_icon", "title_link", "image_url", "thumb_url", "footer_icon"), url()),
        "fields": ListOf(Untyped("attachment field")),
        "footer": String(300),
        **dict.fromkeys(("blocks", "color", "ts", "mrkdwn_in", "callback_id", "attachment_type", "actions", "id"), ANY),
    },
)


def find_attachment_problems(attachments: Sequence[Any]) -> Iterator[BlockProblem]:
    """Yield the problems of a message's attachments, and warnings. More than MAX_ATTACHMENTS are not looked at."""
    if len(attachments) > MAX_ATTACHMENTS:
        yield BlockProblem(ProblemKind.TOO_MANY, "/attachments", str(len(attachments)), MAX_ATTACHMENTS)
        return
    for index, attachment in enumerate(attachments):
        at = f"/attachments/{index}"
        if isinstance(attachment, Mapping):
            yield from _check_attachment(attachment, at)
        else:
            yield BlockProblem(ProblemKind.NO_OBJECT, at, allowed=("an attachment",))


def list_attachment_blocks(attachments: Sequence[Any]) -> list[Any]:
    """Return the blocks of all attachments."""
    parts = (attachment.get("blocks") for attachment in attachments if isinstance(attachment, Mapping))
    return [block for blocks in parts if isinstance(blocks, list | tuple) for block in blocks]


def _check_attachment(attachment: Mapping[str, Any], at: str) -> Iterator[BlockProblem]:
    blocks = attachment.get("blocks")
    if isinstance(blocks, list | tuple):
        yield from find_problems(blocks, f"{at}/blocks")
    elif blocks is not None:
        yield BlockProblem(ProblemKind.NO_LIST, f"{at}/blocks")
    if blocks:
        for name in REFUSED_BESIDE_BLOCKS:
            if attachment.get(name):
                yield BlockProblem(ProblemKind.BESIDE_BLOCKS, f"{at}/{name}")
    if not any(attachment.get(name) for name in SHOWN):
        yield BlockProblem(ProblemKind.NEEDS_ONE, at, allowed=("blocks", "text", "fallback"), is_warning=True)
    for problem in check_parts(attachment, ATTACHMENT, at):
        yield replace(problem, is_warning=True)
    color = attachment.get("color")
    if color is not None and not (isinstance(color, str) and COLOR.fullmatch(color)):
        allowed = ("good", "warning", "danger", "a color such as #2eb886")
        yield BlockProblem(ProblemKind.WRONG_VALUE, f"{at}/color", str(color), allowed=allowed, is_warning=True)
