"""Jobs as rows of a table and as a time line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schedbot import times
from schedbot.admin.jobs.circumstances import Circumstances
from schedbot.admin.jobs.job_summary import JobSummary
from schedbot.admin.jobs.short_reason import explain_briefly
from schedbot.presentation import output, text_width
from schedbot.store.history.jobs import JobRecord

if TYPE_CHECKING:  # it imports the rules of recurrence, and a table needs none of them
    from schedbot.admin.jobs.timeline import TimelineEntry

Row = dict[str, str]  # cells by column
COLUMNS = ("JOB", "DUE", "SCHEDULE", "STATE", "LATE", "WHY")
WIDE_COLUMNS = ("JOB", "DUE", "SCHEDULE", "ACCOUNT", "WORKSPACE", "CHANNEL", "STATE", "LATE", "WHY")
WHERE_WIDTH_ALLOWS = ("ACCOUNT", "CHANNEL")
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
SPAN_REASON = " because "
GAP = 2
MIN_CELL = 10
# Width of the instant and the time since the previous entry in a time line.
TIME_COLUMNS = 30


def entry_to_json(entry: "TimelineEntry") -> dict[str, Any]:
    """Return the object of one entry of the time line."""
    return {
        "at": times.to_rfc3339(entry.at),
        "event": entry.event,
        "text": entry.text,
        "remedy": entry.remedy or None,
    }


def print_table(jobs: Sequence[JobRecord], circumstances: Circumstances, is_wide: bool = False) -> None:
    """Print the table. Long names are cut first, then long reasons; an instant or a state never is.

    Account and channel are columns if nothing is cut for them. `is_wide`: all columns, and nothing is cut.
    """
    rows = [table_row(job, circumstances) for job in jobs]
    widths = {column: max([len(column), *(len(row[column]) for row in rows)]) for column in WIDE_COLUMNS}
    columns = WIDE_COLUMNS if is_wide else choose_columns(rows, widths)
    if not is_wide:
        limit_cells(rows, columns, widths)
    cells = [[row[column] for column in columns] for row in rows]
    output.table(columns, cells, "No job matches.", STYLES, is_wide=is_wide)


def choose_columns(rows: Sequence[Row], widths: Mapping[str, int]) -> Sequence[str]:
    """Return the usual columns, with those that fit beside them without a cut."""
    columns = list(COLUMNS)
    for column in WHERE_WIDTH_ALLOWS:
        needed = sum(widths[name] + GAP for name in (*columns, column))
        if needed <= output.width() and any(row[column] for row in rows):
            columns.append(column)
    return [column for column in WIDE_COLUMNS if column in columns]


def limit_cells(rows: Sequence[Row], columns: Sequence[str], widths: Mapping[str, int]) -> None:
    """Cut names and reasons so that the columns fit."""
    room = output.width() - GAP * (len(columns) - 1) - sum(widths[column] for column in columns if column not in CUT)
    why = min(widths["WHY"], max(MIN_CELL, room - widths["SCHEDULE"], room * 3 // 5))
    names = text_width.shorten_names((row["SCHEDULE"] for row in rows), max(MIN_CELL, room - why))
    for row in rows:
        row.update({"SCHEDULE": names[row["SCHEDULE"]], "WHY": shorten(row["WHY"], why)})


def shorten(text: str, limit: int) -> str:
    """Return the text in at most `limit` columns; of a count of missed occurrences, first without its reason."""
    counted, _, reason = text.partition(SPAN_REASON)
    return output.cut(text if not reason or len(text) <= limit else counted, limit)


def table_row(job: JobRecord, circumstances: Circumstances) -> Row:
    now, why = circumstances.now, explain_briefly(job, circumstances)
    _, _, due = times.format_instant(job.due_at, times.zone(job.tz), now).partition(" ")  # no room for the weekday
    return {
        "JOB": "-" if job.job is None else str(job.job),
        "DUE": due,
        "SCHEDULE": job.schedule,
        "ACCOUNT": job.account,
        "WORKSPACE": job.workspace,
        "CHANNEL": job.channel,
        "STATE": job.state.value,
        "LATE": format_lateness(job.lateness_ms),
        "WHY": why if job.occurrences is None else f"{format_missed(job, now)}{SPAN_REASON}{why}",
    }


def format_missed(job: JobRecord, now: int) -> str:
    """Return `4,031 missed to 14 Oct 23:55 UTC` for a record of many missed occurrences."""
    _, _, last = times.format_instant(job.last_due_at or job.due_at, times.zone(job.tz), now).partition(" ")
    return f"{job.occurrences:,} missed to {last}"


def format_lateness(lateness_ms: int | None) -> str:
    """Return `0.4 s`, `12 min` or `3 h`, in one unit; empty for a job that was not posted."""
    if lateness_ms is None:
        return ""
    if lateness_ms < 60_000:
        return f"{lateness_ms / 1000:.1f} s"
    number, unit = times.format_duration(lateness_ms).split()[:2]
    return f"{number} {unit}"


def print_time_line(job: JobRecord, entries: Iterable["TimelineEntry"], summary: JobSummary, now: int) -> None:
    """Print the job, its entries with the seconds between them, its summary and the next steps."""
    zone = times.zone(job.tz)
    title = f"Job {job.job}: {job.schedule}, due {times.format_instant(job.due_at, zone, now)}"
    output.print_line(f"{title} ({times.format_relative(job.due_at, now)})", "bold")
    output.facts([("workspace", job.workspace), ("account", job.account), ("channel", job.channel)])
    output.print_line()
    day, before = "", None
    for entry in entries:
        local = f"{times.to_local_rfc3339(entry.at, zone)[:19]}.{entry.at % 1000:03}"
        if local[:10] != day:
            day = local[:10]
            output.print_line(f"{day} {job.tz}")
        passed = "" if before is None else f"+{(entry.at - before) / 1000:.3f} s"
        first, *others = entry.text.splitlines()
        output.print_line(f"  {local[11:]}  {passed:>12}  {first}", hang=TIME_COLUMNS)
        for line in others:
            output.print_line(f"{'':{TIME_COLUMNS}}{line}", hang=TIME_COLUMNS)
        before = entry.at
    output.print_line()
    output.print_line(summary.sentence, STYLES.get(job.state.value, ""))
    for step in summary.steps:
        output.print_line(f"  Next: {step}", hang=8)
