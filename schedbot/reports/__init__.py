"""Reports: a schedule's report becomes a Message within Slack's limits.

A Python report imports its names from here:

    from schedbot.reports import Message, ReportContext, escape, not_ready, skip

Texts and templates of schedules are rendered by `render` below, named reports by `live`.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.posts import File
from schedbot.reports import limits

if TYPE_CHECKING:
    from schedbot.reports.context import LiveOccurrence, ReportContext
    from schedbot.reports.files.csv_files import csv_file
    from schedbot.reports.markup import (
        bar,
        channel_link,
        escape,
        escape_markdown,
        link,
        mention,
        number,
        percent,
        slack_date,
        usergroup,
    )
    from schedbot.reports.results import NotReady, Skip, not_ready, skip
    from schedbot.rules.dates import add_days, add_months, add_quarters, add_weeks, add_years, start_of
    from schedbot.rules.periods import Period

# Names for Python reports, by the module that has them; loaded when they are used.
PUBLIC = {
    "schedbot.reports.context": ("ReportContext",),
    "schedbot.reports.files.csv_files": ("csv_file",),
    "schedbot.reports.results": ("NotReady", "Skip", "not_ready", "skip"),
    "schedbot.rules.periods": ("Period",),
    "schedbot.rules.dates": ("add_days", "add_months", "add_quarters", "add_weeks", "add_years", "start_of"),
    "schedbot.reports.markup": (
        *(
            "bar",
            "channel_link",
            "escape",
            "escape_markdown",
            "link",
            "mention",
            "number",
            "percent",
            "slack_date",
            "usergroup",
        ),
    ),
}
__all__ = [
    "File",
    "Message",
    "NotReady",
    "Period",
    "ReportContext",
    "Skip",
    "add_days",
    "add_months",
    "add_quarters",
    "add_weeks",
    "add_years",
    "bar",
    "channel_link",
    "csv_file",
    "escape",
    "escape_markdown",
    "link",
    "mention",
    "not_ready",
    "number",
    "percent",
    "skip",
    "slack_date",
    "start_of",
    "usergroup",
]

KINDS = ("text", "template")


def __getattr__(name: str) -> Any:
    """Return a name for Python reports."""
    for module, names in PUBLIC.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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


def build_context(occurrence: "LiveOccurrence") -> TemplateContext:
    """Return the values that a template may use besides its parameters. Raises BadInput for an unknown zone.

    They are those of a named report, whose table may name another period than the default.
    """
    from schedbot.reports.context import build_report_context, build_template_values

    return TemplateContext(**build_template_values(build_report_context(occurrence)))
