"""`audit JOB --mark-posted`: a person confirms that the message of a held or unknown job arrived.

The job succeeds with the message's `ts`; if it was a part of a longer message, its next part follows. A job in any
other state is refused. The change record names the person.
"""

import re

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.jobs.job_summary import describe_state
from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState
from schedbot.rules.lifecycle import MOVES, Event
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history import jobs
from schedbot.store.history.jobs import JobRecord
from schedbot.store.jobs import settlement
from schedbot.store.jobs.settlement import MarkedPart

TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
# The link of a message ends in p1234567890123456.
LINK = re.compile(r"https://\S+/archives/(?P<channel>[A-Z0-9]+)/p(?P<s>[0-9]{10})(?P<us>[0-9]{6})(?:\?\S*)?")
CLOCK_SKEW_MS = 5 * 60_000  # between Slack's clock and this machine's
MARKABLE = {state for state, event in MOVES if event is Event.MARKED_POSTED}


def mark_posted(session: Session, number: int, message: str) -> JobRecord:
    """Mark a job as posted; `message` is a ts or a message link. Raises BadInput and NotFound."""
    ts, db, context = parse_ts(message), session.db, ChangeContext.begin(session, "audit --mark-posted")
    with db.writing():
        job = find_job(session, number)
        if job.state not in MARKABLE:
            raise BadInput(
                f"Job {number} {describe_state(job.state)}, so it cannot be marked as posted.", hint_for(job)
            )
        refuse_other_channel(job, message.strip())
        lateness_ms = max(0, ts_to_ms(ts) - job.goes_at)
        part, is_last = job.parts_posted + 1, job.parts_posted + 1 >= job.parts
        marked = MarkedPart(number, job.schedule_id, job.state, part, is_last, ts, lateness_ms)
        state = settlement.mark_posted(db, marked, context.now)
        record(db, context, job, state, ts)
    session.db.wake()
    return find_job(session, number)


def parse_ts(message: str) -> str:
    """Return the ts of a message from a ts or a link. Raises BadInput."""
    if link := LINK.fullmatch(message.strip()):
        return f"{link['s']}.{link['us']}"
    if not TS.fullmatch(message.strip()):
        raise BadInput(
            f"--mark-posted: '{message}' is neither a ts nor a message link.",
            "Copy the link of the message in Slack, or use its ts, such as 1234567890.123456.",
        )
    return message.strip()


def ts_to_ms(ts: str) -> int:
    """Return a message's ts as UTC milliseconds."""
    return int(ts.replace(".", "")) // 1000


def refuse_other_channel(job: JobRecord, message: str) -> None:
    """Raises BadInput for the link of a message in a channel that the job was not sent to."""
    channels = {attempt.channel for attempt in job.attempts if attempt.sent_at is not None}
    link = LINK.fullmatch(message)
    if link and channels and link["channel"] not in channels:
        raise BadInput(
            f"That message is in {link['channel']}, but job {job.job} was sent to {', '.join(sorted(channels))}.",
            "Use the link of the message that the job posted.",
        )


def time_warning(job: JobRecord, now: int) -> str | None:
    """Return a warning if the marked message is older than the job's first request, or newer than `now`."""
    sent_at = min((attempt.sent_at for attempt in job.attempts if attempt.sent_at is not None), default=None)
    if sent_at is None or job.ts is None or sent_at - CLOCK_SKEW_MS <= ts_to_ms(job.ts) <= now + CLOCK_SKEW_MS:
        return None
    zone = times.zone(job.tz)
    posted, sent = (times.format_instant(instant, zone) for instant in (ts_to_ms(job.ts), sent_at))
    return f"That message is from {posted}, but job {job.job} was sent at {sent}. The job is marked as posted anyway."


def find_job(session: Session, number: int) -> JobRecord:
    """Return the job with this number. Raises NotFound."""
    job = jobs.by_number(session.db, number)
    if job is None:
        raise NotFound(f"No job {number} exists.", "'schedbot audit' shows the newest jobs.")
    return job


def hint_for(job: JobRecord) -> str:
    if job.state is JobState.SUCCEEDED:
        return f"It was posted as {job.ts}."
    return f"Only held and unknown jobs can be marked. 'schedbot audit {job.job}' shows what happened to it."


def record(db: Database, context: ChangeContext, job: JobRecord, state: JobState, ts: str) -> None:
    before = {"state": job.state.value, "error": job.error}
    changed = ChangedObject("job", str(job.job), job.schedule, job.workspace_id)
    context.record(db, changed, before, {"state": state.value, "ts": ts})
