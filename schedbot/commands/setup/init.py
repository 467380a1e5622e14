"""`schedbot init`: the database and a commented schedbot.toml."""

from pathlib import Path

from schedbot import clock, settings
from schedbot.admin.operations import init
from schedbot.presentation import terminal


def run() -> None:
    """Make the database (readable by you alone) and a commented schedbot.toml.

    What is there already is kept: to run it again changes nothing.

    Example:  schedbot init
    """
    said = settings.flags
    for line in init.begin(Path.cwd(), said, clock.now_ms()):
        terminal.say(line)
    terminal.note("Next:  schedbot add NAME --cron '0 9 * * mon-fri' --tz Europe/Berlin \\")
    terminal.note("                --channel C0123456789 --text 'Good morning'")
