"""`schedbot next --changes`: which schedules a coming clock change touches, and what it does to each."""

from collections.abc import Iterable
from functools import lru_cache

from schedbot import times
from schedbot.model import Recurrence, Schedule
from schedbot.presentation import terminal
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChange


def show(meant: Iterable[Schedule], now: int, until: int, json: bool) -> None:
    """Print them by time, as lines for people or as objects: `at` is the instant of the clock change."""
    found = sorted(
        ((change, one) for one in meant for change in touching(one.recurrence, now, until)),
        key=lambda pair: (pair[0].at, pair[1].name),
    )
    if json:
        terminal.json_lines(map(json_object, found))
        return
    for change, one in found:
        terminal.say(f"{one.name}: {recurrence.describe_clock_change(change, one.recurrence.tz)}")
    if not found:
        terminal.note("No clock change touches a schedule in that time.")


@lru_cache(maxsize=8_192)
def touching(rule: Recurrence, after: int, until: int) -> tuple[ClockChange, ...]:
    """The clock changes that touch a recurrence; many schedules share one."""
    return tuple(recurrence.clock_changes(rule, after, until))


def json_object(found: tuple[ClockChange, Schedule]) -> dict[str, str | None]:
    change, one = found
    zone = times.zone(one.recurrence.tz)
    return {
        "schedule": one.name,
        "cron": one.recurrence.cron,
        "tz": one.recurrence.tz,
        "at": times.to_rfc3339(change.at),
        "local_before": times.to_local_rfc3339_before_change(change.at, zone),
        "local": times.to_local_rfc3339(change.at, zone),
        "effect": change.effect.value,
    }
