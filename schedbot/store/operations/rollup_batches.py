"""Add the results that wait to the roll-ups, many at a time and in the order of the roll-ups' key.

Schedules come in no order, so each result alone would change a page of its own. A batch of the oldest results is
counted in a temporary table, and added in slices that are small transactions: first its hours, labels and outcomes,
which are few, then its schedules by their key. Its row in `rollup_batch` says how far it is, and readers count the
rest from `results`, so the counts are right after each commit. At last its results are deleted. A tick that ends
before that leaves the rest of the batch to the next one.
"""

from dataclasses import dataclass, replace

from schedbot.store.database import Database
from schedbot.store.history.result_counts import AFTER_SCHEDULE, counts_of

LARGEST = 200_000  # results of a batch: some seconds, and some megabytes of memory
DELETED_EACH = 10  # results are deleted so many times faster than counts are added

FIND = "SELECT last_id, period, key, version FROM rollup_batch"
NEW_LAST_ID = """
SELECT min((SELECT max(id) FROM results), (SELECT min(id) FROM results) - 1 + :largest)
"""

# Counts of the batch that are not added yet.
CREATE = """
CREATE TEMP TABLE IF NOT EXISTS batch_counts (
  kind, period INTEGER, key TEXT, measure TEXT, bucket INTEGER, count INTEGER, total_ms INTEGER,
  PRIMARY KEY (kind, period, key, measure, bucket)
) WITHOUT ROWID
"""
CLEAR = "DELETE FROM temp.batch_counts"
OF_BATCH = "id <= :last_id"
FILL = [
    f"INSERT INTO temp.batch_counts {counts_of(kind, condition)}"
    for kind, condition in (
        ("schedule", f"{OF_BATCH} AND {AFTER_SCHEDULE} (:period, :key)"),
        *((kind, OF_BATCH) for kind in ("hour", "label", "outcome")),
    )
]

COPY = "INSERT INTO rollups (kind, period, key, measure, bucket, count, total_ms) SELECT * FROM temp.batch_counts"
ADD = "ON CONFLICT DO UPDATE SET count = count + excluded.count, total_ms = total_ms + excluded.total_ms"
ADD_OTHERS = f"{COPY} WHERE kind IN ('hour', 'label', 'outcome') {ADD}"
SLICE = "kind = 'schedule' AND (period, key) > (:period, :key)"
END_OF_SLICE = f"""
SELECT period, key FROM temp.batch_counts WHERE {SLICE} ORDER BY period, key LIMIT 1 OFFSET :limit
"""
LAST = f"SELECT period, key FROM temp.batch_counts WHERE {SLICE} ORDER BY period DESC, key DESC LIMIT 1"
ADD_SCHEDULES = f"{COPY} WHERE {SLICE} AND (period, key) <= (:end_period, :end_key) {ADD}"

DELETE = "DELETE FROM results WHERE id < (SELECT min(id) FROM results) + :limit AND id <= :last_id"
IS_LEFT = "SELECT EXISTS (SELECT 1 FROM results WHERE id <= :last_id)"

START = (-1, "")  # before the first period and schedule
# No row is changed where another tick has moved the batch on.
MOVE = """
UPDATE rollup_batch SET last_id = :last_id, period = :period, key = :key, version = version + 1
 WHERE version = :version
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Period and schedule up to which the counts of a batch are added."""

    period: int
    key: str


@dataclass(frozen=True, slots=True)
class RollupBatch:
    """Results up to `last_id`, whose counts are added up to a position. `is_new`: it is not begun."""

    last_id: int
    period: int
    key: str
    version: int
    is_new: bool = False


class OtherTick(Exception):
    """Another tick has moved the batch on."""


def prepare(db: Database) -> RollupBatch:
    """Count what is left of the batch that a tick before has begun, or else a new one."""
    db.keep_temporary_in_memory()
    db.stage_many(CREATE, [()])
    db.stage_many(CLEAR, [()])
    with db.reading():
        batch = db.all(RollupBatch, FIND)[0]
        if not batch.last_id:
            last_id = db.integer_or_none(NEW_LAST_ID, {"largest": LARGEST}) or 0
            batch = replace(batch, last_id=last_id, is_new=True)
        bindings = {"last_id": batch.last_id, "period": batch.period, "key": batch.key}
        for statement in FILL if batch.is_new else FILL[:1]:
            db.stage_many(statement, [bindings])
    return batch


def move_on(db: Database, batch: RollupBatch, limit: int) -> RollupBatch | None:
    """Make the next step of a batch: about `limit` counts. Return the batch as it is then, or None after the last step.

    Inside a transaction. Raises OtherTick, which has to undo the transaction.
    """
    if batch.is_new:
        db.execute(ADD_OTHERS)
        return write(db, replace(batch, is_new=False))
    position = {"period": batch.period, "key": batch.key}
    end = db.first(Position, END_OF_SLICE, {**position, "limit": limit}) or db.first(Position, LAST, position)
    if end:
        db.execute(ADD_SCHEDULES, {**position, "end_period": end.period, "end_key": end.key})
        return write(db, replace(batch, period=end.period, key=end.key))
    db.execute(DELETE, {"last_id": batch.last_id, "limit": limit * DELETED_EACH})
    if db.is_true(IS_LEFT, {"last_id": batch.last_id}):
        return write(db, batch)
    write(db, RollupBatch(0, *START, batch.version))
    return None


def write(db: Database, batch: RollupBatch) -> RollupBatch:
    """Write the state of the batch, and return it. Raises OtherTick. Inside a transaction."""
    bindings = {"last_id": batch.last_id, "period": batch.period, "key": batch.key, "version": batch.version}
    if not db.execute(MOVE, bindings):
        raise OtherTick
    return replace(batch, version=batch.version + 1)
