"""Fields of a schedule's report: text, report and parameters. A report is tried once before it is stored."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from schedbot.admin.fields import parsers, timing
from schedbot.admin.fields.parsers import BadField, Fields, parse
from schedbot.model import Report
from schedbot.reports import live_trial, trial
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions
from schedbot.reports.live_trial import NamedReportOccurrence
from schedbot.reports.trial import TrialOccurrence

if TYPE_CHECKING:
    from schedbot.admin.fields.schedule_fields import ScheduleFields

Trial = Callable[["ScheduleFields", int, Definitions], None]  # of the report of a schedule at an instant


def parse_report(fields: Fields, base: Report | None, definitions: Definitions) -> Report:
    """Return the report: a text, a named report or a template, with its parameters. Raises BadField."""
    text, file, params = fields.get("text"), fields.get("report"), fields.get("params")
    if text and not (base or file or params):  # as in most lines of an import
        return Report("text", text if parsers.is_plain_text(text) else parse("text", parsers.parse_text, text))
    if text and file:
        raise BadField("report", "Use only one of --text, --report.", "A schedule posts either a text or a report.")
    if base and not (text or file) and params is None:
        return base
    if text:
        kind, source = "text", text
    elif file:
        kind, source = parse("report", lambda word: parsers.parse_report_source(word, definitions), file)
    elif base:
        kind, source = base.kind, base.source
    else:
        raise BadField("text", "No message given: use --text or --report.", "For example --text 'Good morning'.")
    values = parse("params", parsers.parse_params, params or "")
    if values and kind == "text":
        raise BadField("params", "A text has no parameters.", "Use a report: --report NAME.")
    if params is None and base and kind == base.kind != "text":
        values = dict(base.params)
    if kind == "text":
        parse("text", parsers.parse_text, source)
    return Report(kind, source, values)


def try_report(schedule: "ScheduleFields", now: int, definitions: Definitions) -> None:
    """Render the report of a schedule for its next occurrence, as a trial. Raises BadField."""
    report = schedule.terms.report
    if report.kind == "named":
        request = NamedReportOccurrence(report.source, next_occurrence(schedule, now))
        parse("report", lambda _: live_trial.check(definitions, request), report.source)
    else:
        try_template(schedule, now, definitions)


def try_template(schedule: "ScheduleFields", now: int, _: Definitions) -> None:
    """Render a template, as a trial, and no named report: that one may take seconds, and was found by its name.

    Raises BadField.
    """
    report, rule, terms = schedule.terms.report, schedule.recurrence, schedule.terms
    if report.kind == "template":  # a text was checked when it was parsed
        occurrence = TrialOccurrence(
            schedule.name,
            schedule.account,
            schedule.workspace,
            terms.channel,
            rule.tz,
            lambda: timing.next_due_or_now(rule, terms, now),
        )
        parse("report", lambda _: trial.check(report, occurrence), report.source)


def next_occurrence(schedule: "ScheduleFields", now: int) -> LiveOccurrence:
    """Return the next occurrence of a schedule, for its named report. Nothing will be posted."""
    return LiveOccurrence(
        schedule=schedule.name,
        account=schedule.account,
        workspace=schedule.workspace,
        channel=schedule.terms.channel,
        due_at=timing.next_due_or_now(schedule.recurrence, schedule.terms, now),
        tz=schedule.recurrence.tz,
        params=schedule.terms.report.params,
        is_preview=True,
        on_empty=schedule.terms.on_empty,
    )
