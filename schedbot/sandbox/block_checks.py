"""Checks Block Kit blocks and reports errors as Slack does: a sentence and a JSON pointer for each.

The rules are those of `schedbot.rules.block_kit`. Unlike a report's check, the sandbox refuses a type of block that it
does not know, as Slack does. Pictures are not fetched.
"""

import re
from typing import Any

from schedbot.rules import block_kit
from schedbot.rules.block_kit import BlockProblem, ProblemKind

MAX_ALL_BLOCKS = 13_200
BLOCK_TYPE = re.compile(r"(?:/attachments/[0-9]+)?/blocks/[0-9]+/type")


def find_block_errors(blocks: list[Any]) -> list[str]:
    """Return the errors in a message's blocks; an empty list if Slack would accept them."""
    return [problem.to_slack() for problem in block_kit.find_problems(blocks) if is_refused(problem)]


def find_attachment_errors(attachments: list[Any]) -> list[str]:
    """Return the errors in a message's attachments and their blocks; an empty list if Slack would accept them."""
    return [problem.to_slack() for problem in block_kit.find_attachment_problems(attachments) if is_refused(problem)]


def are_too_long(blocks: list[Any]) -> bool:
    """Have the blocks more characters together than Slack accepts?"""
    return block_kit.total_length(blocks) > MAX_ALL_BLOCKS


def is_refused(problem: BlockProblem) -> bool:
    """Would Slack refuse the payload for this problem?"""
    is_block = BLOCK_TYPE.fullmatch(problem.at) is not None
    return not problem.is_warning or (problem.kind is ProblemKind.UNKNOWN_TYPE and is_block)
