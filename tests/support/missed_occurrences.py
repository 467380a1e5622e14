"""List the occurrences of missed spans from the recurrence of each span."""

from schedbot.rules import recurrence
from schedbot.store.database import Database
from schedbot.store.history import missed_spans

LATEST = 2**60


def list_missed(db: Database, schedule_id: str) -> list[int]:
    """Return due_at of each occurrence in the schedule's spans, and check the count of each span."""
    jobs = set(db.integers("SELECT due_at FROM jobs WHERE schedule_id = :id", {"id": schedule_id}))
    missed: list[int] = []
    for span in missed_spans.within(db, schedule_id, 0, LATEST):
        due = [at for at in recurrence.between(span.rule, span.first_due_at - 1, span.last_due_at) if at not in jobs]
        assert len(due) == span.count
        missed += due
    return missed
