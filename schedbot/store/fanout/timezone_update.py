"""When the zone data changes, what is not yet enqueued is computed anew, and each schedule that moved is on record.

What is due already stays owed as it was, and what is enqueued stays; an instant that was told outright (`--at`) does
not depend on zone data, unless a holiday moves it. Safe to repeat: a run that was cut off is done again, and finds
what had moved in place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from schedbot import times
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.schedules import recurrences
from schedbot.store.schedules.recurrences import StoredRecurrence

SEEN = "SELECT zone_data FROM installation"

NOT_YET_ENQUEUED = """
SELECT id, kind, expression, tz, holidays_before, next_due_at FROM recurrences
 WHERE next_due_at > :now AND (kind <> 'once' OR holidays_before <> '')
"""

# Not an extra job. An occurrence that was skipped in advance is not before next_due_at.
LAST_ENQUEUED = """
SELECT max(max(coalesce((SELECT max(j.due_at) FROM jobs j
                          WHERE j.schedule_id = s.id AND j.due_at < :next_due_at AND j.kind = 'scheduled'), 0),
               coalesce((SELECT max(m.last_due_at) FROM missed_spans m
                          WHERE m.schedule_id = s.id AND m.last_due_at < :next_due_at), 0)))
  FROM schedules s WHERE s.recurrence_id = :id AND s.state = 'active'
"""

MOVE = "UPDATE recurrences SET next_due_at = :after WHERE id = :id AND next_due_at = :before"

# What a person dropped stays dropped.
MOVE_SKIPPED = """
UPDATE OR IGNORE jobs SET due_at = :after
 WHERE due_at = :before AND state = 'skipped'
   AND schedule_id IN (SELECT id FROM schedules WHERE recurrence_id = :id AND state = 'active')
"""

RECORD = """
INSERT INTO changes (changed_at, actor, command, workspace_id, kind, object_id, name, before, after)
SELECT :now, 'schedbot tick', 'tick', workspace_id, 'schedule', id, name,
       json_object('next_due_at', :told_before, 'zone_data', :seen),
       json_object('next_due_at', :told_after, 'zone_data', :used)
  FROM schedules WHERE recurrence_id = :id AND state = 'active' ORDER BY name
"""

USE = "UPDATE installation SET zone_data = :used"


@dataclass(frozen=True, slots=True)
class Moved:
    """A recurrence whose next occurrence is another instant by the new rules (None: there is none any more)."""

    id: int
    before: int
    after: int | None


def update_next_due(db: Database, now: int) -> None:
    """Bring what is not yet enqueued in line with the zone data in use. One small read where nothing changed."""
    used, _ = times.zone_data_version()
    seen = db.value(SEEN)
    if seen == used:
        return
    found = list(moved(db, now))
    with db.writing():
        for one in found:
            move(db, one, {"now": now, "seen": seen, "used": used})
        db.execute(USE, {"used": used})


def moved(db: Database, now: int) -> Iterator[Moved]:
    """The recurrences that move; computed outside of a transaction, since there may be many."""
    for row in db.rows(NOT_YET_ENQUEUED, {"now": now}):
        found = recurrences.stored(row)
        before = row[-1]
        after = next_by_new_rules(db, found, before, now)
        if after != before:
            yield Moved(found.id, before, after)


def next_by_new_rules(db: Database, found: StoredRecurrence, before: int, now: int) -> int | None:
    """The first occurrence that is neither past nor enqueued, nor the enqueued one seen later by the new rules."""
    first = rules.next_after(found.rule, now)
    if first == before:
        return first
    last = db.value(LAST_ENQUEUED, {"id": found.id, "next_due_at": before}) or None
    coming = list(islice(rules.between(found.rule, max(now, last or now), before + (before - now)), 2))
    if not coming:
        return rules.next_after(found.rule, max(now, last or now))
    # Today's nine o'clock was posted by the old rules and is an hour later by the new ones: it is not posted twice.
    if last is not None and len(coming) > 1 and 2 * (coming[0] - last) < before - last:
        return coming[1]
    return coming[0]


def move(db: Database, one: Moved, told: dict[str, int | str | None]) -> None:
    instants = {"id": one.id, "before": one.before, "after": one.after}
    if db.execute(MOVE, instants) != 1:
        return  # another tick enqueued it meanwhile
    if one.after is not None:
        db.execute(MOVE_SKIPPED, instants)
    told_after = None if one.after is None else times.to_rfc3339(one.after)
    row = {**told, "id": one.id, "told_before": times.to_rfc3339(one.before), "told_after": told_after}
    db.execute(RECORD, row)
