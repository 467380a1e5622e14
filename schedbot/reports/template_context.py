"""What a template may use besides its parameters.

Rule: `schedule` and `account` are names, `due_at` the occurrence's instant as RFC 3339 in UTC, `due` the same as a
datetime in the schedule's zone (`{{ due.strftime("%A %d %B") }}`). A parameter of one of these names is still there as
`params.NAME`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schedbot import times

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def context(
    schedule_name: str, account: str, due_at: int, tz: str, params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The names for `reports.render`; `due_at` is in milliseconds UTC. Raises BadInput for a zone that is none."""
    return {
        "schedule": schedule_name,
        "account": account,
        "due_at": times.to_rfc3339(due_at),
        "due": (EPOCH + timedelta(milliseconds=due_at)).astimezone(times.zone(tz)),
        "params": dict(params or {}),
    }
