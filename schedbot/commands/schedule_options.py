"""Options for the fields of a schedule, shared by `add`, `edit`, `next` and `calendar`.

They have the names of the import columns. Every value is text here; `admin.fields` parses it.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from schedbot.admin.fields import parsers
from schedbot.admin.fields.schedule_fields import COLUMNS

FLAGS = ("update", "unfurl")  # options without a text


def option(flag: str, metavar: str, text: str) -> Any:
    """Return one option that takes text."""
    return typer.Option(flag, metavar=metavar, help=text)


Cron = Annotated[str | None, option("--cron", "EXPR", "Cron expression of five fields: '0 9 * * mon,fri'.")]
Every = Annotated[str | None, option("--every", "PHRASE", "Times in words: 'weekday at 9:00', 'last friday at 16:30'.")]
At = Annotated[str | None, option("--at", "WHEN", "Post once: '2026-12-01 09:00', 'tomorrow 9am', '2h' from now.")]
Tz = Annotated[
    str | None,
    option("--tz", "ZONE", "IANA time zone (Europe/Berlin), or a Slack user's zone (slack:U0123). No default."),
]
Channel = Annotated[
    str | None, option("--channel", "CHANNEL", "Channel or person: id (C0123456789, U0123456789) or link.")
]
Text = Annotated[str | None, option("--text", "TEXT", "Post this text.")]
Report = Annotated[
    str | None,
    option("--report", "REPORT", "Post a report: name of a [reports.NAME] table, or path of a template."),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="KEY=VALUE", help="Template parameter; KEY:=JSON for a number or a list."),
]
Account = Annotated[str | None, option("--account", "ID", "Account (your customer) that the schedule belongs to.")]
Workspace = Annotated[str | None, option("--workspace", "NAME", "Slack workspace. [default: default]")]
Starts = Annotated[str | None, option("--starts", "WHEN", "First instant or day that may have a post. [default: now]")]
Until = Annotated[str | None, option("--until", "WHEN", "Last instant or day that may have a post. [default: no end]")]
Count = Annotated[str | None, option("--count", "N", "End after N occurrences. [default: no end]")]
MisfirePolicy = Annotated[
    str | None,
    option("--misfire", "latest|all|skip", "Which occurrences to post after a time without ticks. [default: latest]"),
]
Grace = Annotated[str | None, option("--grace", "SPAN", "How late an occurrence may be posted. [default: 6h]")]
MaxAttempts = Annotated[str | None, option("--max-attempts", "N", "Attempts to post, 1 to 20. [default: 5]")]
Priority = Annotated[
    str | None,
    option(
        "--priority",
        "high|normal|low",
        "Order of jobs that are due together; a workspace's turn has 4, 2 or 1 of them. [default: normal]",
    ),
]
UnknownPolicy = Annotated[
    str | None,
    option("--on-unknown", "resend|hold", "If nobody can tell whether a post arrived. [default: hold]"),
]
Jitter = Annotated[
    str | None, option("--jitter", "SPAN", "Post up to SPAN later, by the same delay each time. [default: 0s]")
]
SkipHolidays = Annotated[
    str | None, option("--skip-holidays", "REGION", "Post nothing on public holidays: US, DE-BY. [default: none]")
]
HolidayPolicy = Annotated[
    str | None,
    option(
        "--holiday-policy",
        "skip|before|after",
        "On a holiday: skip, or post on the business day before or after. [default: skip]",
    ),
]
Window = Annotated[
    str | None, option("--window", "WINDOW", "Send window: 'mon-fri 08:00-18:00'. [default: always open]")
]
OutsidePolicy = Annotated[
    str | None,
    option("--outside", "defer|skip", "Outside the send window: post when it opens, or skip. [default: defer]"),
]
Blackout = Annotated[
    str | None, option("--blackout", "DAYS", "Dates without posts: '2026-12-24/2026-12-27'. [default: none]")
]
OnEmpty = Annotated[
    str | None, option("--on-empty", "TEXT", "Post this text if the report has nothing to report. [default: skip]")
]
Thread = Annotated[
    str | None,
    option(
        "--thread",
        "none|daily|weekly|monthly|always",
        "Post as replies in one thread for each day, week or month, or in one for ever. [default: none]",
    ),
]
Update = Annotated[
    bool | None,
    typer.Option(
        "--update/--no-update", help="Update the schedule's last message instead of a new one. [default: no-update]"
    ),
]
Username = Annotated[
    str | None, option("--username", "TEXT", "Name that messages are posted with. [default: the app's name]")
]
Icon = Annotated[
    str | None,
    option("--icon", "ICON", "Icon of messages: ':bar_chart:' or an https address. [default: the app's icon]"),
]
Unfurl = Annotated[
    bool | None, typer.Option("--unfurl/--no-unfurl", help="Show previews of links. [default: no-unfurl]")
]


def schedule_fields(options: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the options that are import columns, unparsed."""
    texts = {name: options[name] for name in COLUMNS if isinstance(options.get(name), str)}
    flags = {name: str(options[name]).lower() for name in FLAGS if options.get(name) is not None}
    return {**texts, **flags}


def parse_params(values: list[str] | None) -> dict[str, Any]:
    """Return the parameters of --param; the last value of a repeated key wins. Raises BadField."""
    return dict(parsers.parse_param(value) for value in values or [])
