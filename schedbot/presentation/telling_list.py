"""The table of schedules: of one that is on, when it is due; of one that is off, who stopped it, why and until when.

Where the terminal is narrow, IN falls away first, then long names and rules are cut, with a sign; a reason never is: it
goes on in the next line.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schedbot import times
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Skips
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import schedules, terminal
from schedbot.rules import recurrence

STYLES = {"active": "green", "paused": "yellow", "suspended": "red", "finished": "dim"}
WIDE = 110
LONGEST_ACCOUNT = 16
# Names longer than this give way to when it is due.
NAME = 20
# A rule that has less room than this needs that of IN.
RULE = 20
OFF = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)


class Due(NamedTuple):
    """When a schedule is due next, how soon that is, and by which rule; `off` instead where it is stopped.

    `words` say the rule at length, for where there is room.
    """

    next: str = ""
    soon: str = ""
    rule: str = ""
    words: str = ""
    off: str = ""


def table(found: Sequence[Schedule], now: int, dropped: Skips) -> None:
    """Print the table, with more columns on a wide terminal."""
    is_wide = terminal.width() >= WIDE
    names = ("NAME", "STATE", "ACCOUNT", "CHANNEL") if is_wide else ("NAME", "STATE")
    who = [first_columns(one)[: len(names)] for one in found]
    wide = [max(map(terminal.cells, column)) for column in zip(names, *who, strict=True)]
    room = terminal.width() - sum(wide[1:]) - min(wide[0], NAME) - 2 * len(wide)
    (head, *last), least = joined([due(one, now, dropped) for one in found], room)
    rows = [(*first, rest) for first, rest in zip(who, last, strict=True)]
    empty = "No schedule fits. 'schedbot add --help' says how to make one."
    terminal.table((*names, head), rows, empty, STYLES, wraps_from=least)


def first_columns(one: Schedule) -> tuple[str, ...]:
    return one.name, one.state.value, schedules.cut(one.account, LONGEST_ACCOUNT), one.terms.channel


def due(one: Schedule, now: int, dropped: Skips) -> Due:
    if one.state in OFF:
        return Due(off=schedules.why(one, now))
    due_at = occurrences.find_next_due(one, now, dropped)
    soon = ("-", "") if due_at is None else (schedules.local(one, due_at, now), times.format_relative(due_at, now)[3:])
    rule = one.recurrence
    if rule.once_at is not None:
        return Due(*soon, "once")
    return Due(*soon, rule.cron or recurrence.to_phrase(rule.rrule or ""), schedules.in_words(one))


def joined(due: list[Due], room: int) -> tuple[list[str], int]:
    """The last column with its head, and the cells that it must have: those of the longest line that is not to wrap."""
    lines = [Due("NEXT", "IN", "WHEN, OR WHY NOT"), *due]
    nexts, soons, rules = (max(len(line[place]) for line in lines) for place in range(3))
    has_soon = room - nexts - soons - 4 >= min(RULE, rules)
    told = [f"{one.next:<{nexts}}  " + (f"{one.soon:<{soons}}  " if has_soon else "") for one in lines]
    left = room - max(map(len, told))
    whole = [one.off or before + fitting(one, left) for before, one in zip(told, lines, strict=True)]
    return whole, max(len(line) for line, one in zip(whole, lines, strict=True) if not one.off)


def fitting(one: Due, room: int) -> str:
    """The rule in words, or as it is typed where these have no room."""
    return one.words if one.words and len(one.words) <= room else schedules.cut(one.rule, room)
