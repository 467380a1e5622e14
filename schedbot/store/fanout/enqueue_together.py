"""Enqueue the occurrences of many recurrences by one statement: recurrences with one due occurrence, on time.

A recurrence that is late, has several due occurrences, or has a schedule with a calendar is enqueued by itself
(`enqueue_due`), with the same rows as a result. Instants are UTC milliseconds.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from schedbot.model import ScheduleState
from schedbot.rules import misfire
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.fanout.insert_jobs import (
    ENQUEUE_AGAIN,
    ENQUEUED_AGAIN,
    JITTER,
    NOT_IN_A_SPAN,
    QUEUED,
    RANK,
    Counts,
)
from schedbot.store.schedules.recurrences import StoredRecurrence
from schedbot.store.schedules.shared_calendars import HAS_SHARED

MAX_ROWS = 20_000  # of one transaction: about half a second

COUNT_ACTIVE = """
SELECT r.value AS id,
       (SELECT count(*) FROM schedules s WHERE s.recurrence_id = r.value AND s.state = 'active') AS schedules
  FROM json_each(:ids) r
"""

# Recurrences with a schedule under a calendar, and without an active schedule.
NOT_SIMPLE = f"""
SELECT r.value FROM json_each(:ids) r
 WHERE EXISTS (SELECT 1 FROM schedule_versions v
               CROSS JOIN schedules s ON s.id = v.schedule_id AND s.version = v.version AND s.state = 'active'
                WHERE v.recurrence_id = r.value
                  AND (v.skip_holidays <> '' OR v.send_window <> '' OR v.blackout <> ''))
    OR (EXISTS (SELECT 1 FROM calendars)
        AND EXISTS (SELECT 1 FROM schedules s
                     WHERE s.recurrence_id = r.value AND s.state = 'active' AND {HAS_SHARED}))
    OR NOT EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = r.value AND s.state = 'active')
"""

# Without calendars `insert_jobs.ENQUEUE` writes the same rows. In the order of the ids, each page of the indexes by
# schedule is read and written once, however many finished jobs there are.
ENQUEUE = f"""
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked)
WITH instants AS MATERIALIZED (
  SELECT value ->> 'id' AS recurrence_id, value ->> 'due_at' AS due_at, value ->> 'start' AS start
    FROM json_each(:due))
SELECT id, workspace_id, due_at,
       start + jitter
              + 1000 * (row_number() OVER (PARTITION BY recurrence_id, workspace_id, channel ORDER BY rank, id) - 1)
              + (row_number() OVER (PARTITION BY recurrence_id, workspace_id ORDER BY rank, id) - 1) / 4,
       due_at + grace_ms + jitter, :queued, parked
  FROM (SELECT s.id, s.recurrence_id, s.workspace_id, i.due_at, i.start, v.channel, v.grace_ms,
               w.paused_at IS NOT NULL AS parked, {RANK} AS rank, {JITTER} AS jitter
          FROM instants i
         CROSS JOIN schedules s ON s.recurrence_id = i.recurrence_id AND s.state = 'active'
         CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         CROSS JOIN workspaces w ON w.id = s.workspace_id
         WHERE i.due_at > s.effective_at AND i.due_at >= coalesce(v.starts_at, i.due_at)
           AND i.due_at <= coalesce(v.until_at, i.due_at) AND {NOT_IN_A_SPAN})
 WHERE true
 ORDER BY id
{ENQUEUE_AGAIN}
"""

MOVE = """
UPDATE recurrences SET last_due_at = m.value ->> 'due_at', next_due_at = m.value ->> 'next_due_at'
  FROM json_each(:moves) m WHERE recurrences.id = m.value ->> 'id'
"""

FINISH_ALL = """
UPDATE schedules SET state = :finished, reason = NULL
 WHERE state = 'active' AND recurrence_id IN (SELECT value FROM json_each(:ids))
"""

FINISH_ENDED = """
UPDATE schedules SET state = :finished, reason = NULL
 WHERE state = 'active'
   AND (id, version) IN (SELECT v.schedule_id, v.version FROM json_each(:moves) m
                         CROSS JOIN schedule_versions v
                            ON v.recurrence_id = m.value ->> 'id' AND v.until_at IS NOT NULL
                           AND v.until_at < m.value ->> 'next_due_at')
"""


class ActiveCount(NamedTuple):
    """Number of active schedules of a recurrence."""

    id: int
    schedules: int


class Move(NamedTuple):
    """Recurrence with its due occurrence and the one after it, which is not due yet; None: there is none."""

    id: int
    due_at: int
    next_due_at: int | None


def fit_rows(db: Database, due: Sequence[StoredRecurrence]) -> list[StoredRecurrence]:
    """Return the first of these recurrences, at least one, as many as fit into a transaction."""
    counts = {each.id: each.schedules for each in db.all(ActiveCount, COUNT_ACTIVE, {"ids": to_json(due)})}
    rows, fitting = 0, list[StoredRecurrence]()
    for recurrence in due:
        rows += counts[recurrence.id]
        if fitting and rows > MAX_ROWS:
            break
        fitting.append(recurrence)
    return fitting


def enqueue_simple(
    db: Database, due: Sequence[StoredRecurrence], now: int, horizon: int, counts: Counts
) -> list[StoredRecurrence]:
    """Enqueue the simple ones of these due recurrences, and move them on. Returns the others. Inside a transaction."""
    not_simple = {*db.integers(NOT_SIMPLE, {"ids": to_json(due)}), *counts.recurrences}
    moves, others = list[Move](), list[StoredRecurrence]()
    for recurrence in due:
        move = find_move(recurrence, now, horizon)
        if move is None or recurrence.id in not_simple:
            others.append(recurrence)
        else:
            moves.append(move)
    if moves:
        carry_out(db, moves, now, counts)
    return others


def find_move(recurrence: StoredRecurrence, now: int, horizon: int) -> Move | None:
    """Return the move of a recurrence with one due occurrence, on time; None for any other."""
    due_at = recurrence.next_due_at
    if due_at is None or due_at < now - misfire.ON_TIME_MS:
        return None
    next_due_at = rules.next_after(recurrence.rule, due_at)
    return None if next_due_at is not None and next_due_at <= horizon else Move(recurrence.id, due_at, next_due_at)


def carry_out(db: Database, moves: Sequence[Move], now: int, counts: Counts) -> None:
    """Write the jobs, move the recurrences on, and finish the schedules without a next occurrence."""
    due = json.dumps([{"id": move.id, "due_at": move.due_at, "start": max(move.due_at, now)} for move in moves])
    rows = db.execute(ENQUEUE, {"due": due, "queued": QUEUED, "enqueued_again": ENQUEUED_AGAIN})
    counts.enqueued += rows
    counts.others += rows
    bindings = {"moves": json.dumps([move._asdict() for move in moves]), "finished": ScheduleState.FINISHED}
    db.execute(MOVE, {"moves": bindings["moves"]})
    db.execute(FINISH_ENDED, bindings)
    if ended := [move.id for move in moves if move.next_due_at is None]:
        db.execute(FINISH_ALL, {"ids": json.dumps(ended), "finished": ScheduleState.FINISHED})


def to_json(due: Sequence[StoredRecurrence]) -> str:
    return json.dumps([recurrence.id for recurrence in due])
