"""Print a message as Slack shows it: bold titles, dim context, and the coloured bar of an attachment."""

from schedbot.model import Message
from schedbot.presentation import output, terminal_preview
from schedbot.presentation.terminal_preview import BAR

STYLES = {"plain": "", "bold": "bold", "dim": "dim", "link": "cyan"}


def print_message(message: Message, width: int, prefix: str = "") -> None:
    """Print the lines of a message on stdout, at most `width` columns wide after the prefix."""
    for style, text in terminal_preview.preview_lines(message, width):
        name, _, color = style.partition(" ")
        start = len(prefix)
        bar = (color, start, start + len(BAR)) if color else None
        output.print_line(f"{prefix}{text}", style=STYLES[name], bar=bar)
