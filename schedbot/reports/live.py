"""Render reports from live data: Python functions, queries, programs. Runs in a renderer process.

Each occurrence gets a RenderedReport of its own: whatever a report does, the others of its batch go on.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from schedbot import log
from schedbot.clock import now_ms
from schedbot.errors import ReportFailed, SchedbotError
from schedbot.model import Message, Report
from schedbot.reports import limits
from schedbot.reports.context import LiveOccurrence, ReportContext, build_report_context, build_template_values
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.escaping import escape_text
from schedbot.reports.files.attach import attach_files
from schedbot.reports.results import NotReady, RenderedReport, Result, Skip, parse_result

LONGEST_REASON = 2_000
LONGEST_DETAIL = 4_000


def render(definition: ReportDefinition, url: str, occurrences: Sequence[LiveOccurrence]) -> list[RenderedReport]:
    """Return the result for each occurrence. `url`: of the report's database. Raises MemoryError alone."""
    if len(occurrences) == 1:
        return [render_one(definition, url, occurrences[0])]
    begin, rendered_at = time.monotonic(), now_ms()
    try:
        contexts = [build_report_context(occurrence, definition.period) for occurrence in occurrences]
        values = call_python(definition, contexts)
    except (SchedbotError, ValueError):  # one of them is at fault: find out which
        return [render_one(definition, url, occurrence) for occurrence in occurrences]
    render_ms = elapsed_ms(begin)
    return [
        finish(definition, occurrence, value, "", render_ms, rendered_at)
        for occurrence, value in zip(occurrences, values, strict=True)
    ]


def render_one(definition: ReportDefinition, url: str, occurrence: LiveOccurrence) -> RenderedReport:
    """Return the result for one occurrence."""
    begin, rendered_at = time.monotonic(), now_ms()
    try:
        context = build_report_context(occurrence, definition.period)
        merged = replace(definition, on_empty=occurrence.on_empty or definition.on_empty)
        value, detail = run_source(merged, url, context)
    except ReportFailed as error:
        return failure(error, elapsed_ms(begin), rendered_at)
    except MemoryError:
        raise
    except Exception as error:
        return unexpected(error, elapsed_ms(begin), rendered_at)
    return finish(definition, occurrence, value, detail, elapsed_ms(begin), rendered_at)


def run_source(definition: ReportDefinition, url: str, context: ReportContext) -> tuple[Any, str]:
    """Return what the source gives, and lines to keep with the attempt. Raises ReportFailed."""
    match definition.kind:  # a kind imports its libraries at its first use
        case "python":
            return call_python(definition, [context])[0], ""
        case "text":
            return Message(definition.place), ""
        case "template":
            from schedbot.reports.sources import template

            report = Report("template", definition.place, context.params)
            return template.render(report, build_template_values(context)), ""
        case "sql":
            from schedbot.reports.sources import sql_query

            return sql_query.run(definition, url, context), ""
        case "command":
            from schedbot.reports.sources import program

            return program.run(definition, context)
    raise ReportFailed(f"Unknown kind of report '{definition.kind}'.")


def call_python(definition: ReportDefinition, contexts: Sequence[ReportContext]) -> list[Any]:
    from schedbot.reports.sources import python_function

    return python_function.call(definition, contexts)


def finish(
    definition: ReportDefinition, occurrence: LiveOccurrence, value: Any, detail: str, render_ms: int, rendered_at: int
) -> RenderedReport:
    """Return the checked result of what a source gave. A text for empty reports takes the place of `skip`."""
    try:
        result = replace_empty(parse_result(value, name_source(definition)), definition, occurrence)
        match result:
            case Message():
                message = limits.enforce(attach_files(result))
                return RenderedReport(message, detail=cut(detail), render_ms=render_ms, rendered_at=rendered_at)
            case Skip():
                return RenderedReport(skip=result, detail=cut(detail), render_ms=render_ms, rendered_at=rendered_at)
            case NotReady():
                return RenderedReport(
                    not_ready=result, detail=cut(detail), render_ms=render_ms, rendered_at=rendered_at
                )
    except ReportFailed as error:
        return failure(error, render_ms, rendered_at)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # a block that checks itself, a list that holds itself
        return unusable(definition, error, render_ms, rendered_at)


def unusable(
    definition: ReportDefinition, error: BaseException, render_ms: int = 0, rendered_at: int = 0
) -> RenderedReport:
    """Return the result of a report whose value raised an error when it was read."""
    from schedbot.reports.sources import python_function

    problem = f"{name_source(definition)} returned blocks that cannot be used: {python_function.describe(error)}."
    hint = "Return blocks of texts, numbers, lists and objects; a model of slack_sdk needs its required fields."
    return failure(ReportFailed(problem, hint), render_ms, rendered_at)


def unexpected(error: BaseException, render_ms: int, rendered_at: int) -> RenderedReport:
    """Return the result of a report that met a defect of schedbot or of a library that it uses."""
    return failure(ReportFailed(f"{type(error).__name__}: {error}"), render_ms, rendered_at)


def replace_empty(result: Result, definition: ReportDefinition, occurrence: LiveOccurrence) -> Result:
    """Return the text for an empty report instead of `skip`, where the schedule or the report has one."""
    text = occurrence.on_empty or definition.on_empty
    if not isinstance(result, Skip) or text in ("", "skip"):
        return result
    return Message(escape_text(text))


def name_source(definition: ReportDefinition) -> str:
    """Return the name of a report's source for an error."""
    return {"sql": "The query", "command": "The command"}.get(definition.kind, definition.place)


def failure(error: ReportFailed, render_ms: int, rendered_at: int) -> RenderedReport:
    """Return the result of a report that failed."""
    reason = log.redact_tokens(str(error))[:LONGEST_REASON]
    return RenderedReport(
        failure=reason, hint=error.hint, detail=cut(error.detail), render_ms=render_ms, rendered_at=rendered_at
    )


def cut(detail: str) -> str:
    """Return the last characters of a detail, without tokens."""
    return log.redact_tokens(detail)[-LONGEST_DETAIL:]


def elapsed_ms(begin: float) -> int:
    """Return the milliseconds since an instant of `time.monotonic`."""
    return round((time.monotonic() - begin) * 1_000)
