"""Failures of the pool's steps: an unexpected error ends what it is about, is logged, and the pool goes on.

A step that fails pauses, longer each time in a row, so that the pool does not spin. After a minute of nothing but
failures of a step the pool gives up, so that a service manager can start one that may do better. Instants are steady
milliseconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import DatabaseUnusable, ProgramChanged, SchedbotError

FIRST_PAUSE_MS = 100
LONGEST_PAUSE_MS = 5_000
GIVE_UP_MS = 60_000
FORGET_MS = 20_000  # failures further apart are not a row; longer than any step's interval and pause


class StepKeepsFailing(SchedbotError):
    """A step of the pool did nothing but fail. The pool ends."""


@dataclass(slots=True)
class FailureRow:
    """Failures of one step in a row. `since`: the first; `not_before`: the end of the pause after the last."""

    since: int
    not_before: int
    pause_ms: int = 0

    def extend(self, now: int) -> None:
        """Add a failure, and lengthen the pause."""
        self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
        self.not_before = now + self.pause_ms


@dataclass(slots=True)
class StepFailures:
    """Rows of failures by step. `give_up_ms`: how long a row may last; `fatal`: the error of one that lasted longer."""

    give_up_ms: int = GIVE_UP_MS
    fatal: StepKeepsFailing | None = None
    _rows: dict[str, FailureRow] = field(default_factory=dict)

    def run(self, step: str, action: Callable[[], object]) -> None:
        """Run a step unless it pauses. Raises only what the whole pool has to know of."""
        if not self.allows(step):
            return
        try:
            action()
        except (DatabaseUnusable, ProgramChanged):
            raise
        except Exception as error:
            self.record(step, error)
        else:
            self.clear(step)

    def allows(self, step: str) -> bool:
        """May the step run, or does it pause?"""
        row = self._rows.get(step)
        return row is None or steady_ms() >= row.not_before

    def record(self, step: str, error: Exception) -> None:
        """Log a failure and begin the step's pause."""
        log.failure(step, error)
        now = steady_ms()
        row = self._rows.get(step)
        if row is None or now - row.not_before > FORGET_MS:
            row = self._rows[step] = FailureRow(now, now)
        row.extend(now)
        if now - row.since >= self.give_up_ms:
            self.fatal = StepKeepsFailing(
                f"The step '{step}' has failed for {(now - row.since) // 1000} s: {type(error).__name__}"
                f" at {log.find_place(error)}.",
                "Start 'schedbot work' again, unless a service manager does. If it fails again, report this as a bug.",
            )

    def clear(self, step: str) -> None:
        """End a row of failures: the step has succeeded."""
        self._rows.pop(step, None)

    def is_any_pausing(self) -> bool:
        """Does a step pause? What it left undone must not make the pool spin."""
        return any(not self.allows(step) for step in self._rows)
