"""`schedbot simulate`: a year in a minute, in a copy of the database."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from schedbot import log, times
from schedbot.admin.simulation import downtimes, simulate
from schedbot.admin.simulation.simulate import ScheduleTally, SimulatedOccurrence
from schedbot.admin.simulation.tick_steps import SimulationSpan
from schedbot.errors import BadInput
from schedbot.model import JobState
from schedbot.presentation import terminal
from schedbot.rules import recurrence
from schedbot.session import Session, open_session
from schedbot.tick import tick

DAY_MS = 86_400_000
DAYS = 30
NAMES = 5
SHOWN = (JobState.QUEUED, JobState.MISSED, JobState.SKIPPED)


def run(
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="Where it begins. [default: now]")] = "",
    to: Annotated[str, typer.Option(metavar="WHEN", help="Up to there, not with it. [default: 30 days later]")] = "",
    down: Annotated[list[str] | None, typer.Option(metavar="WHEN/SPAN", help="The machine is off: no tick.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="With --json: one object for each schedule.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each occurrence.")] = False,
) -> None:
    """Show what would be due, missed and skipped, and which clock changes touch a schedule. Nothing is changed.

    The schedules of now are taken as though they had been there all the time. The same database and the same span give
    the same answer at every run, so a script can compare it.

    Example:  schedbot simulate --from 2026-01-01 --to 2027-01-01 --down '2026-03-02 08:50/30m'
    """
    log.quiet = True  # a pause that ends in the simulation has not ended
    with open_session() as session:
        span = said(session, from_, to, down or [])
        found = simulated(session, span)
        if json and not summary:
            terminal.json_lines(map(json_object, found))
            return
        tallies: dict[str, ScheduleTally] = {}
        for one in found:
            tallies.setdefault(one.schedule, ScheduleTally()).add(one)
        if json:
            terminal.json_lines(summary_object(name, tally) for name, tally in sorted(tallies.items()))
        else:
            show(session, span, tallies)


def said(session: Session, from_: str, to: str, downs: list[str]) -> SimulationSpan:
    """The span that the words mean, wall clocks read in the zone of the terminal. Raises BadInput."""
    now, zone = session.now(), session.local_zone
    start = times.parse_future(from_, zone, now) if from_ else now
    end = times.parse_future(to, zone, now) if to else start + DAYS * DAY_MS
    if end <= start:
        raise BadInput(f"--to {times.quote(to)} is not after the beginning.", "Name a later one, or an earlier --from.")
    return SimulationSpan(start, end, downtimes.parse_downtimes(downs, zone, now))


def simulated(session: Session, span: SimulationSpan) -> Iterable[SimulatedOccurrence]:
    """The occurrences, with a progress bar on a terminal."""
    with terminal.progress("Simulating", span.end - span.start) as bar:
        yield from simulate.simulate(
            session, span, ticked, lambda at: bar.update(bar.task_ids[0], completed=at - span.start)
        )


def ticked(session: Session, ahead_ms: int) -> int:
    """One tick; returns how many occurrences it put on record."""
    told = tick(session, ahead_ms=ahead_ms)
    return told.enqueued + told.missed + told.skipped


def show(session: Session, span: SimulationSpan, tallies: dict[str, ScheduleTally]) -> None:
    """A row for each schedule, the sum, the reasons, and the clock changes."""
    rows = [row(name, tally) for name, tally in sorted(tallies.items())]
    terminal.table(("SCHEDULE", "DUE", "MISSED", "SKIPPED", "LATEST", "WHY NOT"), rows, "Nothing is due in that time.")
    if rows:
        due, missed, skipped = (sum(tally.states[state] for tally in tallies.values()) for state in SHOWN)
        counted = "1 schedule" if len(rows) == 1 else f"{len(rows)} schedules"
        terminal.say(f"\n{counted}: {due} due, {missed} missed, {skipped} skipped.")
    for change, tz, names in simulate.find_clock_changes(session, span):
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        terminal.say(f"{recurrence.describe_clock_change(change, tz)} ({', '.join(names[:NAMES])}{more})")
    if off := simulate.find_paused(session):
        terminal.note(
            f"Left out, because paused or suspended: {', '.join(one.name for one in off[:NAMES])}"
            f"{f' and {len(off) - NAMES} more' if len(off) > NAMES else ''}."
        )


def row(name: str, tally: ScheduleTally) -> tuple[str, ...]:
    late = times.format_duration(tally.latest_ms) if tally.latest_ms else ""
    why = ", ".join(f"{reason} ({count})" for reason, count in sorted(tally.reasons.items()))
    return name, *(str(tally.states[state] or "") for state in SHOWN), late, why


def json_object(one: SimulatedOccurrence) -> dict[str, Any]:
    return {
        "schedule": one.schedule,
        "due_at": times.to_rfc3339(one.due_at),
        "local": times.to_local_rfc3339(one.due_at, times.zone(one.tz)),
        "state": one.state.value,
        "error": one.error,
        "late_ms": one.late_ms,
    }


def summary_object(name: str, tally: ScheduleTally) -> dict[str, Any]:
    counts = {state.value: tally.states[state] for state in SHOWN}
    return {"schedule": name, **counts, "errors": dict(sorted(tally.reasons.items())), "latest_ms": tally.latest_ms}
