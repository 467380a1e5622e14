"""Render a report from live data, as a live renderer does."""

from typing import Any

from schedbot.model import Message
from schedbot.reports import live
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import RenderedReport

MONDAY_9AM = 1_796_652_000_000  # 2026-12-07 09:00 in New York


def render_live(definition: ReportDefinition, url: str = "", **fields: Any) -> RenderedReport:
    """Return the result for an occurrence on Monday at 9:00 in New York. `fields`: of the occurrence."""
    usual = {"schedule": "acme-weekly", "account": "acme", "workspace": "default", "channel": "C0ACME"}
    occurrence = LiveOccurrence(**{**usual, "due_at": MONDAY_9AM, "tz": "America/New_York", **fields})
    return live.render(definition, url, [occurrence])[0]


def message_of(report: RenderedReport) -> Message:
    """Return the message of a result that has one."""
    assert report.message is not None, (report.failure, report.hint, report.skip)
    return report.message


def cells(message: Message) -> list[list[str]]:
    """Return the texts of the table in a message."""
    assert message.blocks[0]["type"] == "table"
    return [[cell["text"] for cell in row] for row in message.blocks[0]["rows"]]
