"""Values of an occurrence that queries and programs have in common. Instants are UTC milliseconds."""

from datetime import datetime, timedelta
from typing import Any

from schedbot.reports.context import EPOCH, ReportContext

MILLISECOND = timedelta(milliseconds=1)


def list_values(context: ReportContext) -> dict[str, Any]:
    """Return the values by name."""
    return {
        "account": context.account,
        "schedule": context.schedule,
        "workspace": context.workspace,
        "due_at": context.due_at,
        "period_start": to_ms(context.period.start),
        "period_end": to_ms(context.period.end),
    }


def to_ms(instant: datetime) -> int:
    """Return an aware datetime in UTC milliseconds."""
    return (instant - EPOCH) // MILLISECOND
