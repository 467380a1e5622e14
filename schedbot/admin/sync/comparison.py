"""Compare a record of a sync with its schedule: the columns whose values differ.

Rule: a schedule is as `add` would make it of its record, so an absent column has its default. One exception: without a
value in the column `paused`, a schedule stays paused or active, so that a gap in a table resumes nobody. Values are
compared, not spellings, and an instant or an end that is past by now is no error while it stays the same.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schedbot import times
from schedbot.admin.fields import parsers, report_fields, timing
from schedbot.admin.fields.parsers import BadField, Fields, parse, parse_optional
from schedbot.admin.fields.schedule_fields import DEFAULTS, text_or
from schedbot.admin.schedules import serialize
from schedbot.model import Recurrence, Schedule
from schedbot.reports.definitions import Definitions
from schedbot.slack.user_ids import is_user_zone

Cells = Mapping[str, str]
TIMING = ("tz", *timing.TIME_COLUMNS, *timing.BOUND_COLUMNS)
REPORT = ("text", "report", "params")
INSTANTS = ("at", "starts", "until")
FIXED = re.compile(r"\d{4}-\d\d-\d\d.*|none|", re.IGNORECASE | re.DOTALL)
DEFAULT_SCHEDULE = Schedule(
    id="", name="", account="", workspace_id="", workspace="default", recurrence=Recurrence(""), terms=DEFAULTS
)
DEFAULT_VALUES = {**serialize.to_columns(DEFAULT_SCHEDULE), "text": None}


def find_differences(cells: Cells, before: Schedule, now: int, definitions: Definitions) -> dict[str, str]:
    """Return the cells whose values may differ from those of the schedule. Raises BadField."""
    values = serialize.to_columns(before)
    different = find_different_cells(cells, values)
    if not different.keys().isdisjoint(TIMING):
        refuse_relative(cells)
        is_same = has_same_timing(cells, before, now)
        for column in TIMING:
            different.pop(column, None)
            if not is_same:
                different[column] = cells.get(column, "")
    if not different.keys().isdisjoint(REPORT):
        if not (cells.get("text") or cells.get("report")):
            report_fields.parse_report(cells, None, definitions)  # raises the error of a missing message
        different.update((column, cells.get(column, "")) for column in REPORT)
    return different


def find_different_cells(cells: Cells, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells that are spelled differently from the present values. An empty one is the default."""
    different = {}
    for column, value in values.items():
        text = cells.get(column)
        if text:
            if text != value and (
                value is None or isinstance(value, str) or text != json.dumps(value, ensure_ascii=False)
            ):
                different[column] = text
        elif value != DEFAULT_VALUES[column] and column != "paused":
            different[column] = ""
    return different


def refuse_relative(cells: Fields) -> None:
    """Raise BadField for an instant that moves with the present: a sync would change the schedule each time."""
    for column in INSTANTS:
        text = cells.get(column) or ""
        if not FIXED.fullmatch(text):
            problem = f"{times.quote(text)} is another instant at each sync."
            raise BadField(column, problem, "Write a date and a time: 2026-12-01 09:00")


def has_same_timing(cells: Cells, before: Schedule, now: int) -> bool:
    """Do recurrence, start and end of the cells equal those of the schedule? Raises BadField."""
    rule, terms = replace(before.recurrence, before_holidays=""), before.terms
    tz = find_zone(cells, before)
    if tz != rule.tz or not is_same_rule({**cells, "tz": tz}, rule, now):
        return False
    return (
        parse_optional(cells, "starts", lambda text: parsers.parse_start(text, tz, now), None, None) == terms.starts_at
        and parse_optional(cells, "until", lambda text: parsers.parse_end(text, tz, now), None, None)
        == terms.asked_until_at
        and parse_optional(cells, "count", timing.COUNT, None, None) == terms.count
    )


def find_zone(cells: Cells, before: Schedule) -> str:
    """Return the time zone of the cells; '' for that of another Slack user, which is not known yet. Raises BadField."""
    tz = cells.get("tz", "")
    if not is_user_zone(tz):
        return timing.parse_tz(tz)
    workspace = text_or(cells, "workspace", "") or "default"
    return before.recurrence.tz if (tz, workspace) == (before.terms.tz_from, before.workspace) else ""


def is_same_rule(cells: Cells, rule: Recurrence, now: int) -> bool:
    """Is the recurrence of the cells this rule? An instant may be past. Raises BadField."""
    if cells.get("at") and not (cells.get("cron") or cells.get("every")):
        at = parse("at", lambda text: parsers.parse_instant(text, cells["tz"], now), cells["at"])
        return rule.once_at == -(-at // 1000) * 1000
    if not any(cells.get(column) for column in timing.TIME_COLUMNS):
        timing.parse_recurrence(cells, now)  # raises the error of a missing time
    return timing.parse_recurrence(cells, now, rule) == rule
