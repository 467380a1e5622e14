"""Table of `schedbot list`.

It fits the terminal: where it is narrow, the IN column goes first, then long names and rules are cut. The reason of a
stopped schedule is never cut: it wraps. The rules are all in words, or all as they were typed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schedbot import times
from schedbot.admin.schedules import occurrences, serialize
from schedbot.admin.schedules.occurrences import Skips
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import jobs, output, text_width
from schedbot.presentation.schedules import describe_stop, local_time
from schedbot.rules import recurrence
from schedbot.store.history.last_results import LastResult

STYLES = {"active": "green", "paused": "yellow", "suspended": "red", "finished": "dim", **jobs.STYLES}
STOPPED = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
# From this width on, the table shows accounts and channels.
WIDE = 110
MAX_ACCOUNT = 16
# Longer names are cut before the next occurrence is.
MIN_NAME = 20
# A rule with less room takes the room of IN.
MIN_RULE = 20
EMPTY = "No schedule matches. 'schedbot add --help' shows how to add one."


class DetailCells(NamedTuple):
    """Last column of the table: next occurrence, time until then and rule, or `stop` for a stopped schedule.

    `meaning` is the rule in words, for a wide terminal.
    """

    next: str = ""
    wait: str = ""
    rule: str = ""
    meaning: str = ""
    stop: str = ""


def print_table(schedules: Sequence[Schedule], results: Mapping[str, LastResult], now: int, dropped: Skips) -> None:
    """Print the table of schedules, with more columns on a wide terminal. `results` are by schedule id."""
    is_wide = output.width() >= WIDE
    heads = ("NAME", "STATE", "LAST", "ACCOUNT", "CHANNEL") if is_wide else ("NAME", "STATE", "LAST")
    accounts = text_width.shorten_names((schedule.account for schedule in schedules), MAX_ACCOUNT)
    first_cells = []
    for schedule in schedules:
        last = results[schedule.id].state.value if schedule.id in results else "-"
        cells = (schedule.name, schedule.state.value, last, accounts[schedule.account], schedule.terms.channel)
        first_cells.append(cells[: len(heads)])
    widths = [max(map(output.cells, column)) for column in zip(heads, *first_cells, strict=True)]
    room = output.width() - sum(widths[1:]) - min(widths[0], MIN_NAME) - 2 * len(widths)
    details = [detail_cells(schedule, now, dropped) for schedule in schedules]
    (head, *last_cells), min_width = join_details(details, room)
    rows = [(*first, last) for first, last in zip(first_cells, last_cells, strict=True)]
    output.table((*heads, head), rows, EMPTY, STYLES, wraps_from=min_width)


def detail_cells(schedule: Schedule, now: int, dropped: Skips) -> DetailCells:
    if schedule.state in STOPPED:
        return DetailCells(stop=describe_stop(schedule, now))
    due_at = occurrences.find_next_due(schedule, now, dropped)
    soon = ("-", "") if due_at is None else (local_time(schedule, due_at, now), times.format_relative(due_at, now)[3:])
    rule = schedule.recurrence
    if rule.once_at is not None:
        return DetailCells(*soon, "once", "once")
    return DetailCells(*soon, rule.cron or recurrence.to_phrase(rule.rrule or ""), serialize.describe_rule(schedule))


def join_details(details: list[DetailCells], room: int) -> tuple[list[str], int]:
    """Return the last column with its head, and the width of its longest line that must not wrap."""
    head = "SCHEDULE / DETAIL"
    lines = [DetailCells("NEXT", "IN", head, head), *details]
    nexts, waits, rules = (max(len(line[place]) for line in lines) for place in range(3))
    has_wait = room - nexts - waits - 4 >= min(MIN_RULE, rules)
    starts = [f"{line.next:<{nexts}}  " + (f"{line.wait:<{waits}}  " if has_wait else "") for line in lines]
    left = room - max(map(len, starts))
    has_words = all(output.cells(line.meaning) <= left for line in lines)
    rules_shown = [line.meaning if has_words else output.cut(line.rule, left) for line in lines]
    shown = zip(lines, starts, rules_shown, strict=True)
    texts = [line.stop or start + rule for line, start, rule in shown]
    return texts, max(len(text) for text, line in zip(texts, lines, strict=True) if not line.stop)
