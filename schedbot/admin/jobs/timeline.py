"""Time line of a job: due, attempts with their answers, look-ups, and what people did, in order of time.

Each entry comes from one row of the database; nothing is inferred.
"""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schedbot.admin.jobs import job_summary
from schedbot.admin.schedules import pause_all
from schedbot.model import CancelReason, JobState, Outcome, ScheduleState
from schedbot.session import Session
from schedbot.slack.error_codes import explain
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import changes, jobs
from schedbot.store.history.changes import Change
from schedbot.store.history.jobs import Attempt, JobRecord, Lookup
from schedbot.store.operations import restored_jobs

POSTED = {"post": "posted as", "update": "updated the message", "share": "shared a file as"}
LOOKUP_ANSWERS = {
    "found": "the message is in the channel's history, as {ts}.",
    "absent": "the message is not in the channel's history: it did not arrive.",
    "widened": "the message is not near the second it was sent; the search is widened to a day.",
    "cannot_ask": "the channel's history cannot be read ({error}).",
    "later": "the channel's history could not be read ({error}); it is tried again.",
}
# The schedule state that cancels a job for this reason; a job cancelled by an edit has a change of the rule instead.
CANCELLING_STATES = {
    CancelReason.SCHEDULE_PAUSED: ScheduleState.PAUSED,
    CancelReason.SCHEDULE_REMOVED: ScheduleState.REMOVED,
    CancelReason.SCHEDULE_SUSPENDED: ScheduleState.SUSPENDED,
}
RULE_FIELDS = ("cron", "every", "at", "tz", "starts", "until", "holiday_policy", "skip_holidays")
CREATED = {"add": "created", "import": "created", "run-now": "extra job, beside the schedule's own times"}
FINAL = frozenset(JobState) - {JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN, JobState.HELD}
MAX_VALUE = 40


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event at an instant: `event` is for programs, `text` and `remedy` are for people."""

    at: int
    event: str
    text: str
    remedy: str = ""


def build(session: Session, job: JobRecord) -> list[TimelineEntry]:
    """Return the events of the job, and the changes of its schedule meanwhile, in order of time."""
    job_changes = list(changes.of_object(session.db, "job", str(job.job)))
    entries = [TimelineEntry(job.due_at, "due", f"Due: schedule '{job.schedule}' to channel {job.channel}.")]
    for attempt in job.attempts:
        entries.extend(attempt_entries(attempt, job))
    entries.extend(lookup_entry(lookup) for lookup in jobs.lookups(session.db, job.job))
    entries.extend(change_entry(change, "job") for change in reversed(job_changes))
    end = max((entry.at for entry in entries), default=job.due_at) if job.state in FINAL else session.now()
    entries.extend(schedule_entries(session, job, end))
    return sorted(entries, key=lambda entry: entry.at)


def attempt_entries(attempt: Attempt, job: JobRecord) -> Iterator[TimelineEntry]:
    part = f", part {attempt.part} of {job.parts}," if job.parts > 1 else ""
    name = f"Attempt {attempt.number}{part}"
    if attempt.worker == restored_jobs.WORKER:
        text = f"A restore recorded that it was posted to channel {attempt.channel}, as {attempt.ts}."
        yield TimelineEntry(attempt.ended_at or attempt.started_at, "restored", text)
        return
    if attempt.rendered_at is not None and attempt.part == 1:
        text = f"{name} rendered in {attempt.render_ms or 0:,} ms: data as of this instant."
        yield TimelineEntry(attempt.rendered_at, "rendered", text)
    yield TimelineEntry(attempt.started_at, "started", f"{name} started by {attempt.worker}.")
    if attempt.sent_at is not None:
        thread = f", in thread {attempt.thread_ts}" if attempt.thread_ts else ""
        yield TimelineEntry(attempt.sent_at, "sent", f"{name} sent to channel {attempt.channel}{thread}.")
    if attempt.ended_at is None:
        return
    if attempt.outcome is Outcome.POSTED:
        yield TimelineEntry(attempt.ended_at, "posted", f"{name} {POSTED[attempt.method]} {attempt.ts}.")
        return
    sentence, remedy = explain_error(attempt.error)
    detail = job_summary.quote_detail(attempt)
    status = f", HTTP {attempt.http_status}" if attempt.http_status not in (None, 200) else ""
    outcome = str(attempt.outcome).replace("_", " ")
    yield TimelineEntry(
        attempt.ended_at,
        str(attempt.outcome),
        f"{name.rstrip(',')}: {outcome} ({attempt.error or 'no error code'}{status}). {sentence} {detail}".rstrip(),
        job_summary.fill_job(remedy, job),
    )


def explain_error(error: str | None) -> tuple[str, str]:
    """Return the sentence and the remedy for an attempt's error."""
    if not error:
        return "", ""
    answer = explain(error.partition(":")[0])
    return answer.sentence, answer.remedy


def lookup_entry(lookup: Lookup) -> TimelineEntry:
    text = LOOKUP_ANSWERS[lookup.answer].format(ts=lookup.ts, error=lookup.error or "no reason on record")
    return TimelineEntry(lookup.looked_up_at, f"lookup_{lookup.answer}", f"Look-up for attempt {lookup.number}: {text}")


def schedule_entries(session: Session, job: JobRecord, end: int) -> Iterator[TimelineEntry]:
    """Yield the skip of this occurrence, and the changes of the schedule, or of all, between enqueue and `end`.

    A cancelled job that waited past `end` also shows the first change that may have cancelled it.
    """
    all_changes = list(changes.of_object(session.db, "schedule", job.schedule_id))
    yield from (skip_entry(change) for change in skips_of(all_changes, job))
    since = job.due_at - LOOK_AHEAD_MS
    of_all = list(changes.of_object(session.db, pause_all.ALL.kind, pause_all.ALL.id))
    in_order = heapq.merge(reversed(all_changes), reversed(of_all), key=lambda change: change.changed_at)
    later = [change for change in in_order if change.changed_at >= since and not is_skip(change)]
    if job.state is JobState.CANCELLED:
        end = max(end, next((change.changed_at for change in later if may_have_cancelled(change, job)), end))
    yield from (change_entry(change, change.kind) for change in later if change.changed_at <= end)


def is_skip(change: Change, due_at: int | None = None) -> bool:
    """Did the change skip one occurrence, or the one due at `due_at`? It does not change the schedule itself."""
    return change.command == "skip-next" and due_at in (None, (change.after or {}).get("due_at"))


def skips_of(schedule_changes: Iterable[Change], job: JobRecord) -> Iterator[Change]:
    """Return the changes that skipped this occurrence: one, or none."""
    return (change for change in schedule_changes if is_skip(change, job.due_at))


def skip_entry(change: Change) -> TimelineEntry:
    return TimelineEntry(change.changed_at, "skipped", f"{change.actor}, {change.command}: skipped this occurrence.")


def may_have_cancelled(change: Change, job: JobRecord) -> bool:
    """Can this change be the reason why the job was cancelled?"""
    before, after = change.before or {}, change.after or {}
    if job.cancel_reason is CancelReason.ALL_PAUSED:
        return change.kind == pause_all.ALL.kind and after.get("state") == ScheduleState.PAUSED
    if job.cancel_reason and (state := CANCELLING_STATES.get(job.cancel_reason)):
        return after.get("state") == state
    return bool(before) and any(before.get(key) != after.get(key) for key in RULE_FIELDS)


def change_entry(change: Change, kind: str) -> TimelineEntry:
    names = {"schedule": f"schedule '{change.name}': ", pause_all.ALL.kind: f"{change.name}: "}
    name = names.get(kind, "")
    text = f"{change.actor}, {change.command}: {name}{describe_change(change)}."
    return TimelineEntry(change.changed_at, f"{kind}_changed", text)


def describe_change(change: Change) -> str:
    """Return `state failed -> queued, error timeout -> none`."""
    if change.before is None and change.command in CREATED:
        return CREATED[change.command]
    before, after = change.before or {}, change.after or {}
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return ", ".join(f"{key} {format_value(before.get(key))} -> {format_value(after.get(key))}" for key in keys) or (
        "no change"
    )


def format_value(value: object) -> str:
    text = value if isinstance(value, str) else "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
