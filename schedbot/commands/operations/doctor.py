"""`schedbot doctor`: check the installation."""

from typing import Annotated

import typer

from schedbot import clock
from schedbot.admin.operations import doctor
from schedbot.admin.operations.doctor import CheckResult
from schedbot.errors import FAILED
from schedbot.presentation import output
from schedbot.text_input import refuse_empty

STYLES = {"ok": "", "WARNING": "yellow", "PROBLEM": "red"}


def run(
    online: Annotated[bool, typer.Option("--online", help="Also test each workspace's token with Slack.")] = False,
    chain: Annotated[
        bool, typer.Option("--chain", help="Also verify that no row of the record was altered, removed or inserted.")
    ] = False,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="With --chain: check that a hash of 'log --head' is in it."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also read a large database whole, and compare the books of many schedules.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines, one check a line.")] = False,
) -> None:
    """Check settings, database, time zone data, tokens, cron and disk. Nothing is changed.

    Exit code 1 if there is a problem; a warning leaves it at 0. A database of more than 128 MB is read whole, and the
    books of more than 5,000 schedules are compared, only with --full: that takes minutes.

    Example:  schedbot doctor
    """
    refuse_empty("head", head)
    is_ok, known_head = True, (head or "").strip() if chain or head else None
    for result in doctor.run_checks(clock.now_ms, online, known_head, full):
        is_ok = is_ok and result.is_ok
        if json:
            output.json_lines([to_json(result)])
        else:
            print_result(result)
    if not is_ok:
        raise typer.Exit(FAILED)


def print_result(result: CheckResult) -> None:
    """Print one line, and the remedy below it."""
    level = "PROBLEM" if not result.is_ok else "WARNING" if result.is_warning else "ok"
    output.print_line(f"{level:<7}  {result.check}: {result.detail}", STYLES[level], hang=9)
    if result.remedy:
        output.print_line(f"{'':<7}  {result.remedy}", hang=9)


def to_json(result: CheckResult) -> dict[str, str | bool | None]:
    return {"check": result.check, "ok": result.is_ok, "seen": result.detail, "remedy": result.remedy or None}
