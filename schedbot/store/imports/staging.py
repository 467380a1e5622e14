"""Staged schedules: rows of temporary tables, which are written while no lock is held and vanish with the connection.

The values that many schedules share are one row of `staged_terms`.
"""

import json
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences
from schedbot.store.schedules import schedules as schedule_rows

OF_TERMS = (
    *("starts_at", "until_at", "count", "asked_until_at", "misfire", "grace_ms", "max_attempts", "priority"),
    *("on_unknown", "jitter_ms", "skip_holidays", "holiday_policy", "send_window", "outside", "blackout", "on_empty"),
    *("thread", "is_update", "username", "icon", "unfurl", "tz_from"),
)
RULE = ("kind", "expression", "tz", "holidays_before")
OF_SCHEDULE = ("workspace_id", "state", "reason", "state_by", "source")
TERMS = ("number", "first_due_at", *RULE, *OF_SCHEDULE, *OF_TERMS)

TABLES = ("staged_terms", "staged_schedules")

CREATE_TERMS = f"""
CREATE TEMP TABLE staged_terms (number INTEGER PRIMARY KEY, {", ".join(TERMS[1:])}, recurrence_id INTEGER)
"""

CREATE_SCHEDULES = """
CREATE TEMP TABLE staged_schedules (
  position INTEGER PRIMARY KEY, line, id, name, account, channel, report_kind, report_source, params, after, terms
)
"""

ADD_TERMS = f"INSERT INTO staged_terms ({', '.join(TERMS)}) VALUES ({', '.join(f':{name}' for name in TERMS)})"

ADD_SCHEDULES = f"INSERT INTO staged_schedules VALUES ({', '.join('?' * 11)})"


class StagedSchedule(NamedTuple):
    """A new schedule of a line. `params` and `after` are JSON, `terms` is the number of its shared values."""

    position: int
    line: int
    id: str
    name: str
    account: str
    channel: str
    report_kind: str
    report_source: str
    params: str
    after: str
    terms: int


class Stage:
    """Temporary tables of new schedules."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.numbers = count()
        self.end()
        db.stage_many(CREATE_TERMS, [()])
        db.stage_many(CREATE_SCHEDULES, [()])

    def add_terms(self, schedule: Schedule, first_due_at: int | None) -> int:
        """Stage the values that the schedule shares with others. Returns their number.

        `first_due_at`: first occurrence of the recurrence after now.
        """
        number = next(self.numbers)
        row = {
            **schedule_rows.version_to_row(schedule, 0, 0),
            **schedule_rows.to_row(schedule),
            **recurrences.to_row(schedule.recurrence),
            "number": number,
            "first_due_at": first_due_at,
        }
        self.db.stage_many(ADD_TERMS, [{name: row[name] for name in TERMS}])
        return number

    def end(self) -> None:
        """Give the room of the staged rows back."""
        for table in TABLES:
            self.db.stage_many(f"DROP TABLE IF EXISTS temp.{table}", [()])

    def add(self, rows: Sequence[StagedSchedule]) -> None:
        """Stage new schedules."""
        self.db.stage_many(ADD_SCHEDULES, rows)


def params_to_json(params: object) -> str:
    """Return the parameters of a report as the database has them."""
    return json.dumps(params, ensure_ascii=False) if params else "{}"
