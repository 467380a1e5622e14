"""A person says that a message did arrive: the job succeeds with the `ts` that they read in the channel.

Only where nobody knows (`held`, `unknown`): anything else is on record already. It is recorded who said so.
"""

import re

from schedbot import times
from schedbot.errors import BadInput, NotFound
from schedbot.lifecycle import MOVES, Event
from schedbot.model import JobState
from schedbot.session import Session
from schedbot.store import changes, history, retrying
from schedbot.store.changes import Change
from schedbot.store.history import JobRecord

TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
# A message's link ends in p1234567890123456.
LINK = re.compile(r"https://\S+/archives/(?P<channel>[A-Z0-9]+)/p(?P<s>[0-9]{10})(?P<us>[0-9]{6})(?:\?\S*)?")
CLOCKS_MS = 5 * 60_000  # Slack's clock and ours may differ
MARKABLE = {state for state, event in MOVES if event is Event.MARKED_POSTED}


def mark_posted(session: Session, job: int, said: str) -> JobRecord:
    """Settle `job` as posted; `said` is a ts or a message's link. Raises BadInput, and NotFound for no such job."""
    ts, db, now = message_ts(said), session.db, session.now()
    with db.writing():
        found = known(session, job)
        if found.state not in MARKABLE:
            raise BadInput(f"Job {job} is {found.state.value}: it cannot be marked.", hint_for(found))
        refuse_another(found, said.strip(), written_at(ts), now)
        goes_at = found.due_at if found.deferred_to is None else found.deferred_to
        lateness_ms = max(0, written_at(ts) - goes_at)
        retrying.mark_posted(db, job, found.state, ts, lateness_ms)
        changes.record(db, change(session.actor, found, ts, now))
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


def refuse_another(found: JobRecord, said: str, at: int, now: int) -> None:
    """Raises BadInput for a message that cannot be the job's: it stands elsewhere, or is from before the job left."""
    left = {one.channel: one.sent_at for one in reversed(found.attempts) if one.sent_at is not None}
    if left and (link := LINK.fullmatch(said)) and link["channel"] not in left:
        raise BadInput(
            f"That message is in {link['channel']}, and job {found.job} left for {', '.join(left)}.",
            "Give the link of the message that it posted.",
        )
    if left and not min(left.values()) - CLOCKS_MS <= at <= now + CLOCKS_MS:
        zone = times.zone(found.tz)
        raise BadInput(
            f"That message is of {times.for_people(at, zone)}, and job {found.job} left at"
            f" {times.for_people(min(left.values()), zone)}.",
            f"If none in the channel fits, it is not there: 'schedbot retry {found.job}'.",
        )


def known(session: Session, job: int) -> JobRecord:
    """The job of that number. Raises NotFound."""
    found = history.by_number(session.db, job)
    if found is None:
        raise NotFound(f"There is no job {job}.", "'schedbot audit' shows the newest.")
    return found


def hint_for(found: JobRecord) -> str:
    if found.state is JobState.SUCCEEDED:
        return f"It was posted as {found.ts}."
    return f"Only held and unknown jobs can. 'schedbot audit {found.job}' tells its story."


def change(actor: str, found: JobRecord, ts: str, now: int) -> Change:
    return Change(
        changed_at=now,
        actor=actor,
        command="audit --mark-posted",
        kind="job",
        object_id=str(found.job),
        name=found.schedule,
        workspace_id=found.workspace_id,
        before={"state": found.state.value, "error": found.error},
        after={"state": JobState.SUCCEEDED.value, "ts": ts},
    )
