"""Claim queued jobs for a while: under a lease, with a fencing token that each claim draws anew.

Each later write of the claimer names the token: if another claim, or a person, has taken the job, it writes nothing.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from schedbot.model import JobState, Recurrence, Report, ThreadSpan, TokenSource, occurrence_id
from schedbot.posts import MISSING_CUSTOMIZE, PLAIN_POST, PostOptions
from schedbot.rules.lifecycle import Event, after
from schedbot.rules.thread_spans import find_span
from schedbot.store.database import Database
from schedbot.store.history import previous_post
from schedbot.store.jobs import last_message, message_parts, pacing, threads
from schedbot.store.jobs.fairness import RUNNING, RoundRobin, claim_in_turns
from schedbot.store.jobs.last_message import CHANNEL
from schedbot.store.jobs.message_parts import StoredPart
from schedbot.store.readable_rows import read_by_ids
from schedbot.store.schedules.recurrences import rule_columns
from schedbot.store.schedules.shared_calendars import CALENDAR

QUEUED = after(JobState.RUNNING, Event.RELEASED)
NO_THREAD = ThreadSpan.NONE  # to read an enum's member costs more than a name of the module
# A job that meets an unexpected error is put back for this long, which is longer than `work --drain` waits for a job.
FAILURE_PAUSE_MS = 120_000
FAILED = after(JobState.RUNNING, Event.EXPIRED)
MISSED = after(JobState.RUNNING, Event.EXPIRED_UNTRIED)

CLAIM = """
UPDATE jobs
   SET state = :running, token = :token, lease_until = :lease_until
 WHERE id IN (SELECT id FROM jobs
               WHERE state = 'queued' AND parked = 0 AND available_at <= :until
               ORDER BY available_at, id
               LIMIT :limit)
RETURNING id
"""

# Slack has not refused the job's name and icon.
MAY_CUSTOMIZE = f"""(v.username = '' AND v.icon = ''
                     OR NOT EXISTS (SELECT 1 FROM attempts g
                                     WHERE g.job_id = j.id AND g.error = '{MISSING_CUSTOMIZE}'))"""

# A job is delivered by its schedule's present version. Extra jobs have no calendar.
CLAIMED = f"""
SELECT j.id, coalesce(j.token, 0) AS token, j.schedule_id, s.name AS schedule, s.account, j.workspace_id,
       w.name AS workspace, w.token_kind AS "source.kind", w.token_place AS "source.place", j.due_at,
       j.available_at, j.deadline_at,
       j.attempts, j.spent, j.parts, j.parts_posted, j.stored_at,
       CASE WHEN j.parts_posted > 0 THEN coalesce(j.thread_ts, j.ts) ELSE '' END AS "options.thread_ts",
       s.version, {CHANNEL} AS channel, v.channel AS schedule_channel,
       v.report_kind AS "report.kind", v.report_source AS "report.source",
       v.params AS "report.params", v.max_attempts, v.on_unknown, r.tz,
       max(CASE WHEN p.held_at <= :latest_valid_hold THEN p.free_at ELSE 0 END,
           CASE WHEN m.held_at <= :latest_valid_hold THEN m.free_at ELSE 0 END) AS free_at,
       w.resumes, j.error, j.deferred_to, v.on_empty,
       v.thread,
       CASE WHEN {MAY_CUSTOMIZE} THEN v.username ELSE '' END AS "options.username",
       CASE WHEN {MAY_CUSTOMIZE} THEN v.icon ELSE '' END AS "options.icon", v.unfurl AS "options.unfurl",
       {last_message.TO_UPDATE} AS "options.update_ts", {last_message.IS_SUPERSEDED} AS is_superseded,
       {last_message.IS_WAITING} AS is_waiting,
       {rule_columns("recurrence")},
       CASE WHEN v.report_kind <> 'text' THEN ({previous_post.OF_JOB}) END AS previous_at,
       CASE WHEN j.kind = 'scheduled' THEN {CALENDAR} ELSE '' END AS calendar
  FROM json_each(:ids) c
  JOIN jobs j ON j.id = c.value
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN workspaces w ON w.id = j.workspace_id
  LEFT JOIN direct_messages d ON d.workspace_id = j.workspace_id AND d.user_id = v.channel
  LEFT JOIN pacing p ON p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage' AND p.channel = {CHANNEL}
  LEFT JOIN pacing m ON m.workspace_id = j.workspace_id AND m.method = 'chat.postMessage' AND m.channel = ''
 ORDER BY j.available_at, j.id
"""

HAS_MORE_THAN = """
SELECT count(*) > :limit
  FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :until LIMIT :limit + 1)
"""

RENEW = """
UPDATE jobs SET lease_until = :lease_until
 WHERE id IN (SELECT value FROM json_each(:ids)) AND token = :token AND state = 'running'
"""

RELEASE = """
UPDATE jobs SET state = :queued, token = NULL, lease_until = NULL, available_at = :available_at
 WHERE id = :id AND token = :token AND state = 'running'
"""

EXPIRE = """
UPDATE jobs
   SET state = CASE WHEN attempts = 0 THEN :missed ELSE :failed END,
       error = CASE WHEN error = 'not_ready' THEN error ELSE 'deadline' END, token = NULL, lease_until = NULL
 WHERE id = :id AND token = :token AND state = 'running'
"""

HAS_AVAILABLE = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :until)
"""

DEADLINE = "SELECT deadline_at FROM jobs WHERE id = :id"

LEASE = "SELECT lease_until FROM jobs WHERE id = :id AND token = :token AND state = 'running'"


class ClaimedJob(NamedTuple):
    """A claimed job, with everything that its delivery needs. `free_at`: its channel may be posted to from then on.

    `resumes` is the number of its workspace's resumes at the claim, `error` that of its last attempt.
    """

    id: int
    token: int
    schedule_id: str
    schedule: str
    account: str
    workspace_id: str
    workspace: str
    source: TokenSource
    due_at: int
    available_at: int
    deadline_at: int
    attempts: int
    spent: int
    version: int
    channel: str
    schedule_channel: str  # as the schedule has it: perhaps a user, where `channel` is the conversation with that user
    report: Report
    max_attempts: int
    on_unknown: str
    tz: str
    free_at: int
    resumes: int
    error: str | None
    recurrence: Recurrence
    options: PostOptions = PLAIN_POST
    is_superseded: bool = False  # it would put back a message that a later occurrence has updated
    is_waiting: bool = False  # for another job of its schedule
    on_empty: str = ""
    previous_at: int | None = None  # its schedule's last message before it; None for a text
    deferred_to: int | None = None
    calendar: str = ""  # empty: nothing defers or skips it
    parts: int = 1
    parts_posted: int = 0
    stored_at: int | None = None
    thread: ThreadSpan = ThreadSpan.NONE
    waits_until: int = 0  # another job opens its thread, perhaps
    stored: StoredPart | None = None  # its next part, if its message is not rendered anew

    @property
    def scheduled_at(self) -> int:
        """Instant from which its lateness counts: due_at, or the instant that a calendar deferred it to."""
        return self.due_at if self.deferred_to is None else self.deferred_to

    @property
    def has_begun(self) -> bool:
        """Is a part of its message posted?"""
        return self.parts_posted > 0

    @property
    def occurrence(self) -> str:
        """Occurrence in the message's metadata: UUID of the schedule, and due_at."""
        return occurrence_id(self.schedule_id, self.due_at)


class ClaimRequest(NamedTuple):
    """A claim of up to `limit` jobs that are available up to `until`, with a lease until `lease_until`."""

    until: int
    limit: int
    lease_until: int
    turns: RoundRobin | None = None


def draw_token() -> int:
    """Return a fencing token: 62 random bits, so that no other claim, database or restored backup has the same."""
    return secrets.randbits(62) | 1


def has_available_jobs(db: Database, until: int) -> bool:
    """Is there a job to claim that is available up to `until`?"""
    return db.is_true(HAS_AVAILABLE, {"until": until})


def get_lease_end(db: Database, job_id: int, token: int) -> int | None:
    """Return the end of the lease, or None if the claim `token` does not hold the job."""
    return db.integer_or_none(LEASE, {"id": job_id, "token": token})


def claim(db: Database, request: ClaimRequest) -> list[ClaimedJob]:
    """Claim jobs, the oldest first; if more are available than `limit`, the workspaces take turns.

    The cost depends on the number of claimed jobs alone. Inside a transaction.
    """
    token, until, limit, lease_until = draw_token(), request.until, request.limit, request.lease_until
    ids: list[int] = []
    if request.turns and db.is_true(HAS_MORE_THAN, {"until": until, "limit": limit}):
        ids += claim_in_turns(db, request.turns, limit, until, token, lease_until)
    bindings = {"running": RUNNING, "token": token, "lease_until": lease_until, "until": until}
    ids += db.integers(CLAIM, {**bindings, "limit": limit - len(ids)})
    if not ids:
        return []
    jobs = read_by_ids(db, ClaimedJob, CLAIMED, ids, {"latest_valid_hold": pacing.latest_valid_hold(until)})
    if any(job.stored_at is not None for job in jobs):
        jobs = add_stored_parts(db, jobs, until)
    jobs = [job if job.thread is NO_THREAD or job.is_waiting else join_thread(db, job, until) for job in jobs]
    if len(jobs) < len(ids):
        put_unreadable_back(db, set(ids) - {job.id for job in jobs}, token, until)
    return jobs


def add_stored_parts(db: Database, jobs: Sequence[ClaimedJob], now: int) -> list[ClaimedJob]:
    """Return the jobs, each with its next part if its message is stored. A message that has begun needs its parts."""
    stored = message_parts.read_next(db, [job.id for job in jobs if job.stored_at is not None])
    added = [add_stored_part(db, job, stored[job.id], now) if job.id in stored else job for job in jobs]
    return [job for job in added if job.stored or not job.has_begun]


def add_stored_part(db: Database, job: ClaimedJob, part: StoredPart, now: int) -> ClaimedJob:
    """Return the job with its next part, unless its message has to be rendered anew."""
    if job.has_begun:
        free_at = pacing.get_free_at(db, job.workspace_id, pacing.POST, part.channel, now)
        return job._replace(stored=part, channel=part.channel, version=part.version, free_at=free_at, calendar="")
    is_fresh = part.version == job.version and now - part.started_at < message_parts.FRESH_MS
    return job._replace(stored=part) if is_fresh else job


def join_thread(db: Database, job: ClaimedJob, now: int) -> ClaimedJob:
    """Return the job with the thread of its span. A message that has begun stays where it is."""
    if job.has_begun:
        return job
    span = find_span(job.thread, job.scheduled_at, job.tz)
    place = threads.join(db, threads.ThreadKey(job.schedule_id, job.schedule_channel, span), job.id, now)
    return job._replace(options=replace(job.options, thread_ts=place.thread_ts), waits_until=place.waits_until)


def put_unreadable_back(db: Database, ids: Iterable[int], token: int, now: int) -> None:
    """Put claimed jobs back whose rows cannot be read, or end them once their grace is over."""
    for job_id in ids:
        if db.integer(DEADLINE, {"id": job_id}) < now:
            expire(db, job_id, token)
        else:
            release(db, job_id, token, now + FAILURE_PAUSE_MS)


def renew(db: Database, token: int, ids: Iterable[int], lease_until: int) -> int:
    """Extend the leases of a claim's jobs. Returns the number of jobs that it still holds. Inside a transaction."""
    return db.execute(RENEW, {"token": token, "ids": json.dumps(list(ids)), "lease_until": lease_until})


def release(db: Database, job_id: int, token: int, available_at: int) -> None:
    """Put a job that was not sent back into the queue. Inside a transaction."""
    db.execute(RELEASE, {"id": job_id, "token": token, "available_at": available_at, "queued": QUEUED})


def expire(db: Database, job_id: int, token: int) -> None:
    """Settle a job past its grace: `missed` without an attempt, `failed` with one. Inside a transaction."""
    db.execute(EXPIRE, {"id": job_id, "token": token, "missed": MISSED, "failed": FAILED})
