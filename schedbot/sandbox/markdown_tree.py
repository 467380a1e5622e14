"""Trees of the Markdown in messages, which the page shows as elements. HTML in Markdown stays text, as in Slack."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from schedbot.sandbox.api_responses import Json


def parse_markdown(text: str) -> list[Json]:
    """Return the blocks of the text; each node has a `type`, and `children` or `text`."""
    return [_to_json(node) for node in SyntaxTreeNode(_parser().parse(text)).children]


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _to_json(node: SyntaxTreeNode) -> Json:
    attributes = node.attrs
    fields: Json = {"type": node.type}
    if node.content and not node.children:
        fields["text"] = node.content
    if node.type == "heading":
        fields["level"] = int(node.tag[1:])
    if address := attributes.get("href") or attributes.get("src"):
        fields["href"] = address
    if "start" in attributes:
        fields["start"] = attributes["start"]
    if style := str(attributes.get("style", "")):
        fields["align"] = style.removeprefix("text-align:")
    if node.type == "image":
        return fields | {"text": node.content}
    return fields | ({"children": [_to_json(child) for child in _children(node)]} if node.children else {})


def _children(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    """Return the parts of a node, without the level `inline` between a block and its text."""
    return [part for child in node.children for part in (child.children if child.type == "inline" else [child])]
