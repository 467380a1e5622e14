"""`schedbot simulate`: simulate a span of time in a copy of the database."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from schedbot import log, times
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.downtimes import SimulationSpan, parse_downtimes
from schedbot.admin.simulation.simulate import ScheduleTally, SimulatedOccurrence
from schedbot.errors import BadInput
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.rules import recurrence
from schedbot.session import Session, open_session
from schedbot.store.schedules import pauses_of_all
from schedbot.tick import tick

DAY_MS = 86_400_000
DEFAULT_DAYS = 30
MAX_NAMES = 5
COUNTED_STATES = (JobState.QUEUED, JobState.MISSED, JobState.SKIPPED)
COLUMNS = ("SCHEDULE", "DUE", "MISSED", "SKIPPED", "LATEST", "REASONS")


def run(
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="Start. [default: now]")] = "",
    to: Annotated[str, typer.Option(metavar="WHEN", help="End, exclusive. [default: 30 days after the start]")] = "",
    down: Annotated[
        list[str] | None, typer.Option(metavar="WHEN/SPAN", help="No tick runs for SPAN. Repeatable.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="With --json: one object a schedule.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object an occurrence.")] = False,
) -> None:
    """Show due, missed and skipped occurrences in a span, and the clock changes that affect schedules.

    Nothing is changed. The present schedules apply to the whole span. The same database and span always give the same
    result, so scripts can compare it.

    Example:  schedbot simulate --from 2026-01-01 --to 2027-01-01 --down '2026-03-02 08:50/30m'
    """
    log.quiet = True  # a pause that ends in the simulation has not really ended
    with open_session() as session:
        span = parse_span(session, from_, to, down or [])
        if pauses_of_all.get_present(session.db, session.now()):
            output.note("All posts are paused ('pause --all'). The simulation shows what is due without that pause.")
        occurrences = simulate_with_progress(session, span)
        if json and not summary:
            output.json_lines(map(to_json, occurrences))
            return
        tallies: dict[str, ScheduleTally] = {}
        for occurrence in occurrences:
            tallies.setdefault(occurrence.schedule, ScheduleTally()).add(occurrence)
        if json:
            output.json_lines(summary_to_json(name, tally) for name, tally in sorted(tallies.items()))
        else:
            show(session, span, tallies)


def parse_span(session: Session, from_: str, to: str, downs: list[str]) -> SimulationSpan:
    """Return the span, with wall clocks in the local time zone. Raises BadInput."""
    now, zone = session.now(), session.local_zone
    start = times.parse_future(from_, zone, now) if from_ else now
    end = times.parse_future(to, zone, now) if to else start + DEFAULT_DAYS * DAY_MS
    if end <= start:
        raise BadInput(f"--to {times.quote(to)} is not after the start.", "Use a later --to or an earlier --from.")
    return SimulationSpan(start, end, parse_downtimes(downs, zone, now))


def simulate_with_progress(session: Session, span: SimulationSpan) -> Iterable[SimulatedOccurrence]:
    """Yield the occurrences; a terminal shows a progress bar."""
    with output.progress("Simulating", span.end - span.start) as bar:
        yield from simulate.simulate(
            session, span, run_tick, lambda at: bar.update(bar.task_ids[0], completed=at - span.start)
        )


def run_tick(session: Session, ahead_ms: int) -> int:
    """Run one tick and return how many occurrences it recorded."""
    result = tick(session, ahead_ms=ahead_ms)
    return result.enqueued + result.missed + result.skipped


def show(session: Session, span: SimulationSpan, tallies: dict[str, ScheduleTally]) -> None:
    """Print a row for each schedule, the totals and the clock changes."""
    rows = [table_row(name, tally) for name, tally in sorted(tallies.items())]
    output.table(COLUMNS, rows, "No occurrence is due in this span.")
    if rows:
        due, missed, skipped = (sum(tally.states[state] for tally in tallies.values()) for state in COUNTED_STATES)
        schedules = output.count(len(rows), "schedule")
        output.print_line(f"\n{schedules}: {due} due, {missed} missed, {skipped} skipped.")
    for change, tz, names in simulate.find_clock_changes(session, span):
        output.print_line(f"{recurrence.describe_clock_change(change, tz)} ({list_names(names)})")
    if stopped := simulate.find_paused(session):
        output.note(
            f"Not simulated, because paused or suspended: {list_names([schedule.name for schedule in stopped])}."
        )


def list_names(names: list[str]) -> str:
    """Return `a, b, c, d, e and 3 more`."""
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def table_row(name: str, tally: ScheduleTally) -> tuple[str, ...]:
    late = times.format_duration(tally.latest_ms) if tally.latest_ms else ""
    reasons = ", ".join(f"{reason} ({count})" for reason, count in sorted(tally.reasons.items()))
    return name, *(str(tally.states[state] or "") for state in COUNTED_STATES), late, reasons


def to_json(occurrence: SimulatedOccurrence) -> dict[str, Any]:
    """Many missed occurrences are one object: `occurrences` is their number from due_at to last_due_at."""
    span: dict[str, Any] = {}
    if occurrence.occurrences > 1 and occurrence.last_due_at is not None:
        span = {"occurrences": occurrence.occurrences, "last_due_at": times.to_rfc3339(occurrence.last_due_at)}
    return {
        "schedule": occurrence.schedule,
        "due_at": times.to_rfc3339(occurrence.due_at),
        "local": times.to_local_rfc3339(occurrence.due_at, times.zone(occurrence.tz)),
        "state": occurrence.state.value,
        "error": occurrence.error,
        "late_ms": occurrence.late_ms,
        **span,
    }


def summary_to_json(name: str, tally: ScheduleTally) -> dict[str, Any]:
    counts = {state.value: tally.states[state] for state in COUNTED_STATES}
    return {"schedule": name, **counts, "errors": dict(sorted(tally.reasons.items())), "latest_ms": tally.latest_ms}
