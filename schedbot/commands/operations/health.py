"""`schedbot health`: show whether posts are going out."""

from typing import Annotated

import typer

from schedbot import settings
from schedbot.commands import health_check
from schedbot.errors import BadInput


def run(
    json: Annotated[bool, typer.Option("--json", help="One JSON object, whatever the problem is.")] = False,
    nagios: Annotated[
        bool, typer.Option("--nagios", help="One line and the exit codes of a Nagios plugin: 0, 1, 2, 3.")
    ] = False,
) -> None:
    """Show in one line whether posts are going out, and one more line for each problem.

    Exit code 0: ok; 1: some posts do not go out; 3: posts go out, but some wait for a person. The worst problem
    decides. With --nagios, 0: ok; 1: warning, some posts do not go out or wait for a person; 2: critical, nothing is
    posted; 3: unknown, the database or the configuration cannot be read.

    Example:  schedbot health
    """
    if nagios and json:
        raise BadInput("--json and --nagios cannot be combined.", "Use one of them.")
    if code := health_check.check(settings.flags, json, nagios):
        raise typer.Exit(code)
