"""`schedbot init`: create the database and a commented schedbot.toml."""

from pathlib import Path

from schedbot import clock, settings
from schedbot.admin.operations import init
from schedbot.presentation import output


def run() -> None:
    """Create the database (readable only by you) and a commented schedbot.toml. Existing files are not changed.

    Example:  schedbot init
    """
    for line in init.initialize(Path.cwd(), settings.flags, clock.now_ms()):
        output.print_line(line)
    output.note("Next:  schedbot add NAME --cron '0 9 * * mon-fri' --tz Europe/Berlin \\")
    output.note("                --channel C0123456789 --text 'Good morning'")
