"""How a job is told: an object for programs, a row or a time line for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from schedbot import times
from schedbot.admin.jobs.next_steps import Standing
from schedbot.presentation import terminal
from schedbot.store.history.jobs import Attempt, JobRecord

if TYPE_CHECKING:  # the rules of recurrence come with it, and a table needs none of them
    from schedbot.admin.jobs.timeline import Entry

KEYS = (
    *("job", "occurrence", "schedule", "account", "workspace", "channel", "due_at", "state", "error", "ts"),
    *("lateness_ms", "attempts", "deferred_to", "deferred_by"),
)
COLUMNS = ("JOB", "DUE", "SCHEDULE", "STATE", "LATE", "WHY")
STYLES = {
    "succeeded": "green",
    "failed": "red",
    "held": "bold magenta",
    "unknown": "magenta",
    "missed": "yellow",
    "running": "cyan",
    "queued": "blue",
    "skipped": "dim",
    "cancelled": "dim",
}
CUT = ("SCHEDULE", "WHY")
GAP = 2
SHORTEST = 10


def as_object(job: JobRecord) -> dict[str, Any]:
    """The object of the contract. Instants are RFC 3339 in UTC, spans milliseconds."""
    return {
        "job": job.job,
        "occurrence": f"{job.schedule_id}:{job.due_at}",
        "schedule": job.schedule,
        "account": job.account,
        "workspace": job.workspace,
        "channel": job.channel,
        "due_at": times.to_rfc3339(job.due_at),
        "state": job.state.value,
        "error": job.error,
        "ts": job.ts,
        "lateness_ms": job.lateness_ms,
        "attempts": [attempt(one) for one in job.attempts],
        "deferred_to": stamp(job.deferred_to),
        "deferred_by": job.deferred_by,
    }


def attempt(one: Attempt) -> dict[str, Any]:
    return {
        "number": one.number,
        "worker": one.worker,
        "started_at": stamp(one.started_at),
        "sent_at": stamp(one.sent_at),
        "ended_at": stamp(one.ended_at),
        "outcome": one.outcome.value if one.outcome else None,
        "error": one.error,
        "http_status": one.http_status,
        "ts": one.ts,
        "detail": one.detail,
    }


def stamp(at: int | None) -> str | None:
    return None if at is None else times.to_rfc3339(at)


def entry(one: "Entry") -> dict[str, Any]:
    """One entry of a job's story, for programs."""
    return {"at": times.to_rfc3339(one.at), "event": one.event, "text": one.text, "remedy": one.remedy or None}


def table(jobs: Sequence[JobRecord], now: int) -> None:
    """The jobs as a table that fits: long names are cut first, then long reasons, never an instant or a state."""
    rows = [row(job, now) for job in jobs]
    wide = {column: max([len(column), *(len(cells[n]) for cells in rows)]) for n, column in enumerate(COLUMNS)}
    room = terminal.width() - GAP * len(COLUMNS) - sum(wide[column] for column in COLUMNS if column not in CUT)
    why = min(wide["WHY"], max(SHORTEST, room - wide["SCHEDULE"], room * 3 // 5))
    limits = {"SCHEDULE": max(SHORTEST, room - why), "WHY": why}
    for cells in rows:
        for column, room in limits.items():
            cells[COLUMNS.index(column)] = cut(cells[COLUMNS.index(column)], room)
    terminal.table(COLUMNS, rows, "No job matches.", STYLES)


def row(job: JobRecord, now: int) -> list[str]:
    _, _, due = times.format_instant(job.due_at, times.zone(job.tz), now).partition(" ")  # the weekday takes room
    number = "-" if job.job is None else str(job.job)
    return [number, due, job.schedule, job.state.value, late(job.lateness_ms), job.error or ""]


def cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def late(lateness_ms: int | None) -> str:
    """`0.4 s`, `12 min`, `3 h`: one unit; nothing where nothing was posted."""
    if lateness_ms is None:
        return ""
    if lateness_ms < 60_000:
        return f"{lateness_ms / 1000:.1f} s"
    number, unit = times.format_duration(lateness_ms).split()[:2]
    return f"{number} {unit}"


def time_line(job: JobRecord, story: Iterable["Entry"], stands: Standing, now: int) -> None:
    """The job, all that happened with the seconds between, how it stands and what helps."""
    zone = times.zone(job.tz)
    title = f"Job {job.job}: {job.schedule}, due {times.format_instant(job.due_at, zone, now)}"
    terminal.say(f"{title} ({times.format_relative(job.due_at, now)})", "bold")
    terminal.facts([("workspace", job.workspace), ("account", job.account), ("channel", job.channel)])
    terminal.say()
    day, before = "", None
    for one in story:
        local = f"{times.to_local_rfc3339(one.at, zone)[:19]}.{one.at % 1000:03}"
        if local[:10] != day:
            day = local[:10]
            terminal.say(f"{day} {job.tz}")
        passed = "" if before is None else f"+{(one.at - before) / 1000:.3f} s"
        terminal.say(f"  {local[11:]}  {passed:>12}  {one.text}")
        before = one.at
    terminal.say()
    terminal.say(f"{job.state.value}: {stands.sentence}", STYLES.get(job.state.value, ""))
    for step in stands.steps:
        terminal.say(f"  Next: {step}")
