"""`schedbot show`: all there is to know of one schedule."""

from collections.abc import Iterator
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.schedules import lookup
from schedbot.model import HolidayPolicy, OutsidePolicy, Schedule
from schedbot.presentation import schedules, terminal
from schedbot.rules import recurrence
from schedbot.session import Session, open_session
from schedbot.store.history import changes
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.schedules import user_zones

Pair = tuple[str, str]
HOLIDAYS = {
    HolidayPolicy.SKIP: "is left out",
    HolidayPolicy.BEFORE: "moves to the business day before",
    HolidayPolicy.AFTER: "moves to the next business day",
}


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show a schedule: what it says, when it is next due, its last jobs, and who changed it last.

    Example:  schedbot show acme-weekly
    """
    with open_session() as session:
        schedule = lookup.find(session.db, name)
        if json:
            terminal.json_lines(schedules.objects(session, [schedule]))
            return
        terminal.facts([*what(schedule), *how(schedule), *standing(session, schedule)])
        part("Next", schedules.coming(session, schedule))
        part("Last jobs", list(jobs(session, schedule)))
        schedules.note_paused_workspaces(session, schedule.workspace)


def part(title: str, lines: list[str]) -> None:
    terminal.say()
    terminal.say(f"{title}:" if lines else f"{title}: none", style="bold")
    for line in lines:
        terminal.say(f"  {line}")


def what(schedule: Schedule) -> Iterator[Pair]:
    """Who wants what, where and when."""
    rule, terms = schedule.recurrence, schedule.terms
    yield "Name", schedule.name
    yield "When", schedules.in_words(schedule)
    yield "Cron", f"{rule.cron}  ({rule.tz})" if rule.cron else ""
    yield "Every", f"{recurrence.to_phrase(rule.rrule)}  ({rule.tz})" if rule.rrule else ""
    yield "Channel", f"{terms.channel} in the workspace '{schedule.workspace}'"
    yield "Account", schedule.account
    yield terms.report.kind.capitalize(), terms.report.source
    yield "Parameters", schedules.value(terms.report.params) if terms.report.params else ""


def how(schedule: Schedule) -> Iterator[Pair]:
    """Its bounds and policies."""
    terms, zone = schedule.terms, times.zone(schedule.recurrence.tz)
    yield "Starts", times.format_instant(terms.starts_at, zone) if terms.starts_at is not None else ""
    count = f" ({terms.count} occurrences)" if terms.count else ""
    yield "Until", times.format_instant(terms.until_at, zone) + count if terms.until_at is not None else ""
    grace = times.format_duration(terms.grace_ms)
    yield "Missed", f"{terms.misfire.value}; posted up to {grace} late"
    yield "Attempts", f"up to {terms.max_attempts}; when its fate is unknown: {terms.on_unknown.value}"
    yield "Priority", terms.priority.value
    yield "Jitter", times.format_duration(terms.jitter_ms) if terms.jitter_ms else ""
    policy = HOLIDAYS[terms.holiday_policy]
    yield "Holidays", f"{terms.skip_holidays}; what is due then {policy}" if terms.skip_holidays else ""
    way = "waits" if terms.outside is OutsidePolicy.DEFER else "is left out"
    yield "Window", f"{terms.window}; what is due outside {way}" if terms.window else ""
    yield "Blackout", f"{terms.blackout}; what is due then {way}" if terms.blackout else ""
    for hours in schedule.shared:
        way = "waits" if hours.outside is OutsidePolicy.DEFER else "is left out"
        yield "Window", f"{hours.window} ({hours.owner}); what is due outside {way}" if hours.window else ""
        yield "Blackout", f"{hours.blackout} ({hours.owner}); what is due then {way}" if hours.blackout else ""


def standing(session: Session, schedule: Schedule) -> Iterator[Pair]:
    """How it stands, and who changed it last."""
    now, zone = session.now(), session.local_zone
    why = f": {schedules.why(schedule, now)}" if schedule.reason else ""
    yield "State", f"{schedule.state.value}{why}"
    yield "Added", times.format_instant(schedule.created_at, zone, now)
    person = user_zones.one(session.db, schedule.workspace_id, schedule.terms.tz_from.partition(":")[2])
    if person:
        told = times.format_relative(person.asked_at, now)
        yield "Zone", f"{schedule.recurrence.tz}, of {person.user_id}; Slack told it {told}"
    last = changes.last(session.db, "schedule", schedule.id)
    yield "Version", str(schedule.version)
    if last:
        when = f"{times.format_instant(last.changed_at, zone, now)}, {times.format_relative(last.changed_at, now)}"
        yield "Last change", f"{last.command} by {last.actor}, {when}"
    yield "Id", schedule.id


def jobs(session: Session, schedule: Schedule) -> Iterator[str]:
    """A line for each of the last jobs, those to come included; one of many missed ones has no number."""
    now = session.now()
    for job in job_history.newest(session.db, Filter(schedules=(schedule.id,)), 5):
        late = f", {times.format_duration(job.lateness_ms)} late" if job.lateness_ms else ""
        error = f": {job.error}" if job.error else ""
        later = "" if job.deferred_to is None else f", put off to {schedules.local(schedule, job.deferred_to, now)}"
        number = "-" if job.job is None else job.job
        yield f"{number}  {schedules.local(schedule, job.due_at, now)}  {job.state.value}{error}{later}{late}"
