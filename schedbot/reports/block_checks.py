"""Check blocks against Slack's rules before they are sent.

Rules: a problem names the block and the part, as Slack does (`/blocks/0/text/text`). What Slack may accept gets a
warning. The rules themselves are data, in `schedbot.rules.block_kit`.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.rules import block_kit
from schedbot.rules.block_kit import BlockProblem
from schedbot.rules.block_kit.blocks import MAX_ALL_TEXT, MAX_BLOCKS, MAX_MARKDOWN

Blocks = Sequence[Mapping[str, Any]]
MAX_WARNINGS = 5


def check(blocks: Blocks) -> None:
    """Raise ReportFailed for the first problem that makes Slack refuse the blocks."""
    if len(blocks) > MAX_BLOCKS:
        raise ReportFailed(f"The report has {len(blocks)} blocks; a message may have {MAX_BLOCKS}.")
    for problem in block_kit.find_problems(blocks):
        if not problem.is_warning:
            raise ReportFailed(describe(problem, blocks))
    if (markdown := block_kit.markdown_length(blocks)) > MAX_MARKDOWN:
        raise ReportFailed(
            f"The report's markdown blocks have {markdown:,} characters together; Slack allows {MAX_MARKDOWN:,}."
        )
    if (total := block_kit.total_length(blocks)) > MAX_ALL_TEXT:
        raise ReportFailed(
            f"The report has {total:,} characters, as Slack counts its blocks; a message may have {MAX_ALL_TEXT:,}.",
            hint="Shorten the report, or split it into two schedules.",
        )


def find_warnings(blocks: Blocks) -> list[str]:
    """Return a sentence for each part that Slack may refuse, for the first MAX_WARNINGS of them."""
    warnings = (problem for problem in block_kit.find_problems(blocks) if problem.is_warning)
    return [f"{describe(warning, blocks)} Slack may refuse it." for warning in islice(warnings, MAX_WARNINGS)]


def describe(problem: BlockProblem, blocks: Blocks) -> str:
    """Return the problem with the number and type of its block: `Block 1 (section): /blocks/0/text is missing...`."""
    if problem.block_index is None:
        return problem.describe()
    kind = blocks[problem.block_index].get("type") or "no type"
    return f"Block {problem.block_index + 1} ({str(kind)[:60]}): {problem.describe()}"
