"""Part of the occurrences that `next` shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from schedbot import times
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Expression, Occurrence, Skips
from schedbot.errors import BadOption
from schedbot.model import Recurrence, Schedule


@dataclass(frozen=True, slots=True)
class Span:
    """Part of the occurrences to show: from and to as text, `count` for each schedule, `limit` in all."""

    from_: str
    to: str
    count: int
    limit: int | None

    def start(self, rule: Recurrence, now: int) -> int:
        """Return the instant after which occurrences are shown. An occurrence at --from itself is shown."""
        return times.parse_future(self.from_, times.zone(rule.tz), now) - 1 if self.from_ else now

    def upcoming(self, schedule: Schedule, now: int, skips: Skips) -> Iterator[Occurrence]:
        """Return the occurrences of a schedule in the span."""
        rule = schedule.recurrence
        return self.cut(occurrences.find_upcoming(schedule, self.start(rule, now), skips), rule, now)

    def cut(self, upcoming: Iterator[Occurrence], rule: Recurrence, now: int) -> Iterator[Occurrence]:
        """Return the occurrences up to --to. Raises BadInput if that is before the start."""
        end = self.end(rule, now)
        return upcoming if end is None else takewhile(lambda occurrence: occurrence.due_at <= end, upcoming)

    def end(self, rule: Recurrence, now: int) -> int | None:
        """Return the last instant to show; None: there is none. Raises BadInput if --to is before the start."""
        if not self.to:
            return None
        end = times.parse_future_end(self.to, times.zone(rule.tz), now)
        if end <= self.start(rule, now):
            start = f"'{self.from_}'" if self.from_ else "now"
            raise BadOption("to", f" '{self.to}' is before {start}.", "Use a later --to.")
        return end

    def of_expression(self, expression: Expression, now: int) -> Iterator[Occurrence]:
        """Return the occurrences of an expression in the span."""
        rule = expression.recurrence
        upcoming = islice(self.cut(expression.find_upcoming(self.start(rule, now)), rule, now), self.count)
        return islice(upcoming, self.limit)
