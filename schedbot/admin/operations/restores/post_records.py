"""Write posts of the time after the backup into the restored database. Inside a transaction."""

from schedbot.model import JobKind, JobState, ThreadSpan
from schedbot.rules import recurrence
from schedbot.rules.thread_spans import find_span
from schedbot.slack.history.posted_parts import PostedParts
from schedbot.store.database import Database
from schedbot.store.history import missed_spans
from schedbot.store.operations import restored_jobs, restored_state
from schedbot.store.operations.restored_jobs import RestoredJob, RestoredPost
from schedbot.store.operations.restored_state import KnownThread

CAN_GO_ON = (JobState.QUEUED, JobState.UNKNOWN, JobState.FAILED, JobState.HELD)


def find_or_add(db: Database, schedule_id: str, due_at: int) -> RestoredJob | None:
    """Return the job of an occurrence, which is added if the backup has none; None if the schedule is unknown."""
    if job := restored_jobs.find(db, schedule_id, due_at):
        return job
    kind = JobKind.SCHEDULED if is_occurrence(db, schedule_id, due_at) else JobKind.EXTRA
    job = restored_jobs.insert(db, schedule_id, due_at, kind)
    if job:
        missed_spans.take_out(db, schedule_id, [due_at])
    return job


def is_occurrence(db: Database, schedule_id: str, due_at: int) -> bool:
    """Is the instant an occurrence of some version of the schedule, and no extra post?"""
    return any(
        (version.starts_at or due_at) <= due_at <= (version.until_at or due_at)
        and recurrence.next_after(version.rule, due_at - 1) == due_at
        for version in restored_state.list_rules(db, schedule_id)
    )


def record(db: Database, job: RestoredJob, parts: PostedParts, now: int) -> bool:
    """Record that a job was posted; False if only some parts of its message were."""
    by_part = join(job, parts)
    if len(by_part) < parts.parts:
        return False
    post = to_post(job, parts, by_part)
    restored_jobs.succeed(db, job, post, now)
    if job.thread is not ThreadSpan.NONE and (thread_ts := post.thread_ts or post.ts):
        span = find_span(job.thread, job.scheduled_at, job.tz)
        restored_state.keep_thread(db, KnownThread(job.schedule_id, job.channel, span, thread_ts), job.id, now)
    return True


def record_first_parts(db: Database, job: RestoredJob, parts: PostedParts, now: int) -> bool:
    """Record the first parts of a job whose next parts are stored; False if they are not."""
    by_part = join(job, parts)
    is_begun = sorted(by_part) == list(range(1, len(by_part) + 1))
    if not (is_begun and job.is_stored and job.parts == parts.parts and job.state in CAN_GO_ON):
        return False
    restored_jobs.record_first_parts(db, job, to_post(job, parts, by_part), now)
    return True


def join(job: RestoredJob, parts: PostedParts) -> dict[int, str]:
    """Return the ts of each part that the backup or the records have as posted."""
    before = dict.fromkeys(range(1, job.parts_posted + 1), job.ts or "")
    return before | parts.ts_by_part


def to_post(job: RestoredJob, parts: PostedParts, by_part: dict[int, str]) -> RestoredPost:
    """Return the post of a job. An updated message is older than the occurrence that it shows."""
    is_begun = job.parts_posted > 0 and job.ts is not None
    ts = job.ts if is_begun and job.ts else by_part[1]
    thread_ts = job.thread_ts if is_begun else parts.thread_ts or None
    at = max(int(ts.replace(".", "")) // 1000, job.scheduled_at)
    return RestoredPost(ts, thread_ts, parts.channel or job.channel, at, parts.parts, parts.ts_by_part)
