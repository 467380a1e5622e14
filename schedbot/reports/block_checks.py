"""Check the blocks and attachments of a message against Slack's rules before it is sent.

Rules: a problem names the block and the part, as Slack does (`/blocks/0/text/text`). What Slack may accept gets a
warning. The rules themselves are data, in `schedbot.rules.block_kit`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.rules import block_kit
from schedbot.rules.block_kit import BlockProblem, pictures
from schedbot.rules.block_kit.attachments import MAX_ATTACHMENTS
from schedbot.rules.block_kit.blocks import MAX_ALL_TEXT, MAX_BLOCKS, MAX_MARKDOWN, MAX_TABLES

MAX_WARNINGS = 5
PIECE = re.compile("/(?:blocks|attachments)/[0-9]+")
Pieces = Sequence[Mapping[str, Any]]


def check(message: Message) -> None:
    """Raise ReportFailed for the first problem that makes Slack refuse the blocks or the attachments."""
    if failure := find_failure(message):
        raise failure


def find_failure(message: Message) -> ReportFailed | None:
    """Return the first problem that makes Slack refuse the blocks or the attachments, if there is one."""
    if len(message.blocks) > MAX_BLOCKS:
        return ReportFailed(f"The report has {len(message.blocks)} blocks; a message may have {MAX_BLOCKS}.")
    if len(message.attachments) > MAX_ATTACHMENTS:
        count = len(message.attachments)
        return ReportFailed(f"The report has {count} attachments; a message may have {MAX_ATTACHMENTS}.")
    for problem in _find_problems(message):
        if not problem.is_warning:
            return ReportFailed(describe(problem, message))
    blocks = [*message.blocks, *block_kit.list_attachment_blocks(message.attachments)]
    if (markdown := block_kit.markdown_length(blocks)) > MAX_MARKDOWN:
        return ReportFailed(
            f"The report's markdown blocks have {markdown:,} characters together; Slack allows {MAX_MARKDOWN:,}."
        )
    if (tables := block_kit.count_tables(blocks)) > MAX_TABLES:
        return ReportFailed(f"The report has {tables} tables; a message may have {MAX_TABLES}.")
    if (total := block_kit.total_length(blocks)) > MAX_ALL_TEXT:
        return ReportFailed(
            f"The report has {total:,} characters, as Slack counts its blocks; a message may have {MAX_ALL_TEXT:,}.",
            hint="Shorten the report, or split it into two schedules.",
        )
    return None


def check_pieces(message: Message, blocks: Sequence[Pieces], attachments: Sequence[Pieces]) -> None:
    """Raise ReportFailed for a problem in the pieces of a message's blocks or attachments, which are in its order.

    The problem names the block of the message that it is in.
    """
    for index, pieces in enumerate(blocks):
        for piece in pieces:
            _raise_first(message, f"/blocks/{index}", _find_problems(Message(blocks=[piece])))
    for index, pieces in enumerate(attachments):
        for piece in pieces:
            _raise_first(message, f"/attachments/{index}", _find_problems(Message(attachments=[piece])))


def _raise_first(message: Message, place: str, problems: Iterator[BlockProblem]) -> None:
    for problem in problems:
        if not problem.is_warning:
            raise ReportFailed(describe(replace(problem, at=PIECE.sub(place, problem.at, count=1)), message))


def find_warnings(message: Message) -> list[str]:
    """Return a sentence for each part that Slack may refuse, for the first MAX_WARNINGS of them."""
    warnings = (problem for problem in _find_problems(message) if problem.is_warning)
    return [f"{describe(warning, message)} Slack may refuse it." for warning in islice(warnings, MAX_WARNINGS)]


def describe(problem: BlockProblem, message: Message) -> str:
    """Return the problem with the number and type of its block: `Block 1 (section): /blocks/0/text is missing...`."""
    index, attachment_index = problem.block_index, problem.attachment_index
    blocks = message.blocks if attachment_index is None else message.attachments[attachment_index].get("blocks")
    places = [] if attachment_index is None else [f"attachment {attachment_index + 1}"]
    places += [] if index is None else [f"block {index + 1} ({_get_type(blocks, index)})"]
    place = ", ".join(places)
    return f"{place[:1].upper()}{place[1:]}: {problem.describe()}" if place else problem.describe()


def _get_type(blocks: Any, index: int) -> str:
    block = blocks[index]
    return str((isinstance(block, Mapping) and block.get("type")) or "no type")[:60]


def _find_problems(message: Message) -> Iterator[BlockProblem]:
    message = _with_ids(message)
    yield from block_kit.find_problems(message.blocks)
    yield from block_kit.find_attachment_problems(message.attachments)


def _with_ids(message: Message) -> Message:
    """Return the message with any id for each picture of the report: Slack gives them later."""
    names = pictures.list_names(message)
    return pictures.show_pictures(message, dict.fromkeys(names, "F0")) if names else message


def check_pictures(message: Message) -> None:
    """Raise ReportFailed for a block that shows a file which the report has not, or which is no picture."""
    shows = {file.name: getattr(file, "is_picture", True) for file in message.files}
    for name in pictures.list_names(message):
        if name not in shows:
            problem = f"A block shows the picture '{name}', and the report has no file of that name."
            raise ReportFailed(problem, hint=f"Its files: {', '.join(shows) or 'none'}.")
        if not shows[name]:
            problem = f"A block shows the file '{name}' as a picture, and it is none."
            raise ReportFailed(
                problem, hint="Slack shows PNG, JPEG and GIF. Leave the block out: other files go into the thread."
            )
