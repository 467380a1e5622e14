"""Schedules and their versions. A version is never updated: a change writes the next one.

A name belongs to one schedule that is not removed. A removed schedule keeps its rows, and its name is free.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from schedbot.model import Schedule, ScheduleState
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences, shared_calendars, user_zones

OF_SCHEDULE = (
    *("id", "name", "account", "workspace_id", "version", "state", "reason", "state_by", "state_until"),
    *("effective_at", "source", "created_at"),
)
OF_VERSION = (
    *("channel", "starts_at", "until_at", "count", "asked_until_at", "misfire", "grace_ms", "max_attempts"),
    *("priority", "on_unknown", "jitter_ms", "skip_holidays", "holiday_policy", "outside", "blackout", "on_empty"),
    *("thread", "is_update", "username", "icon", "unfurl", "tz_from"),
)
COLUMNS = ",\n       ".join(
    [
        *(f's.{name} AS "schedule.{name}"' for name in OF_SCHEDULE),
        *(f'v.{name} AS "schedule.terms.{name}"' for name in OF_VERSION),
    ]
)

SELECT = f"""
SELECT {COLUMNS},
       w.name AS "schedule.workspace", v.send_window AS "schedule.terms.window",
       v.report_kind AS "schedule.terms.report.kind", v.report_source AS "schedule.terms.report.source",
       v.params AS "schedule.terms.report.params", {recurrences.rule_columns("schedule.recurrence")},
       {shared_calendars.SHARED_HOURS} AS shared
  FROM schedules s
  JOIN workspaces w ON w.id = s.workspace_id
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
"""

BY_NAME = SELECT + " WHERE s.name = :name AND s.state <> 'removed'"

BY_ID = SELECT + " WHERE s.id = :id"

MATCHING = (
    SELECT
    + """
 WHERE s.state <> 'removed'
   AND (:globs IS NULL OR EXISTS (SELECT 1 FROM json_each(:globs) g WHERE s.name GLOB g.value))
   AND (:states IS NULL OR s.state IN (SELECT value FROM json_each(:states)))
   AND (:account IS NULL OR s.account = :account)
   AND (:workspace IS NULL OR w.name = :workspace)
   AND (:channels IS NULL OR v.channel IN (SELECT value FROM json_each(:channels)))
   AND (:tz IS NULL OR r.tz = :tz)
 ORDER BY s.name
"""
)

COUNT_MATCHING = """
SELECT count(*)
  FROM schedules s
  JOIN workspaces w ON w.id = s.workspace_id
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.state <> 'removed'
   AND (:globs IS NULL OR EXISTS (SELECT 1 FROM json_each(:globs) g WHERE s.name GLOB g.value))
   AND (:states IS NULL OR s.state IN (SELECT value FROM json_each(:states)))
   AND (:account IS NULL OR s.account = :account)
   AND (:workspace IS NULL OR w.name = :workspace)
   AND (:channels IS NULL OR v.channel IN (SELECT value FROM json_each(:channels)))
   AND (:tz IS NULL OR r.tz = :tz)
"""

# Few enough to be compared one by one.
SIMILAR = """
SELECT name FROM schedules
 WHERE state <> 'removed' AND name >= :from AND name < :to
 ORDER BY name LIMIT 2000
"""

NAMES_FROM = """
SELECT name FROM schedules
 WHERE state <> 'removed' AND name >= :prefix AND substr(name, 1, length(:prefix)) = :prefix
 ORDER BY name LIMIT :limit
"""

INSERT = """
INSERT INTO schedules (id, name, account, workspace_id, recurrence_id, version, state, reason, state_by, paused_at,
                       state_until, effective_at, source, created_at)
VALUES (:id, :name, :account, :workspace_id, :recurrence_id, :version, :state, :reason, :state_by,
        CASE WHEN :state = 'paused' THEN :created_at END, :state_until, :effective_at, :source, :created_at)
"""

INSERT_VERSION = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, params,
                               starts_at, until_at, count, asked_until_at, misfire, grace_ms, max_attempts, priority,
                               on_unknown, jitter_ms, skip_holidays, holiday_policy, send_window, outside, blackout,
                               on_empty, thread, is_update, username, icon, unfurl, tz_from, created_at)
VALUES (:id, :version, :recurrence_id, :channel, :report_kind, :report_source, :params, :starts_at, :until_at, :count,
        :asked_until_at, :misfire, :grace_ms, :max_attempts, :priority, :on_unknown, :jitter_ms, :skip_holidays,
        :holiday_policy, :send_window, :outside, :blackout, :on_empty, :thread, :is_update, :username, :icon, :unfurl,
        :tz_from, :created_at)
"""

# The version is in the WHERE, because another process may have changed the schedule since it was read.
UPDATE = """
UPDATE schedules
   SET name = :name, account = :account, workspace_id = :workspace_id, recurrence_id = :recurrence_id,
       version = :version, state = :state, reason = :reason, state_by = :state_by, state_until = :state_until,
       paused_at = CASE WHEN :state = 'paused' THEN coalesce(paused_at, :now) END,
       ended_pause = CASE WHEN state = :state THEN ended_pause END,
       effective_at = :effective_at
 WHERE id = :id AND version = :version - 1 AND state <> 'removed'
"""

UPDATE_STATE = """
UPDATE schedules
   SET state = :state, reason = :reason, state_by = :state_by, state_until = :state_until,
       paused_at = CASE WHEN :state = 'paused' THEN :now END, ended_pause = NULL, effective_at = :effective_at
 WHERE id = :id AND state <> 'removed'
"""


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    """Selected schedules; None, or an empty sequence, selects all. `globs` are those of SQLite: `*`, `?`, `[a-z]`."""

    globs: Sequence[str] = ()
    states: Sequence[ScheduleState] = ()
    account: str | None = None
    workspace: str | None = None
    channels: Sequence[str] = ()
    tz: str | None = None

    @property
    def bindings(self) -> dict[str, str | None]:
        """Values for the statements."""
        return {
            "globs": json.dumps(list(self.globs)) if self.globs else None,
            "states": json.dumps(list(self.states)) if self.states else None,
            "account": self.account,
            "workspace": self.workspace,
            "channels": json.dumps(list(self.channels)) if self.channels else None,
            "tz": self.tz,
        }


ALL_SCHEDULES = ScheduleFilter()


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A row of SELECT: the schedule, and the hours of its account and workspace as JSON."""

    schedule: Schedule
    shared: str

    def to_schedule(self) -> Schedule:
        """Return the schedule with these hours."""
        hours = shared_calendars.parse_shared(self.shared)
        return replace(self.schedule, shared_hours=hours) if hours else self.schedule


def by_name(db: Database, name: str) -> Schedule | None:
    """Return the schedule of that name that is not removed, or None."""
    row = db.first(ScheduleRow, BY_NAME, {"name": name})
    return row.to_schedule() if row else None


def is_name_taken(db: Database, name: str) -> bool:
    """Does a schedule that is not removed have that name? Cheaper than to read it."""
    return db.is_true("SELECT 1 FROM schedules WHERE name = :name AND state <> 'removed'", {"name": name})


def by_id(db: Database, schedule_id: str) -> Schedule:
    """Return the schedule, removed or not. Raises LookupError for an unknown id."""
    row = db.first(ScheduleRow, BY_ID, {"id": schedule_id})
    if row is None:
        raise LookupError(f"schedule {schedule_id}")
    return row.to_schedule()


def list_matching(db: Database, selection: ScheduleFilter = ALL_SCHEDULES) -> Iterator[Schedule]:
    """Yield the selected schedules that are not removed, by name."""
    return (row.to_schedule() for row in db.each(ScheduleRow, MATCHING, selection.bindings))


def count_matching(db: Database, selection: ScheduleFilter = ALL_SCHEDULES) -> int:
    """Return the number of selected schedules that are not removed."""
    return db.integer(COUNT_MATCHING, selection.bindings)


def similar_names(db: Database, name: str) -> list[str]:
    """Return names of schedules that are not removed and begin with the same letter."""
    first = name[:1]
    names: set[str] = set()
    for letter in {first, first.lower(), first.upper()}:
        if len(letter) == 1:
            names.update(db.texts(SIMILAR, {"from": letter, "to": chr(min(ord(letter) + 1, 0x10FFFF))}))
    return sorted(names)


def names_from(db: Database, prefix: str, limit: int) -> list[str]:
    """Return the first names of schedules that are not removed and begin with `prefix`, in order."""
    return db.texts(NAMES_FROM, {"prefix": prefix, "limit": limit})


def insert(db: Database, new: Schedule, recurrence_id: int) -> None:
    """Write a new schedule with the id of its recurrence. Inside a transaction."""
    db.execute(INSERT, {**to_row(new), "recurrence_id": recurrence_id, "created_at": new.created_at})
    db.execute(INSERT_VERSION, version_to_row(new, recurrence_id, new.created_at))
    user_zones.add_user_of(db, new, new.created_at)


def update(db: Database, changed: Schedule, recurrence_id: int, now: int) -> bool:
    """Write the schedule and its next version. Returns False if it was changed meanwhile. Inside a transaction."""
    if db.execute(UPDATE, {**to_row(changed), "recurrence_id": recurrence_id, "now": now}) != 1:
        return False
    db.execute(INSERT_VERSION, version_to_row(changed, recurrence_id, now))
    user_zones.add_user_of(db, changed, now)
    return True


def update_state(db: Database, changed: Schedule, now: int) -> bool:
    """Write the state, with its reason, person and end, and effective_at. Returns False for a removed schedule."""
    return db.execute(UPDATE_STATE, state_row(changed, now)) == 1


def state_row(schedule: Schedule, now: int) -> dict[str, str | int | None]:
    """Return the values for a statement that writes the state."""
    columns = ("id", "state", "reason", "state_by", "state_until", "effective_at")
    return {"now": now, **{name: value for name, value in to_row(schedule).items() if name in columns}}


def to_row(schedule: Schedule) -> dict[str, str | int | None]:
    return {
        "id": schedule.id,
        "name": schedule.name,
        "account": schedule.account,
        "workspace_id": schedule.workspace_id,
        "version": schedule.version,
        "state": schedule.state,
        "reason": schedule.reason,
        "state_by": schedule.state_by,
        "state_until": schedule.state_until,
        "effective_at": schedule.effective_at,
        "source": schedule.source,
    }


def version_to_row(schedule: Schedule, recurrence_id: int, now: int) -> dict[str, str | int | None]:
    terms = schedule.terms
    return {
        "id": schedule.id,
        "version": schedule.version,
        "recurrence_id": recurrence_id,
        "channel": terms.channel,
        "report_kind": terms.report.kind,
        "report_source": terms.report.source,
        "params": json.dumps(dict(terms.report.params), ensure_ascii=False) if terms.report.params else "{}",
        "starts_at": terms.starts_at,
        "until_at": terms.until_at,
        "count": terms.count,
        "asked_until_at": terms.asked_until_at,
        "misfire": terms.misfire,
        "grace_ms": terms.grace_ms,
        "max_attempts": terms.max_attempts,
        "priority": terms.priority,
        "on_unknown": terms.on_unknown,
        "jitter_ms": terms.jitter_ms,
        "skip_holidays": terms.skip_holidays,
        "holiday_policy": terms.holiday_policy,
        "send_window": terms.window,
        "outside": terms.outside,
        "blackout": terms.blackout,
        "on_empty": terms.on_empty,
        "thread": terms.thread,
        "is_update": int(terms.is_update),
        "username": terms.username,
        "icon": terms.icon,
        "unfurl": int(terms.unfurl),
        "tz_from": terms.tz_from,
        "created_at": now,
    }


def recurrence_id(db: Database, schedule_id: str) -> int:
    """Return the id of a schedule's recurrence."""
    return db.integer("SELECT recurrence_id FROM schedules WHERE id = :id", {"id": schedule_id})
