"""Options that filter jobs, shared by `audit` and `retry`. Every value is text here; `admin.jobs.filters` parses it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

import typer

from schedbot.admin.jobs.filters import FilterOptions

Schedules = Annotated[
    list[str] | None, typer.Option("--schedule", metavar="NAME", help="Schedule name or glob. Repeatable.")
]
Accounts = Annotated[list[str] | None, typer.Option("--account", metavar="ID", help="Account. Repeatable, or a,b.")]
Workspaces = Annotated[
    list[str] | None, typer.Option("--workspace", metavar="W", help="Workspace. Repeatable, or a,b.")
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", metavar="CHANNEL", help="Channel id or link. Repeatable.")
]
States = Annotated[
    list[str] | None, typer.Option("--state", metavar="STATE", help="Job state. Repeatable, or failed,held.")
]
Errors = Annotated[
    list[str] | None, typer.Option("--error", metavar="CODE", help="Error code of Slack or schedbot. Repeatable.")
]
DueSince = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="WHEN", help="Due at or after: '2d', '9am', 'monday', '2026-12-01 09:00' local time."
    ),
]
DueUntil = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Due at or before; a day is included.")]

InLocalTime = Annotated[
    bool, typer.Option("--local", help="--since and --until are wall clocks in the time zone of each schedule.")
]


def filter_options(options: Mapping[str, Any]) -> FilterOptions:
    """Return the options that filter jobs, unparsed."""
    values = {field.name: options[field.name] for field in fields(FilterOptions)}
    return FilterOptions(**{name: value for name, value in values.items() if value is not None})
