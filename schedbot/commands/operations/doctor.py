"""`schedbot doctor`: is the set-up sound?"""

from typing import Annotated

import typer

from schedbot import clock
from schedbot.admin.operations import doctor
from schedbot.admin.operations.doctor import Finding
from schedbot.errors import FAILED
from schedbot.presentation import terminal


def run(
    online: Annotated[bool, typer.Option("--online", help="Try each workspace's token with Slack, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines, one finding a line.")] = False,
) -> None:
    """Check settings, database, zone data, tokens, cron and disk. Nothing is changed; each problem has its remedy.

    Exit code 1 if there is a problem.

    Example:  schedbot doctor
    """
    sound = True
    for finding in doctor.examine(clock.now_ms, online):
        sound = sound and finding.ok
        if json:
            terminal.json_lines([as_json(finding)])
        else:
            tell(finding)
    if not sound:
        raise typer.Exit(FAILED)


def tell(finding: Finding) -> None:
    """One line, and the remedy below a problem."""
    terminal.say(
        f"{'ok' if finding.ok else 'PROBLEM':<7}  {finding.check}: {finding.seen}", "" if finding.ok else "red"
    )
    if finding.remedy:
        terminal.say(f"{'':<7}  {finding.remedy}")


def as_json(finding: Finding) -> dict[str, str | bool | None]:
    """A finding as one object."""
    return {"check": finding.check, "ok": finding.ok, "seen": finding.seen, "remedy": finding.remedy or None}
