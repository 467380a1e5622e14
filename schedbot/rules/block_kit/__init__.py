"""Description of Slack's Block Kit as data, with its interpreter, for reports and the sandbox.

`blocks`, `elements` and `attachments` are the data, in the forms of `specs`; `validator` reads them, `measure` counts
characters. slack_sdk.models, blockkit and slackblocks build blocks of their own and check those; none of them reads a
payload and names the part that Slack would refuse.
"""

from schedbot.rules.block_kit.attachments import find_attachment_problems, list_attachment_blocks
from schedbot.rules.block_kit.measure import count_tables, markdown_length, total_length, utf16_length
from schedbot.rules.block_kit.problems import BlockProblem, ProblemKind
from schedbot.rules.block_kit.validator import find_problems

__all__ = [
    "BlockProblem",
    "ProblemKind",
    "count_tables",
    "find_attachment_problems",
    "find_problems",
    "list_attachment_blocks",
    "markdown_length",
    "total_length",
    "utf16_length",
]
