"""Print a message as Slack shows it: bold titles, dim context, and the coloured bar of an attachment."""

from zoneinfo import ZoneInfo

from schedbot.model import Message
from schedbot.presentation import output
from schedbot.presentation.message.preview import BAR, preview_lines

UTC = ZoneInfo("UTC")
STYLES = {"plain": "", "bold": "bold", "dim": "dim", "link": "cyan"}


def print_message(message: Message, width: int, prefix: str = "", zone: ZoneInfo = UTC) -> None:
    """Print the lines of a message on stdout, at most `width` columns wide after the prefix. `zone`: of its dates."""
    for style, text in preview_lines(message, width, zone):
        name, _, color = style.partition(" ")
        start = len(prefix)
        bar = (color, start, start + len(BAR)) if color else None
        output.print_line(f"{prefix}{text}", style=STYLES[name], bar=bar)
