"""Reports: a schedule's report becomes a Message within Slack's limits.

Each kind of report is a module in `reports/sources` with a function `render(report, context) -> Message`. A new kind
needs such a module, a case in `render` below and its name in KINDS.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schedbot import times
from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import limits

KINDS = ("text", "template")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TemplateContext(dict[str, Any]):
    """Values that a report may use besides its parameters, by name.

    `used`: names of the values that decided the last message. A kind of report that cannot tell leaves it at all names.
    """

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.used = frozenset(values)


def render(report: Report, context: Mapping[str, Any]) -> Message:
    """Return the message of a report within Slack's limits. `build_context` makes the context.

    Raises ReportFailed with the reason, and the template's line if there is one.
    """
    match report.kind:  # a kind imports its libraries at its first use
        case "text":
            return limits.enforce(Message(report.source))
        case "template":
            from schedbot.reports.sources import template

            return limits.enforce(template.render(report, context))
    raise ReportFailed(f"Unknown kind of report '{report.kind}'.", hint=f"Known kinds: {', '.join(KINDS)}.")


def build_context(
    schedule_name: str, account: str, due_at: int, tz: str, params: Mapping[str, Any] | None = None
) -> TemplateContext:
    """Return the values that a report may use besides its parameters. Raises BadInput for an unknown zone.

    `due_at`: the occurrence's instant, RFC 3339 in UTC; `due`: the same instant as a datetime in the schedule's zone
    (`{{ due.strftime("%A %d %B") }}`). `params` holds the parameters under their own name, as `params.NAME`.
    """
    return TemplateContext(
        schedule=schedule_name,
        account=account,
        due_at=times.to_rfc3339(due_at),
        due=(EPOCH + timedelta(milliseconds=due_at)).astimezone(times.zone(tz)),
        params=dict(params or {}),
    )
