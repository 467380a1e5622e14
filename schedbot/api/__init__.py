"""The Python API: `schedbot.open()`, its handle, and the values that the handle returns.

Its methods are the commands: they call the same operations, keep the same rules, records and errors, and name fields
and values alike. It is meant for the backend of a product: see docs/python-api.md.
"""

from schedbot.api.handle import Schedbot, open
from schedbot.api.values import (
    Acknowledgement,
    Attempt,
    Explanation,
    Job,
    Occurrence,
    Plan,
    PlannedSchedule,
    QueuedJob,
    Refusal,
    Retry,
    Schedule,
)

__all__ = [
    "Acknowledgement",
    "Attempt",
    "Explanation",
    "Job",
    "Occurrence",
    "Plan",
    "PlannedSchedule",
    "QueuedJob",
    "Refusal",
    "Retry",
    "Schedbot",
    "Schedule",
    "open",
]
