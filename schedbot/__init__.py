"""schedbot: posts reports to Slack at the minute their owners chose.

`schedbot.open()` is the Python API, loaded when it is first used: see `schedbot.api`.
"""

TYPE_CHECKING = False  # a type checker takes it for True; `typing` itself takes 5 ms to load

if TYPE_CHECKING:
    from schedbot import errors as errors
    from schedbot.api import Acknowledgement as Acknowledgement
    from schedbot.api import Attempt as Attempt
    from schedbot.api import Explanation as Explanation
    from schedbot.api import Job as Job
    from schedbot.api import Occurrence as Occurrence
    from schedbot.api import Plan as Plan
    from schedbot.api import PlannedSchedule as PlannedSchedule
    from schedbot.api import QueuedJob as QueuedJob
    from schedbot.api import Refusal as Refusal
    from schedbot.api import Retry as Retry
    from schedbot.api import Schedbot as Schedbot
    from schedbot.api import Schedule as Schedule
    from schedbot.api import open as open

__version__ = "0.1.0"

API_NAMES = frozenset(
    [
        *("Acknowledgement", "Attempt", "Explanation", "Job", "Occurrence", "Plan", "PlannedSchedule"),
        *("QueuedJob", "Refusal", "Retry"),
        *("Schedbot", "Schedule", "open"),
    ]
)


if not TYPE_CHECKING:  # a type checker refuses names that are not declared above

    def __getattr__(name: str) -> object:
        """Load a name of the Python API (PEP 562): `import schedbot` alone loads nothing."""
        from importlib import import_module

        if name == "errors":
            return import_module("schedbot.errors")
        if name not in API_NAMES:
            raise AttributeError(f"module 'schedbot' has no attribute {name!r}")
        return getattr(import_module("schedbot.api"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *API_NAMES, "errors"})
