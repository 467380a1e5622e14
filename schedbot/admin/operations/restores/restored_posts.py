"""Settle the jobs of a restored database that may have been posted after its backup.

Two records show the posts: the database that is replaced, if it can be read, and the history of each channel. A job for
which neither can show it is held, so it is not posted a second time.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from schedbot.errors import DatabaseUnusable, TokenUnavailable
from schedbot.model import JobState, occurrence_id
from schedbot.session import Session
from schedbot.slack import tokens
from schedbot.slack.history.posted_occurrences import UNREAD, ChannelPosts, ChannelSearch, PostedParts
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due, timed_pauses
from schedbot.store.fanout.insert_jobs import Counts
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations import restored_jobs
from schedbot.store.operations.restored_jobs import RestoredJob
from schedbot.store.schedules import pauses_of_all, recurrences

SLICE = 50
POSTED, QUEUED, HELD, MISSED = "posted", "queued", "held", "missed"


def settle(session: Session, replaced: Database | None, within_ms: int) -> Counter[str]:
    """Settle the due jobs, and return their number by result: posted, queued, held or missed.

    `replaced`: the database that was used until now, if it can be read.
    """
    db, now = session.db, session.now()
    with db.writing():
        restored_jobs.end_pools(db, now)
    last = restored_jobs.get_last_id(db)
    enqueue_overdue(db, now)
    jobs = restored_jobs.list_candidates(db, last, now)
    known = {job.id: ts for job in jobs if (ts := find_posted_ts(replaced, job))}
    unknown = [job for job in jobs if job.id not in known]
    histories = read_histories(session, unknown, now, within_ms)
    results: Counter[str] = Counter()
    with db.writing():
        for job in jobs:
            history = histories.get((job.workspace_id, job.channel), ChannelPosts(error=UNREAD))
            posts = PostedParts(1, {1: known[job.id]}) if job.id in known else None
            results[settle_job(db, job, posts or history.by_occurrence.get(name_occurrence(job)), history, now)] += 1
    return results


def enqueue_overdue(db: Database, now: int) -> None:
    """Make jobs of the occurrences that came due since the backup, as a tick does, but none ahead of time."""
    while True:
        with db.writing():
            timed_pauses.end_pauses(db, now)
            due = recurrences.list_due(db, now, SLICE) if pauses_of_all.get_open(db) is None else []
            is_done = [enqueue_due.advance(db, recurrence, now, now, Counts()) for recurrence in due]
        if not due or (all(is_done) and len(due) < SLICE):
            return


def find_posted_ts(replaced: Database | None, job: RestoredJob) -> str | None:
    """Return the ts with which the replaced database has the job as posted; None without it."""
    with suppress(DatabaseUnusable):
        return restored_jobs.find_ts(replaced, job) if replaced else None
    return None


def read_histories(
    session: Session, jobs: Sequence[RestoredJob], now: int, within_ms: int
) -> dict[tuple[str, str], ChannelPosts]:
    """Return what the history of each channel of the jobs shows, by workspace and channel."""
    from schedbot.slack import one_shot

    installation = get_installation_id(session.db)
    channels, searches, histories = [], [], {}
    by_channel = sorted(jobs, key=lambda job: (job.workspace_id, job.channel))
    for channel, group in groupby(by_channel, key=lambda job: (job.workspace_id, job.channel)):
        channel_jobs = list(group)
        try:
            source = tokens.resolve_source(channel_jobs[0].source, session.settings.token, channel_jobs[0].workspace)
            token = tokens.read_token(source)
        except TokenUnavailable:
            histories[channel] = ChannelPosts(error="token_unavailable")
            continue
        earliest_at = min(job.due_at for job in channel_jobs)
        channels.append(channel)
        searches.append(ChannelSearch(channel[1], earliest_at, installation, token))
    settings = session.settings
    posts = one_shot.fetch_posted(settings.api_url, searches, now, settings.timeout_ms, within_ms) if searches else []
    return histories | dict(zip(channels, posts, strict=True))


def name_occurrence(job: RestoredJob) -> str:
    return occurrence_id(job.schedule_id, job.due_at)


def settle_job(db: Database, job: RestoredJob, posts: PostedParts | None, history: ChannelPosts, now: int) -> str:
    """Write the next state of a job, and return its result. Inside a transaction."""
    if posts and posts.is_whole:
        lateness_ms = max(0, int(posts.ts.replace(".", "")) // 1000 - job.scheduled_at)
        restored_jobs.succeed(db, job, posts.ts, lateness_ms)
        return POSTED
    if job.state in (JobState.MISSED, JobState.HELD):
        return job.state.value
    if posts or history.error or job.is_in_thread:
        restored_jobs.hold(db, job)
        return HELD
    if job.state is JobState.UNKNOWN:
        restored_jobs.queue(db, job, now)
    return QUEUED
