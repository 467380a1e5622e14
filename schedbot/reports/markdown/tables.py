"""Table blocks of Markdown tables.

A cell with plain words is `raw_text`, any other `rich_text`: bold, italic, code, links, emoji, mentions and dates. Text
of a cell is shown as it is, so an escaped `&lt;!channel&gt;` mentions nobody.
Source: https://docs.slack.dev/reference/block-kit/blocks/table-block
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Block = Mapping[str, Any]
MAX_COLUMNS = 20
STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
ALIGN = re.compile(r"text-align:(left|center|right)")
# A mention or date stands between two noncharacters while the cell is parsed: it is markup in the source only.
OPEN, CLOSE = "\ufdee", "\ufdef"
MARKUP = re.compile(
    r"<(@[UW][A-Z0-9]{2,20}|#[CG][A-Z0-9]{2,20}|!subteam\^S[A-Z0-9]{2,20}|!(?:here|channel|everyone))(?:\|[^<>]*)?>"
)
PARTS = re.compile(rf"{OPEN}([^{CLOSE}]*){CLOSE}|:([a-z0-9_+'-]{{1,60}}):(?![a-z0-9])")


@cache
def line_parser() -> MarkdownIt:
    """Return the parser of cells."""
    return MarkdownIt("commonmark").enable("strikethrough").disable("html_inline")


def count_columns(tokens: Sequence[Token]) -> int:
    """Return the number of a table's columns."""
    return sum(token.type == "th_open" for token in tokens)


def build_table(tokens: Sequence[Token]) -> Block:
    """Return the table block of a table's tokens."""
    heads = [token for token in tokens if token.type == "th_open"]
    rows: list[list[Block]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(build_cell(token.content))
    return {"type": "table", "rows": rows, "column_settings": [{"align": find_alignment(head)} for head in heads]}


def find_alignment(head: Token) -> str:
    """Return the alignment of a column."""
    match = ALIGN.search(str(head.attrs.get("style", "")))
    return match[1] if match else "left"


def build_cell(source: str) -> Block:
    """Return a cell. Slack refuses an empty text, so an empty cell has a blank."""
    marked = MARKUP.sub(rf"{OPEN}\1{CLOSE}", source.replace(OPEN, "").replace(CLOSE, ""))
    children = line_parser().parseInline(marked)[0].children or []
    elements = list(build_elements(children))
    if all(element["type"] == "text" and "style" not in element for element in elements):
        return {"type": "raw_text", "text": "".join(element["text"] for element in elements) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def build_elements(tokens: Sequence[Token]) -> Iterator[dict[str, Any]]:
    """Yield the elements of a line."""
    style: dict[str, bool] = {}
    address = ""
    for token in tokens:
        name = STYLES.get(token.tag)
        if name and token.nesting:
            style = {**style, name: True} if token.nesting > 0 else {key: True for key in style if key != name}
        elif token.tag == "a":
            address = str(token.attrs.get("href", "")) if token.nesting > 0 else ""
        elif token.type == "code_inline":
            yield add_style({"type": "text", "text": read_markup(token.content)}, {**style, "code": True})
        else:
            text = " " if token.type.endswith("break") else token.content
            yield from (add_style(element, style) for element in build_text(text, address))


def build_text(text: str, address: str) -> Iterator[dict[str, Any]]:
    """Yield the elements of a text without styles: the text of a link, or words with mentions and emoji."""
    if address and text:
        yield {"type": "link", "url": address, "text": read_markup(text)}
        return
    end = 0
    for match in PARTS.finditer(text):
        if before := text[end : match.start()]:
            yield {"type": "text", "text": before}
        yield {"type": "emoji", "name": match[2]} if match[2] else build_mention(match[1])
        end = match.end()
    if rest := text[end:]:
        yield {"type": "text", "text": rest}


def build_mention(target: str) -> dict[str, Any]:
    """Return the element of a mention: `@U...`, `#C...`, `!subteam^S...` or `!here`."""
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    return {"type": "broadcast", "range": target[1:]}


def read_markup(text: str) -> str:
    """Return a text in which mentions are text."""
    return text.replace(OPEN, "<").replace(CLOSE, ">")


def add_style(element: dict[str, Any], style: Mapping[str, bool]) -> dict[str, Any]:
    """Return an element with a style, if there is one."""
    return {**element, "style": dict(style)} if style else element
