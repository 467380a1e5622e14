"""Numbers of jobs and missed occurrences by state, error, workspace, account and quarter of an hour.

A quarter of an hour lies within one day in every time zone. The occurrences of a missed span are counted one by one,
so that a filter on time counts only those within it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from schedbot.model import JobState, Recurrence
from schedbot.rules import recurrence
from schedbot.store.database import Database
from schedbot.store.history import filters, jobs, missed_spans
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord

QUARTER_MS = 900_000

SELECT = f"""
SELECT j.id AS job, j.due_at AS due_at, j.state, coalesce(j.cancel_reason, j.error) AS error, w.name AS workspace,
       s.account, CASE WHEN s.account = '' THEN s.name ELSE '' END AS schedule, r.tz
  FROM jobs j {jobs.JOINS}
"""
GROUP = f"""
SELECT state, error, workspace, account, schedule, tz, due_at / {QUARTER_MS} AS quarter, count(*) AS jobs
  FROM ({{jobs}})
 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class JobCount:
    """Number of jobs that have all of these in common. `schedule`: of jobs without an account, else ''."""

    state: JobState
    error: str | None
    workspace: str
    account: str
    schedule: str
    tz: str
    quarter: int
    jobs: int


def count_jobs(db: Database, selection: Filter) -> Iterator[JobCount]:
    """Yield the counts of the jobs and of the missed occurrences that the filter lets through."""
    with db.reading():
        sql = GROUP.format(jobs=filters.of_jobs(SELECT, selection, jobs.OLDEST_FIRST))
        yield from db.each(JobCount, sql, filters.bindings(selection))
        for span in jobs.spans(db, selection, "due_at"):
            quarters = Counter(due_at // QUARTER_MS for due_at in due_within(db, span, selection))
            for quarter, count in quarters.items():
                schedule = "" if span.account else span.schedule
                yield JobCount(span.state, span.error, span.workspace, span.account, schedule, span.tz, quarter, count)


def clip_spans(db: Database, records: Iterable[JobRecord], selection: Filter) -> Iterator[JobRecord]:
    """Yield the records, each missed span with only the occurrences that are within the time of the filter."""
    for record in records:
        since, until = selection.bounds_in(record.tz)
        if record.occurrences is None or (since <= record.due_at and (record.last_due_at or 0) <= until):
            yield record
        elif due := due_within(db, record, selection):
            yield replace(record, due_at=due[0], last_due_at=due[-1], occurrences=len(due))


def due_within(db: Database, record: JobRecord, selection: Filter) -> list[int]:
    """Return the missed occurrences of a span that are within the time of the filter."""
    first, last = record.due_at, record.last_due_at or record.due_at
    spans = missed_spans.within(db, record.schedule_id, first, last)
    rule = next(span.rule for span in spans if (span.first_due_at, span.last_due_at) == (first, last))
    due = list_due(rule, first, last)
    if len(due) != record.occurrences:
        enqueued = set(missed_spans.list_due_of_jobs(db, record.schedule_id, first, last))
        due = tuple(due_at for due_at in due if due_at not in enqueued)
    since, until = selection.bounds_in(record.tz)
    return [due_at for due_at in due if since <= due_at <= until]


@lru_cache(maxsize=256)
def list_due(rule: Recurrence, first: int, last: int) -> tuple[int, ...]:
    """Return the occurrences of a rule. Cached, because many schedules share one."""
    return tuple(recurrence.between(rule, first - 1, last))
