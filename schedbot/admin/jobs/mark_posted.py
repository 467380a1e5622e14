"""A person says that a message did arrive: the job succeeds with the `ts` that they read in the channel.

Only where nobody knows (`held`, `unknown`): anything else is on record already. It is recorded who said so.
"""

import re

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState
from schedbot.rules.lifecycle import MOVES, Event
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history import jobs
from schedbot.store.history.jobs import JobRecord
from schedbot.store.jobs import manual

TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
# A message's link ends in p1234567890123456.
LINK = re.compile(r"https://\S+/archives/(?P<channel>[A-Z0-9]+)/p(?P<s>[0-9]{10})(?P<us>[0-9]{6})(?:\?\S*)?")
CLOCKS_MS = 5 * 60_000  # Slack's clock and ours may differ
MARKABLE = {state for state, event in MOVES if event is Event.MARKED_POSTED}


def mark_posted(session: Session, job: int, said: str) -> JobRecord:
    """Settle `job` as posted; `said` is a ts or a message's link. Raises BadInput, and NotFound for no such job."""
    ts, db, context = message_ts(said), session.db, ChangeContext.begin(session, "audit --mark-posted")
    with db.writing():
        found = known(session, job)
        if found.state not in MARKABLE:
            raise BadInput(f"Job {job} is {found.state.value}: it cannot be marked.", hint_for(found))
        refuse_another(found, said.strip())
        lateness_ms = max(0, written_at(ts) - found.goes_at)
        manual.mark_posted(db, job, found.state, ts, lateness_ms)
        record(db, context, found, ts)
    return known(session, job)


def message_ts(said: str) -> str:
    """The ts that was typed, or that a message's link holds. Raises BadInput."""
    if link := LINK.fullmatch(said.strip()):
        return f"{link['s']}.{link['us']}"
    if not TS.fullmatch(said.strip()):
        raise BadInput(
            f"'{said}' does not name a message.",
            "In Slack, copy the message's link and give that, or its ts, like 1234567890.123456.",
        )
    return said.strip()


def written_at(ts: str) -> int:
    """The instant that a message's ts is."""
    return int(ts.replace(".", "")) // 1000


def refuse_another(found: JobRecord, said: str) -> None:
    """Raises BadInput for the link of a message that stands in another channel than the job left for."""
    channels = {one.channel for one in found.attempts if one.sent_at is not None}
    link = LINK.fullmatch(said)
    if link and channels and link["channel"] not in channels:
        raise BadInput(
            f"That message is in {link['channel']}, and job {found.job} left for {', '.join(sorted(channels))}.",
            "Give the link of the message that it posted.",
        )


def doubt(found: JobRecord, now: int) -> str | None:
    """A sentence, where the message that a job was marked with is from before it left, or from after `now`."""
    left_at = min((one.sent_at for one in found.attempts if one.sent_at is not None), default=None)
    if left_at is None or found.ts is None or left_at - CLOCKS_MS <= written_at(found.ts) <= now + CLOCKS_MS:
        return None
    zone = times.zone(found.tz)
    at, left = (times.format_instant(one, zone) for one in (written_at(found.ts), left_at))
    return f"That message is of {at}, and job {found.job} left at {left}. It was marked all the same."


def known(session: Session, job: int) -> JobRecord:
    """The job of that number. Raises NotFound."""
    found = jobs.by_number(session.db, job)
    if found is None:
        raise NotFound(f"There is no job {job}.", "'schedbot audit' shows the newest.")
    return found


def hint_for(found: JobRecord) -> str:
    if found.state is JobState.SUCCEEDED:
        return f"It was posted as {found.ts}."
    return f"Only held and unknown jobs can. 'schedbot audit {found.job}' tells its story."


def record(db: Database, context: ChangeContext, job: JobRecord, ts: str) -> None:
    before = {"state": job.state.value, "error": job.error}
    changed = ChangedObject("job", str(job.job), job.schedule, job.workspace_id)
    context.record(db, changed, before, {"state": JobState.SUCCEEDED.value, "ts": ts})
