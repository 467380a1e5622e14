"""Posts on record in a database that a restore replaces."""

from collections.abc import Iterator
from dataclasses import dataclass

from schedbot.model import JobState, occurrence_id
from schedbot.store.database import Database
from schedbot.store.schedules.job_days import day_of

SELECT = """
SELECT j.schedule_id, j.due_at, j.state, j.attempts, j.ts, j.thread_ts, j.parts, a.channel
  FROM jobs j LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
"""
OF_OCCURRENCE = f"{SELECT} WHERE j.day = {day_of(':due_at')} AND j.schedule_id = :schedule_id AND j.due_at = :due_at"
LATER = f"{SELECT} WHERE j.id > :last AND j.state = 'succeeded' ORDER BY j.id"


@dataclass(frozen=True, slots=True)
class ReplacedJob:
    """A job of the replaced database, with the channel of its last attempt."""

    schedule_id: str
    due_at: int
    state: JobState
    attempts: int
    ts: str | None
    thread_ts: str | None
    parts: int
    channel: str | None

    @property
    def occurrence(self) -> str:
        """Name of the occurrence in the message's metadata."""
        return occurrence_id(self.schedule_id, self.due_at)

    @property
    def is_posted(self) -> bool:
        return self.state is JobState.SUCCEEDED


def find(db: Database, schedule_id: str, due_at: int) -> ReplacedJob | None:
    """Return the job of an occurrence, or None."""
    return db.first(ReplacedJob, OF_OCCURRENCE, {"schedule_id": schedule_id, "due_at": due_at})


def list_later(db: Database, last: int) -> Iterator[ReplacedJob]:
    """Yield the jobs with a number above `last` that succeeded."""
    return db.each(ReplacedJob, LATER, {"last": last})
