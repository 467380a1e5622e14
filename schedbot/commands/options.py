"""The options that say what a schedule is, the same for `add` and `edit`. Their names are an import's columns."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from schedbot.admin.fields import parsers
from schedbot.admin.fields.schedule_fields import COLUMNS


def option(flag: str, metavar: str, text: str) -> Any:
    """One option that takes a text; what it means is read in `admin`."""
    return typer.Option(flag, metavar=metavar, help=text)


Cron = Annotated[str | None, option("--cron", "EXPR", "When: five fields of cron, such as '0 9 * * mon,fri'.")]
Every = Annotated[str | None, option("--every", "PHRASE", "When, in words: 'weekday at 9:00', 'last friday at 16:30'.")]
At = Annotated[str | None, option("--at", "WHEN", "Once: '2026-12-01 09:00', 'tomorrow 9am', '2h' from now.")]
Tz = Annotated[
    str | None,
    option("--tz", "ZONE", "The IANA time zone, such as Europe/Berlin, or whose: slack:U0123. No default."),
]
Channel = Annotated[str | None, option("--channel", "CHANNEL", "The channel's id (C0123456789) or its link.")]
Text = Annotated[str | None, option("--text", "TEXT", "Post this text.")]
Report = Annotated[str | None, option("--report", "FILE", "Post what this template makes (Block Kit JSON, Jinja2).")]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="KEY=VALUE", help="A value for the template; KEY:=JSON for a number or a list."),
]
Account = Annotated[str | None, option("--account", "ID", "The product's customer that it belongs to.")]
Workspace = Annotated[str | None, option("--workspace", "NAME", "The Slack workspace. [default: default]")]
Starts = Annotated[str | None, option("--starts", "WHEN", "Nothing before this instant or day. [default: now]")]
Until = Annotated[str | None, option("--until", "WHEN", "Nothing after this instant or day. [default: no end]")]
Count = Annotated[str | None, option("--count", "N", "End after this many occurrences. [default: no end]")]
MisfirePolicy = Annotated[
    str | None,
    option("--misfire", "latest|all|skip", "What to post of what was missed while no tick ran. [default: latest]"),
]
Grace = Annotated[str | None, option("--grace", "SPAN", "How late an occurrence may still be posted. [default: 6h]")]
MaxAttempts = Annotated[str | None, option("--max-attempts", "N", "Attempts to post, 1 to 20. [default: 5]")]
Priority = Annotated[
    str | None,
    option(
        "--priority",
        "high|normal|low",
        "Which go first of what is due together; where workspaces take turns, 4, 2 or 1 at a time. [default: normal]",
    ),
]
UnknownPolicy = Annotated[
    str | None,
    option("--on-unknown", "resend|hold", "When it can't be known whether a post arrived. [default: hold]"),
]
Jitter = Annotated[str | None, option("--jitter", "SPAN", "Post up to this much later, always the same. [default: 0s]")]
SkipHolidays = Annotated[
    str | None, option("--skip-holidays", "REGION", "Post nothing on public holidays: US, DE-BY. [default: none]")
]

HolidayPolicy = Annotated[
    str | None,
    option(
        "--holiday-policy",
        "skip|before|after",
        "On a holiday: leave it out, or post on the business day before or after. [default: skip]",
    ),
]
Window = Annotated[
    str | None, option("--window", "WINDOW", "Post only then: 'mon-fri 08:00-18:00'. [default: at any time]")
]
OutsidePolicy = Annotated[
    str | None,
    option("--outside", "defer|skip", "What is due outside the window waits for it, or is left out. [default: defer]"),
]
Blackout = Annotated[
    str | None,
    option("--blackout", "DAYS", "Days on which nothing is posted: '2026-12-24/2026-12-27'. [default: none]"),
]


def said(options: Mapping[str, Any]) -> dict[str, str | None]:
    """Of a command's options those that are columns, as they were typed."""
    return {name: options[name] for name in COLUMNS if isinstance(options.get(name), str)}


def params(typed: list[str] | None) -> dict[str, Any]:
    """The values of --param; a key that comes twice has its last value. Raises BadField."""
    return dict(parsers.parse_param(one) for one in typed or [])
