"""Jobs of `audit`, oldest first, read as a stream."""

from collections.abc import Iterable, Iterator
from typing import Any

from schedbot.admin.jobs import job_object
from schedbot.admin.jobs.circumstances import read_circumstances
from schedbot.session import Session
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord


def to_json_each(session: Session, job_filter: Filter, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the objects of all jobs that match, or of the newest `limit`, one by one."""
    selected = reversed(jobs.newest(session.db, job_filter, limit)) if limit else jobs.every(session.db, job_filter)
    circumstances = read_circumstances(session)
    for job in clip_to_time(session, selected, job_filter):
        yield job_object.to_json(job, circumstances)


def clip_to_time(session: Session, records: Iterable[JobRecord], job_filter: Filter) -> Iterable[JobRecord]:
    """Return the records, each row of missed occurrences with only those within its time."""
    if job_filter.since is None and job_filter.until is None:
        return records
    from schedbot.store.history import counts

    return counts.clip_spans(session.db, records, job_filter)
