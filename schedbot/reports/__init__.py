"""What is posted: a schedule's report and its parameters become a Message that keeps Slack's limits."""

from collections.abc import Mapping
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report

KINDS = ("text", "template")


def render(report: Report, context: Mapping[str, Any]) -> Message:
    """The message that `report` makes now. `context` names what a template may use besides its parameters
    (`context.context` makes it). Raises ReportFailed with the reason, and the line where there is one."""
    from schedbot.reports import limits

    if report.kind == "text":
        return limits.keep(Message(report.source))
    if report.kind == "template":
        from schedbot.reports.sources import template

        return limits.keep(template.render(report.source, report.params, context))
    raise ReportFailed(f"There is no kind of report called '{report.kind}'.", hint=f"There are {', '.join(KINDS)}.")


def check(report: Report) -> Message:
    """Try `report` with its parameters and a made-up occurrence, as when it is added. Raises ReportFailed."""
    from schedbot.clock import now_ms
    from schedbot.reports.template_context import context

    return render(report, context("check", "check", now_ms(), "UTC"))
