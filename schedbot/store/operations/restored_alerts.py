"""Alerts of a restored database: what was announced after the backup is not announced again."""

from collections.abc import Mapping

from schedbot.store.database import Database

# In the order in which rows are inserted.
TABLES = {
    "alert_messages": "id, created_at, content",
    "alert_streaks": "cause, sentence, since, seen_at, message_id",
    "alert_deliveries": "message_id, place, sent_at, ended_at, ts, error, attempts",
}

# The channel's history shows whether the message arrived.
MAY_HAVE_LEFT = """
UPDATE alert_deliveries
   SET sent_at = (SELECT m.created_at FROM alert_messages m WHERE m.id = alert_deliveries.message_id)
 WHERE ended_at IS NULL AND sent_at IS NULL AND place = 'channel'
"""
# The channel names a message by its number, and the numbers used since the backup are unknown. Alerts are rarer than
# one a second, so the seconds since 1970 are above all of them.
LEAVE_NUMBERS_OUT = "INSERT INTO alert_messages (id, created_at, content) VALUES (:now / 1000, :now, '{}')"


def copy(db: Database, replaced: Database) -> None:
    """Take the alerts of the replaced database. Inside a transaction."""
    rows = {table: list(replaced.select(f"SELECT {columns} FROM {table}").rows) for table, columns in TABLES.items()}
    for table in reversed(TABLES):
        db.execute(f"DELETE FROM {table}")
    for table, columns in TABLES.items():
        names = columns.split(", ")
        values = ", ".join(f":{name}" for name in names)
        bindings: list[Mapping[str, object]] = [dict(zip(names, row, strict=True)) for row in rows[table]]
        db.execute_many(f"INSERT INTO {table} ({columns}) VALUES ({values})", bindings)


def expect_sent(db: Database, now: int) -> None:
    """Let the next check look for open messages in the channel, and number new ones apart. Inside a transaction."""
    db.execute(MAY_HAVE_LEFT)
    db.execute(LEAVE_NUMBERS_OUT, {"now": now})
