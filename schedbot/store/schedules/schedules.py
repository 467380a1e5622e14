"""Schedules as they stand, and their versions: a version is never updated, a change writes the next one.

A name belongs to one schedule that is not removed; a removed schedule keeps its rows, and its name is free.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import (
    HolidayPolicy,
    MisfirePolicy,
    OutsidePolicy,
    Priority,
    Report,
    Schedule,
    ScheduleState,
    Terms,
    UnknownPolicy,
)
from schedbot.store.database import Database, Row
from schedbot.store.schedules import recurrences, shared_calendars, user_zones

SELECT = f"""
SELECT s.id, s.name, s.account, s.workspace_id, w.name, s.version, s.state, s.reason, s.state_by, s.state_until,
       s.effective_at, s.created_at, r.kind, r.expression, r.tz, r.holidays_before, v.channel, v.report_kind,
       v.report_source, v.params, v.starts_at, v.until_at, v.count, v.asked_until_at, v.misfire, v.grace_ms,
       v.max_attempts, v.priority, v.on_unknown, v.jitter_ms, v.skip_holidays, v.holiday_policy, v.send_window,
       v.outside, v.blackout, v.tz_from, {shared_calendars.BOTH}
  FROM schedules s
  JOIN workspaces w ON w.id = s.workspace_id
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
"""

BY_NAME = SELECT + " WHERE s.name = :name AND s.state <> 'removed'"

BY_ID = SELECT + " WHERE s.id = :id"

NAMED_LIKE = (
    SELECT
    + """
 WHERE s.state <> 'removed'
   AND (:globs IS NULL OR EXISTS (SELECT 1 FROM json_each(:globs) g WHERE s.name GLOB g.value))
   AND (:states IS NULL OR s.state IN (SELECT value FROM json_each(:states)))
   AND (:account IS NULL OR s.account = :account)
   AND (:workspace IS NULL OR w.name = :workspace)
 ORDER BY s.name
"""
)

COUNT_LIKE = """
SELECT count(*)
  FROM schedules s JOIN workspaces w ON w.id = s.workspace_id
 WHERE s.state <> 'removed'
   AND (:globs IS NULL OR EXISTS (SELECT 1 FROM json_each(:globs) g WHERE s.name GLOB g.value))
   AND (:states IS NULL OR s.state IN (SELECT value FROM json_each(:states)))
   AND (:account IS NULL OR s.account = :account)
   AND (:workspace IS NULL OR w.name = :workspace)
"""

# Names that may have been meant: those that begin alike, and few enough to be compared one by one.
NEAR = """
SELECT name FROM schedules
 WHERE state <> 'removed' AND name >= :from AND name < :to
 ORDER BY name LIMIT 2000
"""

INSERT = """
INSERT INTO schedules (id, name, account, workspace_id, recurrence_id, version, state, reason, state_by, paused_at,
                       state_until, effective_at, created_at)
VALUES (:id, :name, :account, :workspace_id, :recurrence_id, :version, :state, :reason, :state_by,
        CASE WHEN :state = 'paused' THEN :created_at END, :state_until, :effective_at, :created_at)
"""

INSERT_VERSION = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, params,
                               starts_at, until_at, count, asked_until_at, misfire, grace_ms, max_attempts, priority,
                               on_unknown, jitter_ms, skip_holidays, holiday_policy, send_window, outside, blackout,
                               tz_from, created_at)
VALUES (:id, :version, :recurrence_id, :channel, :report_kind, :report_source, :params, :starts_at, :until_at, :count,
        :asked_until_at, :misfire, :grace_ms, :max_attempts, :priority, :on_unknown, :jitter_ms, :skip_holidays,
        :holiday_policy, :send_window, :outside, :blackout, :tz_from, :created_at)
"""

# The version in the WHERE: somebody else may have changed it since it was read.
TURN_TO_VERSION = """
UPDATE schedules
   SET name = :name, account = :account, workspace_id = :workspace_id, recurrence_id = :recurrence_id,
       version = :version, state = :state, reason = :reason, state_by = :state_by, state_until = :state_until,
       paused_at = CASE WHEN :state = 'paused' THEN coalesce(paused_at, :now) END, effective_at = :effective_at
 WHERE id = :id AND version = :version - 1 AND state <> 'removed'
"""

UPDATE_STATE = """
UPDATE schedules
   SET state = :state, reason = :reason, state_by = :state_by, state_until = :state_until,
       paused_at = CASE WHEN :state = 'paused' THEN :now END, effective_at = :effective_at
 WHERE id = :id AND state <> 'removed'
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which schedules are meant; what is None, or empty, does not narrow. `globs` are SQLite's: `*`, `?`, `[a-z]`."""

    globs: Sequence[str] = ()
    states: Sequence[ScheduleState] = ()
    account: str | None = None
    workspace: str | None = None


EVERY = Filters()


def schedule(row: Row) -> Schedule:
    """One row of SELECT as the noun."""
    return Schedule(
        id=row[0],
        name=row[1],
        account=row[2],
        workspace_id=row[3],
        workspace=row[4],
        version=row[5],
        state=ScheduleState(row[6]),
        reason=row[7],
        state_by=row[8],
        state_until=row[9],
        effective_at=row[10],
        created_at=row[11],
        shared=shared_calendars.parsed(row[-1]),
        recurrence=recurrences.rule_of(*row[12:16]),
        terms=terms_of(row[16:-1]),
    )


def terms_of(row: Row) -> Terms:
    channel, report_kind, source, params, starts_at, until_at, count, asked_until_at, misfire, grace_ms, *more = row
    max_attempts, priority, on_unknown, jitter_ms, holidays, holiday_policy, window, outside, blackout, tz_from = more
    return Terms(
        channel=channel,
        report=Report(report_kind, source, {} if params == "{}" else json.loads(params)),
        starts_at=starts_at,
        until_at=until_at,
        count=count,
        asked_until_at=asked_until_at,
        misfire=MisfirePolicy(misfire),
        grace_ms=grace_ms,
        max_attempts=max_attempts,
        priority=Priority(priority),
        on_unknown=UnknownPolicy(on_unknown),
        jitter_ms=jitter_ms,
        skip_holidays=holidays,
        holiday_policy=HolidayPolicy(holiday_policy),
        window=window,
        outside=OutsidePolicy(outside),
        blackout=blackout,
        tz_from=tz_from,
    )


def by_name(db: Database, name: str) -> Schedule | None:
    """The schedule of that name that is not removed, or None."""
    row = db.row(BY_NAME, {"name": name})
    return schedule(row) if row else None


def is_taken(db: Database, name: str) -> bool:
    """Does a schedule that is not removed have that name? Cheaper than to read it whole."""
    return bool(db.value("SELECT 1 FROM schedules WHERE name = :name AND state <> 'removed'", {"name": name}))


def by_id(db: Database, number: str) -> Schedule:
    """The schedule with that UUID, removed or not. Raises LookupError for one that was never given."""
    row = db.row(BY_ID, {"id": number})
    if row is None:
        raise LookupError(f"schedule {number}")
    return schedule(row)


def named_like(db: Database, filters: Filters = EVERY) -> Iterator[Schedule]:
    """The schedules that are not removed and fit, by name, one by one."""
    return map(schedule, db.stream(NAMED_LIKE, bound(filters)))


def count_like(db: Database, filters: Filters = EVERY) -> int:
    """How many schedules that are not removed fit."""
    return int(db.value(COUNT_LIKE, bound(filters)))


def bound(filters: Filters) -> dict[str, str | None]:
    return {
        "globs": json.dumps(list(filters.globs)) if filters.globs else None,
        "states": json.dumps(list(filters.states)) if filters.states else None,
        "account": filters.account,
        "workspace": filters.workspace,
    }


def names_near(db: Database, name: str) -> list[str]:
    """Names that begin like `name`, to find the one that was meant."""
    first = name[:1]
    found: set[str] = set()
    for letter in {first, first.lower(), first.upper()}:
        if len(letter) == 1:
            rows = db.rows(NEAR, {"from": letter, "to": chr(min(ord(letter) + 1, 0x10FFFF))})
            found.update(row[0] for row in rows)
    return sorted(found)


def insert(db: Database, new: Schedule, recurrence_id: int) -> None:
    """Write a new schedule and its first version. Inside a transaction."""
    insert_all(db, [(new, recurrence_id)])


def insert_all(db: Database, new: Sequence[tuple[Schedule, int]]) -> None:
    """Write new schedules, each with the id of its recurrence. Inside a transaction."""
    db.execute_many(
        INSERT,
        [{**standing(one), "recurrence_id": number, "created_at": one.created_at} for one, number in new],
    )
    db.execute_many(INSERT_VERSION, [version_row(one, number, one.created_at) for one, number in new])
    for one, _ in new:
        user_zones.keep(db, one, one.created_at)


def insert_version(db: Database, changed: Schedule, recurrence_id: int, now: int) -> None:
    """Write what `changed.version` says. Inside a transaction."""
    db.execute(INSERT_VERSION, version_row(changed, recurrence_id, now))
    user_zones.keep(db, changed, now)


def version_row(changed: Schedule, recurrence_id: int, now: int) -> dict[str, str | int | None]:
    terms = changed.terms
    return {
        "id": changed.id,
        "version": changed.version,
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
        "tz_from": terms.tz_from,
        "created_at": now,
    }


def turn_to_version(db: Database, changed: Schedule, recurrence_id: int, now: int) -> bool:
    """Write the next version and let the schedule stand as `changed`. False: it was changed meanwhile."""
    if db.execute(TURN_TO_VERSION, {**standing(changed), "recurrence_id": recurrence_id, "now": now}) != 1:
        return False
    insert_version(db, changed, recurrence_id, now)
    return True


def update_state(db: Database, changed: Schedule, now: int) -> bool:
    """Write the state of `changed`, with reason, who, until when, and effective_at. False for one that is removed."""
    row = standing(changed)
    wanted = ("id", "state", "reason", "state_by", "state_until", "effective_at")
    return db.execute(UPDATE_STATE, {**{name: row[name] for name in wanted}, "now": now}) == 1


def standing(one: Schedule) -> dict[str, str | int | None]:
    return {
        "id": one.id,
        "name": one.name,
        "account": one.account,
        "workspace_id": one.workspace_id,
        "version": one.version,
        "state": one.state,
        "reason": one.reason,
        "state_by": one.state_by,
        "state_until": one.state_until,
        "effective_at": one.effective_at,
    }


def recurrence_id(db: Database, number: str) -> int:
    """The id of a schedule's recurrence."""
    return int(db.value("SELECT recurrence_id FROM schedules WHERE id = :id", {"id": number}))
