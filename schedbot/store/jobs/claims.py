"""A claim takes jobs out of the queue for a while: a lease, under a fencing token that is drawn anew each time.

Whatever a claimer writes later names the token; once another claim, or an admin, has taken the job, it writes nothing.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schedbot.model import Report, TokenSource
from schedbot.store.database import Database, Row
from schedbot.store.jobs import pacing
from schedbot.store.jobs.fairness import RoundRobin, claim_in_turns
from schedbot.store.schedules.shared_calendars import CALENDAR

CLAIM = """
UPDATE jobs
   SET state = 'running', token = :token, lease_until = :lease_until
 WHERE id IN (SELECT id FROM jobs
               WHERE state = 'queued' AND parked = 0 AND available_at <= :until
               ORDER BY available_at, id
               LIMIT :limit)
RETURNING id
"""

# A job is delivered as its schedule stands now. An extra one, never due at a full second, is kept by no calendar.
CLAIMED = f"""
SELECT j.id, j.token, j.schedule_id, s.name, s.account, j.workspace_id, w.name, w.token_kind, w.token_place,
       j.due_at, j.available_at, j.deadline_at, j.attempts, j.spent, s.version, v.channel, v.report_kind,
       v.report_source, v.params, v.max_attempts, v.on_unknown, r.tz,
       max(CASE WHEN p.held_at <= :believed THEN p.free_at ELSE 0 END,
           CASE WHEN m.held_at <= :believed THEN m.free_at ELSE 0 END),
       w.resumes, j.error, j.deferred_to, CASE WHEN j.due_at % 1000 = 0 THEN {CALENDAR} ELSE '' END
  FROM json_each(:ids) c
  JOIN jobs j ON j.id = c.value
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN workspaces w ON w.id = j.workspace_id
  LEFT JOIN pacing p ON p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage' AND p.channel = v.channel
  LEFT JOIN pacing m ON m.workspace_id = j.workspace_id AND m.method = 'chat.postMessage' AND m.channel = ''
 ORDER BY j.available_at, j.id
"""

SATURATED = """
SELECT count(*) > :limit
  FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :until LIMIT :limit + 1)
"""

RENEW = """
UPDATE jobs SET lease_until = :lease_until
 WHERE id IN (SELECT value FROM json_each(:ids)) AND token = :token AND state = 'running'
"""

GIVE_BACK = """
UPDATE jobs SET state = 'queued', token = NULL, lease_until = NULL, available_at = :available_at
 WHERE id = :id AND token = :token AND state = 'running'
"""

EXPIRE = """
UPDATE jobs
   SET state = CASE WHEN attempts = 0 THEN 'missed' ELSE 'failed' END,
       error = 'deadline', token = NULL, lease_until = NULL
 WHERE id = :id AND token = :token AND state = 'running'
"""

WAITING = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :until)
"""

HELD = "SELECT lease_until FROM jobs WHERE id = :id AND token = :token AND state = 'running'"

SET_BACK_MS = 600_000
# A lease that ends too far ahead was written before somebody set the clock back.
PAST = """
SELECT id, token, lease_until FROM jobs
 WHERE state = 'running' AND (lease_until < :now OR lease_until > :too_far)
 LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job in hand, with all that its delivery needs. `free_at` is when its channel may be posted to again,
    `resumes` how often its workspace had been resumed when it was claimed, `error` how its last attempt failed."""

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
    report: Report
    max_attempts: int
    on_unknown: str
    tz: str
    free_at: int
    resumes: int
    error: str | None
    deferred_to: int | None = None
    calendar: str = ""  # what may keep it from leaving; empty: nothing

    @property
    def scheduled_at(self) -> int:
        """When it is to go: what was put off by a calendar is not late before then."""
        return self.due_at if self.deferred_to is None else self.deferred_to

    @property
    def occurrence(self) -> str:
        """What the message's metadata names: the schedule's UUID and the instant that was due."""
        return f"{self.schedule_id}:{self.due_at}"


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """What a claim asks for: up to `limit` jobs that are available up to `until`, held until `lease_until`."""

    until: int
    limit: int
    lease_until: int
    turns: RoundRobin | None = None


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """A running job whose lease has passed."""

    id: int
    token: int
    lease_until: int


def draw_token() -> int:
    """A fencing token: 62 random bits, so that no other claim, database or restored backup has the same."""
    return secrets.randbits(62) | 1


def has_available_jobs(db: Database, until: int) -> bool:
    """Is there a job to claim that is available up to `until`?"""
    return bool(db.value(WAITING, {"until": until}))


def get_lease_end(db: Database, number: int, token: int) -> int | None:
    """Until when the claim `token` holds the job; None when it does no longer."""
    found: int | None = db.value(HELD, {"id": number, "token": token})
    return found


def claim(db: Database, wanted: ClaimRequest) -> list[ClaimedJob]:
    """Take jobs, the oldest first; where more wait than there is room for, the workspaces take turns.

    Its cost is that of what it takes, whatever waits. Inside a transaction.
    """
    told = {"token": draw_token(), "lease_until": wanted.lease_until, "until": wanted.until}
    ids: list[int] = []
    if wanted.turns and db.value(SATURATED, {"until": wanted.until, "limit": wanted.limit}):
        ids += claim_in_turns(db, wanted.turns, wanted.limit, told)
    ids += [row[0] for row in db.rows(CLAIM, {**told, "limit": wanted.limit - len(ids)})]
    if not ids:
        return []
    named = {"ids": json.dumps(ids), "believed": pacing.believed(wanted.until)}
    return [claimed(row) for row in db.rows(CLAIMED, named)]


def claimed(row: Row) -> ClaimedJob:
    first, (kind, place), times, (report_kind, source, params), rest = (
        row[:7],
        row[7:9],
        row[9:16],
        row[16:19],
        row[19:],
    )
    report = Report(report_kind, source, json.loads(params))
    return ClaimedJob(*(*first, TokenSource(kind, place), *times, report, *rest))


def renew(db: Database, token: int, ids: Iterable[int], lease_until: int) -> int:
    """Hold the jobs of one claim for longer. Returns how many are still held. Inside a transaction."""
    return db.execute(RENEW, {"token": token, "ids": json.dumps(list(ids)), "lease_until": lease_until})


def release(db: Database, jobs: Sequence[tuple[int, int, int]]) -> None:
    """Put jobs back that have not left: each as (id, token, available_at). Inside a transaction."""
    for number, token, available_at in jobs:
        db.execute(GIVE_BACK, {"id": number, "token": token, "available_at": available_at})


def expire(db: Database, number: int, token: int) -> None:
    """The job's grace is over: `missed` where no attempt was made, `failed` otherwise. Inside a transaction."""
    db.execute(EXPIRE, {"id": number, "token": token})


def list_expired_leases(db: Database, now: int, lease_ms: int) -> list[ExpiredLease]:
    """Running jobs whose lease ended before `now`, or ends later than any that was given by this clock."""
    told = {"now": now, "too_far": now + 3 * lease_ms + SET_BACK_MS}
    return [ExpiredLease(*row) for row in db.rows(PAST, told)]
