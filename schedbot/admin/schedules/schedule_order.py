"""Order of the schedules of a listing."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from schedbot import times
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Skips
from schedbot.errors import BadOption
from schedbot.model import Schedule
from schedbot.store.history.last_results import LastResult

Results = Callable[[Iterable[Schedule]], dict[str, LastResult]]
COLUMNS = ("name", "state", "last", "account", "channel", "next", "workspace", "tz")


def parse_order(text: str) -> tuple[str, bool]:
    """Return the column of `next` or `-next`, and whether the order is reversed. Raises BadInput."""
    column = text.lower().removeprefix("-")
    if column in COLUMNS:
        return column, text.startswith("-")
    near = get_close_matches(column, COLUMNS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The columns are {', '.join(COLUMNS)}; '-next' reverses."
    raise BadOption("sort", f": unknown column {times.quote(text)}.", hint)


def sort(schedules: Iterable[Schedule], order: str, now: int, dropped: Skips, results: Results) -> list[Schedule]:
    """Return the schedules in an order; those without a value come last, and equal ones are in order of their names.

    `results` returns the last results of schedules; the newest result comes first. Raises BadInput.
    """
    column, is_reversed = parse_order(order)
    by_name = list(schedules)
    last = results(by_name) if column == "last" else {}

    def value(schedule: Schedule) -> str | int | None:
        match column:
            case "next":
                return occurrences.find_next_due(schedule, now, dropped)
            case "last":
                return -last[schedule.id].due_at if schedule.id in last else None
            case "channel":
                return schedule.terms.channel
            case "tz":
                return schedule.recurrence.tz
            case _:
                return str(getattr(schedule, column)) or None

    values = {schedule.id: value(schedule) for schedule in by_name}
    with_value = [schedule for schedule in by_name if values[schedule.id] is not None]
    without = [schedule for schedule in by_name if values[schedule.id] is None]
    return [*sorted(with_value, key=lambda schedule: values[schedule.id], reverse=is_reversed), *without]  # type: ignore[arg-type,return-value]
