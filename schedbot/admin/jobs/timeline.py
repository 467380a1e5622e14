"""One job's whole story: what was due, each try and its answer, look-ups, and what people did, in order of time.

An entry says what happened; its remedy is what Slack's answer asks for. Nothing here is guessed: each entry is a row.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schedbot.admin.jobs import next_steps
from schedbot.model import JobState, Outcome
from schedbot.session import Session
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS
from schedbot.store.history import changes, jobs
from schedbot.store.history.changes import Change
from schedbot.store.history.jobs import Attempt, JobRecord, Lookup

ANSWERS = {
    "found": "The channel's history has it, as {ts}.",
    "absent": "The channel's history does not have it: it never arrived.",
    "elsewhere": "It is not in its own seconds of the channel's history; it is looked for in a whole day.",
    "cannot_ask": "The channel's history cannot be asked ({error}).",
    "later": "The channel's history could not be asked just then ({error}); it is asked again.",
}
# The state of a schedule by which a job was cancelled for that reason; by an edit, one of these differs.
CANCELLED_BY = {"schedule_paused": "paused", "schedule_removed": "removed", "schedule_suspended": "suspended"}
RULE = ("cron", "every", "at", "tz", "starts", "until", "holiday_policy", "skip_holidays")
NEW = {
    "add": "it is new",
    "import": "it is new",
    "run-now": "one more job, beside what its schedule's rule makes",
}
OVER = frozenset(JobState) - {JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN, JobState.HELD}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at an instant. `event` is for programs, `text` and `remedy` for people."""

    at: int
    event: str
    text: str
    remedy: str = ""


def told(session: Session, job: JobRecord) -> list[Entry]:
    """All that happened to the job, and to its schedule meanwhile, the first thing first."""
    own = list(changes.of_object(session.db, "job", str(job.job)))
    entries = [Entry(job.due_at, "due", f"Due: schedule '{job.schedule}' to channel {job.channel}.")]
    for attempt in job.attempts:
        entries.extend(tried(attempt, job))
    entries.extend(looked_up(lookup) for lookup in jobs.lookups(session.db, job.job))
    entries.extend(changed(change, "job") for change in reversed(own))
    end = max((entry.at for entry in entries), default=job.due_at) if job.state in OVER else session.now()
    entries.extend(of_schedule(session, job, end))
    return sorted(entries, key=lambda entry: entry.at)


def tried(attempt: Attempt, job: JobRecord) -> Iterator[Entry]:
    name = f"Attempt {attempt.number}"
    yield Entry(attempt.started_at, "started", f"{name} started, by {attempt.worker}.")
    if attempt.sent_at is not None:
        yield Entry(attempt.sent_at, "sent", f"{name} left for channel {attempt.channel}.")
    if attempt.ended_at is None:
        return
    if attempt.outcome is Outcome.POSTED:
        yield Entry(attempt.ended_at, "posted", f"{name} was posted, as {attempt.ts}.")
        return
    meaning, remedy = explained(attempt.error)
    detail = f" {attempt.detail}" if attempt.detail else ""
    status = f", HTTP {attempt.http_status}" if attempt.http_status not in (None, 200) else ""
    outcome = str(attempt.outcome).replace("_", " ")
    yield Entry(
        attempt.ended_at,
        str(attempt.outcome),
        f"{name}: {outcome} ({attempt.error or 'no error was told'}{status}). {meaning}{detail}".rstrip(),
        next_steps.of_job(remedy, job),
    )


def explained(error: str | None) -> tuple[str, str]:
    """The sentence and the remedy for an attempt's error."""
    if not error:
        return "", ""
    from schedbot.slack.error_codes import explain

    answer = explain(error.partition(":")[0])
    return answer.sentence, answer.remedy


def looked_up(lookup: Lookup) -> Entry:
    text = ANSWERS[lookup.answer].format(ts=lookup.ts, error=lookup.error or "no reason was told")
    return Entry(lookup.asked_at, f"lookup_{lookup.answer}", f"Look-up for attempt {lookup.number}: {text}")


def of_schedule(session: Session, job: JobRecord, end: int) -> Iterator[Entry]:
    """What was changed in its schedule from when the job may have been enqueued to its end, and by whom it was skipped.

    One that waited longer was cancelled only after it was due: by the first change that did.
    """
    own = list(changes.of_object(session.db, "schedule", job.schedule_id))
    yield from (skipped(change) for change in skips(own, job))
    since = job.due_at - LOOK_AHEAD_MS
    later = [change for change in reversed(own) if change.changed_at >= since and not is_skip(change)]
    if job.state is JobState.CANCELLED:
        end = max(end, next((change.changed_at for change in later if may_have_cancelled(change, job)), end))
    yield from (changed(change, "schedule") for change in later if change.changed_at <= end)


def is_skip(change: Change, due_at: int | None = None) -> bool:
    """Did it drop one occurrence, or that one? It is no change of the schedule itself."""
    return change.command == "skip-next" and due_at in (None, (change.after or {}).get("due_at"))


def skips(own: Iterable[Change], job: JobRecord) -> Iterator[Change]:
    """Of its schedule's changes those that dropped this occurrence: one, or none."""
    return (change for change in own if is_skip(change, job.due_at))


def skipped(change: Change) -> Entry:
    return Entry(change.changed_at, "skipped", f"{change.actor}, {change.command}: it is left out.")


def may_have_cancelled(change: Change, job: JobRecord) -> bool:
    """Could the job be cancelled by it, for the reason that it has?"""
    before, after, state = change.before or {}, change.after or {}, CANCELLED_BY.get(job.error or "")
    if state:
        return after.get("state") == state
    return bool(before) and any(before.get(key) != after.get(key) for key in RULE)


def changed(change: Change, kind: str) -> Entry:
    about = f"schedule '{change.name}': " if kind == "schedule" else ""
    return Entry(change.changed_at, f"{kind}_changed", f"{change.actor}, {change.command}: {about}{fields(change)}.")


def fields(change: Change) -> str:
    """`state failed -> queued, error timeout -> none`: what differs between before and after."""
    if change.before is None and change.command in NEW:
        return NEW[change.command]
    before, after = change.before or {}, change.after or {}
    differing = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return ", ".join(f"{key} {worded(before.get(key))} -> {worded(after.get(key))}" for key in differing) or "no change"


def worded(value: object) -> str:
    text = value if isinstance(value, str) else "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"
