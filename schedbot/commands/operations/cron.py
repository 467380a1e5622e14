"""`schedbot cron`: the lines of the user's crontab that run `schedbot tick`."""

from typing import Annotated

import typer

from schedbot import settings
from schedbot.admin.operations import crontab, installed_program
from schedbot.commands.command_class import GroupApp
from schedbot.presentation import output

app = GroupApp()


@app.callback()
def cron() -> None:
    """Manage the lines of your crontab that run 'schedbot tick' each minute. No other byte of it is changed.

    Example:  schedbot cron install
    """


@app.command()
def install(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try the line and show it; change nothing.")] = False,
) -> None:
    """Try a tick in the environment that cron gives, then add the lines to your crontab, or renew them.

    Example:  schedbot cron install --dry-run
    """
    program = installed_program.find_program(settings.flags)
    crontab.try_line(program)
    block, before = crontab.build_block(program), crontab.read()
    after = crontab.replace_block(before, block.name, block.text)
    if not dry_run and after != before:
        crontab.write(after)
    output.print_line(block.text.rstrip("\n"))
    state = "Would install" if dry_run else "Already installed" if after == before else "Installed"
    output.note(f"{state}: these lines of your crontab. They run a tick each minute; 'schedbot health' sees it.")


@app.command()
def show() -> None:
    """Show the lines of this installation in your crontab.

    Example:  schedbot cron show
    """
    program = installed_program.find_program(settings.flags)
    block = crontab.find_block(crontab.read(), program.name).decode(errors="replace")
    if block:
        output.print_line(block.rstrip("\n"))
    else:
        output.note("Your crontab has no lines of this installation. 'schedbot cron install' adds them.")


@app.command()
def remove() -> None:
    """Remove the lines of this installation from your crontab.

    Example:  schedbot cron remove
    """
    program = installed_program.find_program(settings.flags)
    before = crontab.read()
    after = crontab.replace_block(before, program.name, "")
    if after == before:
        output.note("Your crontab has no lines of this installation.")
        return
    crontab.write(after)
    output.print_line("Removed the lines of this installation from your crontab. No tick runs any more.")
