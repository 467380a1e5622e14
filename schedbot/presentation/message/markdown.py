"""Convert the Markdown of a `markdown` block to Slack's own markup, line by line, for the preview."""

import re
from collections.abc import Iterator

HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*")
BULLET = re.compile(r"(\s*)[-*+]\s+(.*)")
QUOTE = re.compile(r">\s?(.*)")
LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(([^()\s]+)\)")
BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+?)(?<=\S)\1")
STRIKE = re.compile(r"~~([^~\n]+)~~")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|~>-])")
FENCE = re.compile(r"\s*(?:```|~~~)")


def to_mrkdwn(text: str) -> str:
    """Return a Markdown text in Slack's markup."""
    return "\n".join(convert_lines(text))


def convert_lines(text: str) -> Iterator[str]:
    """Yield the lines. Those of code stay as they are."""
    is_code = False
    for line in text.split("\n"):
        if FENCE.match(line):
            is_code = not is_code
        else:
            yield line if is_code else convert_line(line)


def convert_line(line: str) -> str:
    """Return a line outside code."""
    if heading := HEADING.fullmatch(line):
        return f"*{convert_spans(heading[1]).replace('*', '')}*"
    if bullet := BULLET.fullmatch(line):
        return f"{bullet[1]}• {convert_spans(bullet[2])}"
    if quote := QUOTE.fullmatch(line):
        return f"│ {convert_spans(quote[1])}"
    return convert_spans(line)


def convert_spans(line: str) -> str:
    """Return a line with its links and its bold and struck words converted."""
    line = LINK.sub(lambda link: f"{link[1]} ({link[2]})" if link[1] and link[1] != link[2] else link[2], line)
    return ESCAPED.sub(r"\1", STRIKE.sub(r"\1", BOLD.sub(r"*\2*", line)))
