"""ReportContext: the occurrence that a report is rendered for, as a function, a query or a program gets it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from schedbot import times
from schedbot.rules import periods
from schedbot.rules.periods import Period

TEMPLATE_NAMES = ("schedule", "account", "workspace", "channel", "due", "previous", "period", "attempt", "is_preview")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LiveOccurrence:
    """An occurrence to render a report for, in plain values that go to another process. Instants are UTC ms.

    `previous_at`: when the schedule's last message was posted; None: never. `occurrence_before_at`: the schedule's
    occurrence before this one, for a period that no message begins. `on_empty`: the schedule's own text for an empty
    report. `attempt` counts from 1.
    """

    schedule: str
    account: str
    workspace: str
    channel: str
    due_at: int
    tz: str
    params: Mapping[str, Any] = field(default_factory=dict)
    previous_at: int | None = None
    attempt: int = 1
    is_preview: bool = False
    on_empty: str = ""
    occurrence_before_at: int | None = None


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Context of a Python report.

    `due` is the occurrence's instant in the schedule's zone, `due_at` the same in UTC milliseconds. `previous`: when
    the schedule's last message was posted, or None. `period`: the report's period, [start, end) in the schedule's zone.
    `attempt` counts from 1. `is_preview`: nothing is posted (`add`, `preview`, `reports check`).
    """

    schedule: str
    account: str
    workspace: str
    channel: str
    params: Mapping[str, Any]
    due: datetime
    due_at: int
    previous: datetime | None
    period: Period
    attempt: int = 1
    is_preview: bool = False


def to_local(instant: int, tz: str) -> datetime:
    """Return an instant (UTC milliseconds) in a zone. Raises BadInput for an unknown zone."""
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(times.zone(tz))


def build_report_context(occurrence: LiveOccurrence, period: str = "") -> ReportContext:
    """Return the context of an occurrence. `period`: of the report's definition. Raises BadInput."""
    due = to_local(occurrence.due_at, occurrence.tz)
    previous, occurrence_before = (
        None if at is None else to_local(at, occurrence.tz)
        for at in (occurrence.previous_at, occurrence.occurrence_before_at)
    )
    rule = periods.parse_period(period) if period else periods.DEFAULT_RULE
    return ReportContext(
        schedule=occurrence.schedule,
        account=occurrence.account,
        workspace=occurrence.workspace,
        channel=occurrence.channel,
        params=dict(occurrence.params),
        due=due,
        due_at=occurrence.due_at,
        previous=previous,
        period=periods.find_period(rule, due, previous, occurrence_before),
        attempt=occurrence.attempt,
        is_preview=occurrence.is_preview,
    )


def build_template_values(context: ReportContext) -> dict[str, Any]:
    """Return the names of a context that a template may use besides its parameters. `due_at` is RFC 3339 in UTC."""
    values = {name: getattr(context, name) for name in TEMPLATE_NAMES}
    return {**values, "due_at": times.to_rfc3339(context.due_at), "params": dict(context.params)}
