"""`schedbot alerts`: messages to a person about failures."""

from typing import Annotated, Any

import typer

from schedbot.admin.operations.alerts import dispatch
from schedbot.admin.operations.alerts.places import DeliveryResult
from schedbot.commands.command_class import GroupApp
from schedbot.errors import FAILED
from schedbot.presentation import output
from schedbot.session import open_session

app = GroupApp()


@app.callback()
def alerts() -> None:
    """Send alerts: [alerts] in schedbot.toml names a channel, a command and a webhook. 'tick' and 'work' send them.

    Example:  schedbot alerts test
    """


@app.command("test")
def send_test(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a place.")] = False,
) -> None:
    """Send a test to each place that [alerts] names. Exit code 1 if one of them did not take it.

    Example:  schedbot alerts test
    """
    is_ok = True
    with open_session() as session:
        for place, result in dispatch.send_test(session):
            is_ok = is_ok and result.error is None
            if json:
                output.json_lines([to_json(place, result)])
            else:
                show(place, result)
    if not is_ok:
        raise typer.Exit(FAILED)


def show(place: str, result: DeliveryResult) -> None:
    """Print one line about a place."""
    if result.error is None:
        output.print_line(f"{place}: delivered{f', ts {result.ts}' if result.ts else ''}.")
    else:
        output.note(f"{place}: not delivered: {result.error}")


def to_json(place: str, result: DeliveryResult) -> dict[str, Any]:
    """Return the object of a place."""
    return {"place": place, "ok": result.error is None, "ts": result.ts, "error": result.error}
