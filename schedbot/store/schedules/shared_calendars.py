"""Shared calendars: send window and blackout dates for all schedules of an account or of a workspace.

A row exists only for an account or workspace with one of them. Statements that read a schedule's calendar include them
by the fragments below.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from schedbot.model import HolidayPolicy, OutsidePolicy, SendHours
from schedbot.rules.calendar import Calendar, drop_empty_hours
from schedbot.store.database import Database

# For statements with schedules as `s`: two reads of an index.
HAS_SHARED = """(EXISTS (SELECT 1 FROM calendars c WHERE c.account = s.account)
            OR EXISTS (SELECT 1 FROM calendars c WHERE c.workspace_id = s.workspace_id))"""

OF_ACCOUNT = """json((SELECT json_array('account ' || c.account, c.send_window, c.outside, c.blackout)
                        FROM calendars c WHERE c.account = s.account))"""

OF_WORKSPACE = """json((SELECT json_array('workspace ' || w.name, c.send_window, c.outside, c.blackout)
                          FROM calendars c JOIN workspaces w ON w.id = c.workspace_id
                         WHERE c.workspace_id = s.workspace_id))"""

# A schedule's whole calendar as one value; empty for none. `v` is its version.
CALENDAR = f"""
CASE WHEN v.skip_holidays = '' AND v.send_window = '' AND v.blackout = '' AND NOT {HAS_SHARED} THEN ''
     ELSE json_array(v.skip_holidays, v.holiday_policy, json_array('', v.send_window, v.outside, v.blackout),
                     {OF_ACCOUNT}, {OF_WORKSPACE}) END
"""

SHARED_HOURS = f"json_array({OF_ACCOUNT}, {OF_WORKSPACE})"

OF_SCHEDULE = f"SELECT {SHARED_HOURS} FROM (SELECT :account AS account, :workspace_id AS workspace_id) s"

HOURS = 'c.send_window AS "hours.window", c.outside AS "hours.outside", c.blackout AS "hours.blackout"'

ALL = f"""
SELECT c.account AS "owner.account", c.workspace_id AS "owner.workspace_id",
       coalesce(w.name, c.account) AS "owner.name", {HOURS},
       CASE WHEN c.account IS NULL THEN 'workspace ' || w.name ELSE 'account ' || c.account END AS "hours.owner",
       (SELECT count(*) FROM schedules s
         WHERE s.state <> 'removed' AND (s.account = c.account OR s.workspace_id = c.workspace_id)) AS schedules
  FROM calendars c LEFT JOIN workspaces w ON w.id = c.workspace_id
 ORDER BY c.account IS NULL, coalesce(w.name, c.account)
"""

INSERT = """
INSERT INTO calendars (account, workspace_id, send_window, outside, blackout)
VALUES (:account, :workspace_id, :window, :outside, :blackout)
"""

# Each combination of windows that a schedule of the owner has, with the first of these schedules by name.
COMBINATIONS = f"""
SELECT min(s.name) AS schedule, v.send_window, {OF_ACCOUNT} AS account_hours, {OF_WORKSPACE} AS workspace_hours
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.state <> 'removed' AND s.state <> 'finished' AND (s.account = :account OR s.workspace_id = :workspace_id)
 GROUP BY v.send_window, account_hours, workspace_hours
"""

OF_OWNER = "(account = :account OR workspace_id = :workspace_id)"


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """An account, or a workspace by its id; the other is None. `name` is for people."""

    name: str
    account: str | None = None
    workspace_id: str | None = None

    @property
    def label(self) -> str:
        """`account 42`, `workspace acme`."""
        return f"account {self.name}" if self.workspace_id is None else f"workspace {self.name}"

    @property
    def key(self) -> dict[str, str | None]:
        """Bindings of account and workspace."""
        return {"account": self.account, "workspace_id": self.workspace_id}


@dataclass(frozen=True, slots=True)
class SharedCalendar:
    """Send hours of an account or workspace, and the number of its schedules."""

    owner: CalendarOwner
    hours: SendHours
    schedules: int


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Send hours of a row."""

    hours: SendHours


@dataclass(frozen=True, slots=True)
class Combination:
    """A schedule's own send window, and the hours of its account and workspace as JSON."""

    schedule: str
    send_window: str
    account_hours: str | None
    workspace_hours: str | None


def parse_hours(fields: list[str]) -> SendHours:
    """Return the hours of a JSON list [owner, window, outside, blackout]."""
    owner, window, outside, blackout = fields
    return SendHours(owner, window, OutsidePolicy(outside), blackout)


def parse_shared(text: str) -> tuple[SendHours, ...]:
    """Return the hours in a value of SHARED_HOURS."""
    return () if text == "[null,null]" else tuple(map(parse_hours, filter(None, json.loads(text))))


@lru_cache(maxsize=8_192)
def parse_calendar(text: str) -> Calendar:
    """Return the calendar in a value of CALENDAR: an empty one for an empty text."""
    if not text:
        return Calendar()
    region, policy, *rows = json.loads(text)
    return Calendar(region, HolidayPolicy(policy), drop_empty_hours(*map(parse_hours, filter(None, rows))))


def of_schedule(db: Database, account: str, workspace_id: str) -> tuple[SendHours, ...]:
    """Return the hours of a schedule's account and workspace."""
    return parse_shared(db.text(OF_SCHEDULE, {"account": account, "workspace_id": workspace_id}))


def find(db: Database, owner: CalendarOwner) -> SendHours | None:
    """Return the hours of an account or workspace, or None."""
    sql = f'SELECT :label AS "hours.owner", {HOURS} FROM calendars c WHERE {OF_OWNER}'
    row = db.first(HoursRow, sql, {**owner.key, "label": owner.label})
    return row.hours if row else None


def list_all(db: Database) -> list[SharedCalendar]:
    """Return all shared calendars: those of accounts, then those of workspaces, by name."""
    return db.all(SharedCalendar, ALL)


def replace(db: Database, owner: CalendarOwner, hours: SendHours | None) -> None:
    """Write the hours of an account or workspace; None deletes them. Inside a transaction."""
    db.execute(f"DELETE FROM calendars WHERE {OF_OWNER}", owner.key)
    if hours is not None:
        row = {"window": hours.window, "outside": hours.outside, "blackout": hours.blackout}
        db.execute(INSERT, {**owner.key, **row})


def list_combinations(db: Database, owner: CalendarOwner) -> Iterator[tuple[str, tuple[SendHours, ...]]]:
    """Yield each combination of hours that schedules of the owner have, with the name of a schedule."""
    for row in db.each(Combination, COMBINATIONS, owner.key):
        shared = [parse_hours(json.loads(text)) for text in (row.account_hours, row.workspace_hours) if text]
        yield row.schedule, (SendHours("", row.send_window), *shared)
