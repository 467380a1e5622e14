"""Settle the jobs of a restored database that may have been posted after its backup.

Two records show the posts: the database that is replaced, if it can be read, and the histories of the channels. Rule:
after a restore nothing is posted a second time, whatever command follows. So each occurrence that was posted gets a job
that succeeded, also where the backup has none; and each job that neither record can show is held, whatever its state,
because a person could retry it. Of a schedule that could not be searched, no occurrence of that time is backfilled.
"""

from collections import Counter
from dataclasses import dataclass

from schedbot.admin.operations.restores import histories, post_records, search_plan
from schedbot.admin.operations.restores.evidence import Evidence, gather
from schedbot.admin.operations.restores.old_record import OldRecord
from schedbot.admin.operations.restores.search_plan import SearchPlan
from schedbot.model import JobState, parse_occurrence_id
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due, timed_pauses
from schedbot.store.fanout.insert_jobs import Counts
from schedbot.store.operations import restored_jobs, restored_state
from schedbot.store.operations.restored_jobs import RestoredJob
from schedbot.store.schedules import pauses_of_all, recurrences

SLICE = 50
POSTED, QUEUED, HELD, MISSED = "posted", "queued", "held", "missed"
OTHER = ""  # result of a job that had ended at the backup, and was not posted since


@dataclass(frozen=True, slots=True)
class Settlement:
    """Numbers of jobs by result (posted, queued, held, missed), and of channels that were not read by reason."""

    jobs: Counter[str]
    unread: Counter[str]


def settle(session: Session, replaced: Database | None, within_ms: int) -> Settlement:
    """Settle the due jobs.

    `replaced`: the database that was used until now, if it can be read.
    """
    db, now = session.db, session.now()
    old = OldRecord(replaced, db)
    since = restored_state.get_backed_up_at(db) or restored_state.get_created_at(db)
    with db.writing():
        restored_state.end_pools(db, now)
    enqueue_overdue(db, now)
    jobs = restored_jobs.list_candidates(db, now)
    known, untouched = old.find_posts(jobs)
    unsettled = [job for job in jobs if job.occurrence not in known and job.id not in untouched]
    search = plan_search(db, unsettled, since, is_all=not old.is_complete)
    evidence = gather(search, known, untouched, histories.read(session, search, now, within_ms))
    results: Counter[str] = Counter()
    with db.writing():
        results.update(settle_posted(db, evidence, now))
        results.update(
            settle_absent(db, job, evidence, now, old.last_id) for job in jobs if job.occurrence not in evidence.posts
        )
        if not old.is_complete:
            restored_jobs.mark_unsure(db, evidence.list_unsure(), now)
        old.take_alerts(db, now)
    del results[OTHER]
    return Settlement(results, Counter(evidence.unread.values()))


def plan_search(db: Database, jobs: list[RestoredJob], since: int, *, is_all: bool) -> SearchPlan:
    """Return the search for these jobs; `is_all`: in the channels of all other schedules too."""
    needed = {job.schedule_id for job in jobs}
    schedules = [
        schedule
        for schedule in restored_state.list_schedules(db)
        if schedule.id in needed or (is_all and not schedule.is_removed)
    ]
    return search_plan.plan(since, jobs, schedules, restored_state.list_threads(db))


def enqueue_overdue(db: Database, now: int) -> None:
    """Make jobs of the occurrences that came due since the backup, as a tick does, but none ahead of time."""
    while True:
        with db.writing():
            timed_pauses.end_pauses(db, now)
            due = recurrences.list_due(db, now, SLICE) if pauses_of_all.get_open(db) is None else []
            is_done = [enqueue_due.advance(db, recurrence, now, now, Counts()) for recurrence in due]
        if not due or (all(is_done) and len(due) < SLICE):
            return


def settle_posted(db: Database, evidence: Evidence, now: int) -> Counter[str]:
    """Settle the occurrences of which a message was posted, and return their number by result. In a transaction."""
    results: Counter[str] = Counter()
    for occurrence, parts in sorted(evidence.posts.items()):
        identity = parse_occurrence_id(occurrence)
        job = identity and post_records.find_or_add(db, *identity)
        if not job or job.state is JobState.SUCCEEDED:
            continue
        if post_records.record(db, job, parts, now):
            results[POSTED] += 1
        elif post_records.record_first_parts(db, job, parts, now):
            results[QUEUED if job.state in (JobState.QUEUED, JobState.UNKNOWN) else OTHER] += 1
        elif evidence.is_superseded(job):
            results[settle_absent(db, job, evidence, now, 0)] += 1
        else:
            restored_jobs.hold(db, job)
            results[HELD] += 1
    return results


def settle_absent(db: Database, job: RestoredJob, evidence: Evidence, now: int, last_id: int) -> str:
    """Write the next state of a job of which no record shows a message, and return its result. In a transaction."""
    if job.state is JobState.HELD:
        return HELD
    if not evidence.shows_absence(job):
        restored_jobs.hold(db, job)
        return HELD
    if job.state is JobState.UNKNOWN:
        restored_jobs.queue(db, job, now)
    if job.state in (JobState.QUEUED, JobState.UNKNOWN):
        return QUEUED
    return MISSED if job.state is JobState.MISSED and job.id > last_id else OTHER
