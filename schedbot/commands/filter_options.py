"""The filters that `audit` and `retry` share, as options."""

from typing import Annotated

import typer

Schedules = Annotated[
    list[str] | None, typer.Option("--schedule", metavar="NAME", help="Of this schedule, or glob. Repeatable.")
]
Accounts = Annotated[
    list[str] | None, typer.Option("--account", metavar="ID", help="Of these accounts: repeat it, or a,b.")
]
Workspaces = Annotated[
    list[str] | None, typer.Option("--workspace", metavar="W", help="Of these workspaces: repeat it, or a,b.")
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", metavar="CHANNEL", help="Of these channels: ids or links.")
]
States = Annotated[
    list[str] | None, typer.Option("--state", metavar="STATE", help="In these states: repeat it, or failed,held.")
]
Errors = Annotated[
    list[str] | None, typer.Option("--error", metavar="CODE", help="With these errors: Slack's code, or ours.")
]
Since = Annotated[
    str, typer.Option(metavar="WHEN", help="Due then or later: '2d', 'monday', '2026-12-01 09:00' (your clock).")
]
Until = Annotated[str, typer.Option(metavar="WHEN", help="Due then or before.")]
