"""What is said for all schedules of an account, or of a workspace, of when may be posted: windows and blackouts.

A row is there only where something is said. Whatever reads a schedule's calendar takes these in by the fragments below.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from schedbot.model import HolidayPolicy, OutsidePolicy, SendHours
from schedbot.rules.calendar import Calendar, drop_empty_hours
from schedbot.store.database import Database, Row

# For statements with schedules as `s`: two looks into an index.
THERE = """(EXISTS (SELECT 1 FROM calendars c WHERE c.account = s.account)
            OR EXISTS (SELECT 1 FROM calendars c WHERE c.workspace_id = s.workspace_id))"""

OF_ACCOUNT = """json((SELECT json_array('account ' || c.account, c.send_window, c.outside, c.blackout)
                        FROM calendars c WHERE c.account = s.account))"""

OF_WORKSPACE = """json((SELECT json_array('workspace ' || w.name, c.send_window, c.outside, c.blackout)
                          FROM calendars c JOIN workspaces w ON w.id = c.workspace_id
                         WHERE c.workspace_id = s.workspace_id))"""

# All that is said of a schedule's calendar, as one value; empty where nothing is. `v` is its version.
CALENDAR = f"""
CASE WHEN v.skip_holidays = '' AND v.send_window = '' AND v.blackout = '' AND NOT {THERE} THEN ''
     ELSE json_array(v.skip_holidays, v.holiday_policy, json_array('', v.send_window, v.outside, v.blackout),
                     {OF_ACCOUNT}, {OF_WORKSPACE}) END
"""

BOTH = f"json_array({OF_ACCOUNT}, {OF_WORKSPACE})"

SHARED = f"SELECT {BOTH} FROM (SELECT :account AS account, :workspace_id AS workspace_id) s"

EVERY = """
SELECT c.account, c.workspace_id, coalesce(w.name, c.account), c.send_window, c.outside, c.blackout,
       (SELECT count(*) FROM schedules s
         WHERE s.state <> 'removed' AND (s.account = c.account OR s.workspace_id = c.workspace_id))
  FROM calendars c LEFT JOIN workspaces w ON w.id = c.workspace_id
 ORDER BY c.account IS NULL, 3
"""

PUT = """
INSERT INTO calendars (account, workspace_id, send_window, outside, blackout)
VALUES (:account, :workspace_id, :window, :outside, :blackout)
"""

# Each combination of windows that some schedule of these has to keep, with the schedule that is first by name.
COMBINED = f"""
SELECT min(s.name), v.send_window, {OF_ACCOUNT}, {OF_WORKSPACE}
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.state <> 'removed' AND s.state <> 'finished' AND (s.account = :account OR s.workspace_id = :workspace_id)
 GROUP BY 2, 3, 4
"""

MINE = "(account = :account OR workspace_id = :workspace_id)"


@dataclass(frozen=True, slots=True)
class Whose:
    """An account, or a workspace (by its id); the other one is None. `name` is what people call it."""

    name: str
    account: str | None = None
    workspace_id: str | None = None

    @property
    def words(self) -> str:
        """`account 42`, `workspace acme`."""
        return f"account {self.name}" if self.workspace_id is None else f"workspace {self.name}"

    @property
    def row(self) -> dict[str, str | None]:
        """As statements bind it."""
        return {"account": self.account, "workspace_id": self.workspace_id}


def hours(told: Row | list[str]) -> SendHours:
    """One row of (whose, window, outside, blackout)."""
    whose, window, outside, blackout = told
    return SendHours(whose, window, OutsidePolicy(outside), blackout)


def parsed(text: str) -> tuple[SendHours, ...]:
    """What a JSON list of such rows says; null stands for nothing said."""
    return () if text == "[null,null]" else tuple(map(hours, filter(None, json.loads(text))))


@lru_cache(maxsize=8_192)
def parse_calendar(text: str) -> Calendar:
    """Return the calendar that a value of CALENDAR holds: an empty one for an empty text."""
    if not text:
        return Calendar()
    region, policy, *rows = json.loads(text)
    return Calendar(region, HolidayPolicy(policy), drop_empty_hours(*map(hours, filter(None, rows))))


def of(db: Database, account: str, workspace_id: str) -> tuple[SendHours, ...]:
    """What is said for a schedule's account and for its workspace."""
    return parsed(db.value(SHARED, {"account": account, "workspace_id": workspace_id}))


def said(db: Database, whose: Whose) -> SendHours | None:
    """What is said for one of them, or None."""
    row = db.row(f"SELECT send_window, outside, blackout FROM calendars WHERE {MINE}", whose.row)
    return hours((whose.words, *row)) if row else None


def every(db: Database) -> Iterator[tuple[Whose, SendHours, int]]:
    """All that is said, each with the number of schedules that it holds for: accounts, then workspaces, by name."""
    for account, workspace_id, name, *told, schedules in db.rows(EVERY):
        whose = Whose(name, account, workspace_id)
        yield whose, hours((whose.words, *told)), schedules


def put(db: Database, whose: Whose, new: SendHours | None) -> None:
    """Let this be said, and nothing else; None: nothing. Inside a transaction."""
    db.execute(f"DELETE FROM calendars WHERE {MINE}", whose.row)
    if new is not None:
        told = {"window": new.window, "outside": new.outside, "blackout": new.blackout}
        db.execute(PUT, {**whose.row, **told})


def combined(db: Database, whose: Whose) -> Iterator[tuple[str, tuple[SendHours, ...]]]:
    """The hours that schedules of these have to keep together, each once, with a schedule's name."""
    for name, window, *shared in db.rows(COMBINED, whose.row):
        told = [hours(json.loads(one)) for one in shared if one is not None]
        yield name, (SendHours("", window), *told)
