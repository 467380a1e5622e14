"""Blocks of a Markdown text: Slack's `markdown` block, and other blocks for what that block lacks.

A line becomes a divider, a table a table block, and a picture of the report that is alone in its paragraph
(`![Revenue](chart.png)`) an image block. The boxes of a task list become signs. A table with more columns than a table
block may have is shown as it is written, in a section.
Source: https://docs.slack.dev/reference/block-kit/blocks/markdown-block (its list of what is not supported)
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from schedbot.reports.escaping import clean
from schedbot.reports.markdown.segments import Segment, find_segments
from schedbot.reports.markdown.tables import MAX_COLUMNS, build_table, count_columns

Block = Mapping[str, Any]
# `- [x] done`. Slack's markdown block shows the brackets as they are.
TASK = re.compile(r"^([ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)\[([ xX])\](?=[ \t])", re.MULTILINE)
PICTURE = re.compile(r"\s*!\[([^\[\]\n]*)\]\(([^()\s]+)\)\s*")


def build_blocks(text: str, pictures: Collection[str] = ()) -> list[Block]:
    """Return the blocks of a Markdown text. `pictures`: names of the report's files that it may show."""
    blocks: list[Block] = []
    sources: list[str] = []
    for segment in find_segments(clean(text)):
        shown = build_block(segment, pictures)
        if shown is None:
            sources.append(mark_tasks(segment))
            continue
        blocks += [*make_markdown(sources), shown]
        sources = []
    return [*blocks, *make_markdown(sources)]


def build_block(segment: Segment, pictures: Collection[str]) -> Block | None:
    """Return the block for a part that the markdown block lacks; None for any other part."""
    if segment.kind == "hr":
        return {"type": "divider"}
    if segment.kind == "table":
        is_wide = count_columns(segment.tokens) > MAX_COLUMNS
        return make_code(segment.source) if is_wide else build_table(segment.tokens)
    match = PICTURE.fullmatch(segment.source) if segment.kind == "paragraph" else None
    if match and match[2] in pictures:
        return {"type": "image", "slack_file": {"name": match[2]}, "alt_text": match[1] or match[2]}
    return None


def mark_tasks(segment: Segment) -> str:
    """Return the source of a part; in a list, the boxes of tasks are signs."""
    if not segment.kind.endswith("_list"):
        return segment.source
    return TASK.sub(lambda box: f"{box[1]}{'☐' if box[2] == ' ' else '☑'}", segment.source)


def make_markdown(sources: list[str]) -> Iterator[Block]:
    """Yield the markdown block of some parts, if they have text."""
    if text := "".join(sources).strip("\n"):
        yield {"type": "markdown", "text": text}


def make_code(source: str) -> Block:
    """Return a section that shows a text as it is."""
    shown = source.strip("\n").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"```\n{shown}\n```"}}
