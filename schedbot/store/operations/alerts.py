"""Statements of alerts: their causes in the tables, the streaks that are on, and the messages with their deliveries."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schedbot.store.database import Database
from schedbot.store.schedules.job_days import DAY_MS, ON_ANY_DAY

WINDOW_MS = 90 * DAY_MS
DISK = "disk"  # cause of the alert that is in a file, because no row can be written (admin/operations/alerts/full_disk)
NOT_CONFIGURED = "not_configured"  # its place was taken out of [alerts] before it arrived

# Schedules that have not posted since the failure, by the error of the failure.
FAILED = f"""
SELECT j.error, count(*) AS jobs, count(DISTINCT j.schedule_id) AS schedules,
       count(DISTINCT j.workspace_id) AS workspaces
  FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'failed' AND j.due_at > :since AND j.acknowledged IS NULL AND s.state <> 'removed'
   AND (SELECT n.id FROM jobs n
         WHERE n.{ON_ANY_DAY} AND n.schedule_id = j.schedule_id AND n.due_at > j.due_at AND n.state = 'succeeded'
         ORDER BY n.day DESC, n.due_at DESC LIMIT 1) IS NULL
 GROUP BY 1 ORDER BY 2 DESC LIMIT 50
"""
SUSPENDED = """
SELECT coalesce(reason, '') AS error, 0 AS jobs, count(*) AS schedules, count(DISTINCT workspace_id) AS workspaces
  FROM schedules WHERE state = 'suspended' GROUP BY 1 LIMIT 50
"""

LIST_STREAKS = "SELECT cause, sentence, since, seen_at, message_id FROM alert_streaks ORDER BY since, cause"
SAVE_STREAK = """
INSERT INTO alert_streaks (cause, sentence, since, seen_at) VALUES (:cause, :sentence, :now, :now)
ON CONFLICT (cause) DO UPDATE SET seen_at = excluded.seen_at, sentence = excluded.sentence
"""
END_STREAK = "DELETE FROM alert_streaks WHERE cause = :cause"
ANNOUNCE = "UPDATE alert_streaks SET message_id = :message WHERE cause = :cause"

ADD_MESSAGE = "INSERT INTO alert_messages (created_at, content) VALUES (:now, :content) RETURNING id"
ADD_DELIVERY = "INSERT INTO alert_deliveries (message_id, place) VALUES (:message, :place)"
LAST_MESSAGE = "SELECT max(created_at) FROM alert_messages"
OPEN = """
SELECT d.message_id, d.place, d.sent_at, d.attempts, m.content, m.created_at
  FROM alert_deliveries d JOIN alert_messages m ON m.id = d.message_id
 WHERE d.ended_at IS NULL
 ORDER BY d.message_id, d.place
"""
BEGIN = """
UPDATE alert_deliveries SET sent_at = :now, attempts = attempts + 1
 WHERE message_id = :message AND place = :place AND ended_at IS NULL AND sent_at IS NULL
"""
END = """
UPDATE alert_deliveries SET ended_at = :now, ts = :ts, error = :error WHERE message_id = :message AND place = :place
"""
# It did not leave, or did not arrive: it is sent again.
AGAIN = """
UPDATE alert_deliveries SET sent_at = NULL, error = :error
 WHERE message_id = :message AND place = :place AND ended_at IS NULL
"""
LAST_ERRORS = """
SELECT d.place, d.error FROM alert_deliveries d
 WHERE d.error <> :not_configured
   AND (d.place, d.message_id) IN (SELECT e.place, max(e.message_id)
                                     FROM alert_deliveries e JOIN alert_messages m ON m.id = e.message_id
                                    WHERE e.attempts > 0 AND m.created_at > :since GROUP BY 1)
 ORDER BY d.place
"""
ANNOUNCED_AT = """
SELECT m.created_at FROM alert_streaks s JOIN alert_messages m ON m.id = s.message_id WHERE s.cause = :cause
"""
LAST_SENT = "SELECT max(sent_at) FROM alert_deliveries WHERE place = :place"
DELETE_OLD = """
DELETE FROM alert_deliveries WHERE ended_at < :before
   AND message_id NOT IN (SELECT message_id FROM alert_streaks WHERE message_id IS NOT NULL)
"""


class FailureGroup(NamedTuple):
    """Failed jobs, or suspended schedules, with one error."""

    error: str | None
    jobs: int
    schedules: int
    workspaces: int


class Streak(NamedTuple):
    """A cause that is on. `message_id` None: it is not announced yet."""

    cause: str
    sentence: str
    since: int
    seen_at: int
    message_id: int | None


class PlaceError(NamedTuple):
    """Error of the last message for a place."""

    place: str
    error: str


class AlertDelivery(NamedTuple):
    """A message that has to reach a place. `sent_at`: it has left, and it is not known whether it arrived."""

    message_id: int
    place: str
    sent_at: int | None
    attempts: int
    content: Mapping[str, object]
    created_at: int


def list_failed(db: Database, now: int) -> list[FailureGroup]:
    """Return the failures of schedules that have not posted since, by error."""
    return db.all(FailureGroup, FAILED, {"since": now - WINDOW_MS})


def list_suspended(db: Database) -> list[FailureGroup]:
    """Return the suspended schedules by reason."""
    return db.all(FailureGroup, SUSPENDED)


def list_streaks(db: Database) -> list[Streak]:
    """Return the causes that are on, the oldest first."""
    return db.all(Streak, LIST_STREAKS)


def save_seen(db: Database, sentences: Mapping[str, str], now: int) -> None:
    """Write the causes that are seen now. Inside a transaction."""
    db.execute_many(SAVE_STREAK, [{"cause": cause, "sentence": text, "now": now} for cause, text in sentences.items()])


def add_message(db: Database, content: Mapping[str, object], places: Sequence[str], now: int) -> int:
    """Write a message for these places, and return its number. Inside a transaction."""
    message = db.integer(ADD_MESSAGE, {"now": now, "content": json.dumps(content, ensure_ascii=False)})
    db.execute_many(ADD_DELIVERY, [{"message": message, "place": place} for place in places])
    return message


def announce(db: Database, message: int, begun: Sequence[str], ended: Sequence[str]) -> None:
    """Write that the message announces causes that began, and that others ended. Inside a transaction."""
    db.execute_many(ANNOUNCE, [{"cause": cause, "message": message} for cause in begun])
    db.execute_many(END_STREAK, [{"cause": cause} for cause in ended])


def end_unannounced(db: Database, causes: Sequence[str]) -> None:
    """Forget causes that ended before they were announced. Inside a transaction."""
    db.execute_many(END_STREAK, [{"cause": cause} for cause in causes])


def get_last_message(db: Database) -> int | None:
    """Return the instant of the last message, or None."""
    return db.integer_or_none(LAST_MESSAGE)


def list_open(db: Database) -> list[AlertDelivery]:
    """Return the deliveries that have not ended, the oldest first."""
    return db.all(AlertDelivery, OPEN)


def begin(db: Database, delivery: AlertDelivery, now: int) -> bool:
    """Write that a message is about to leave. False: another process has sent it. Inside a transaction."""
    return db.execute(BEGIN, {"message": delivery.message_id, "place": delivery.place, "now": now}) == 1


def end(db: Database, delivery: AlertDelivery, ts: str | None, error: str | None, now: int) -> None:
    """Write the end of a delivery. Inside a transaction."""
    db.execute(END, {"message": delivery.message_id, "place": delivery.place, "ts": ts, "error": error, "now": now})


def send_again(db: Database, delivery: AlertDelivery, error: str | None) -> None:
    """Write that a message did not arrive, and is to be sent again. Inside a transaction."""
    db.execute(AGAIN, {"message": delivery.message_id, "place": delivery.place, "error": error})


def list_errors(db: Database, now: int) -> list[PlaceError]:
    """Return the places that did not take their last message of the day, with the error."""
    return db.all(PlaceError, LAST_ERRORS, {"since": now - DAY_MS, "not_configured": NOT_CONFIGURED})


def get_last_sent(db: Database, place: str) -> int | None:
    """Return the instant at which the last message left for a place, or None."""
    return db.integer_or_none(LAST_SENT, {"place": place})


def delete_old(db: Database, now: int) -> None:
    """Delete the deliveries that ended long ago. Inside a transaction."""
    db.execute(DELETE_OLD, {"before": now - WINDOW_MS})


def get_announced_at(db: Database, cause: str) -> int | None:
    """Return when the streak of a cause that is on was announced; None: there is none, or it is not announced."""
    return db.integer_or_none(ANNOUNCED_AT, {"cause": cause})
