"""`schedbot show`: show a schedule with its next occurrences and its last jobs."""

from collections.abc import Iterator
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.schedules import selection, serialize
from schedbot.model import HolidayPolicy, OutsidePolicy, Schedule, Terms, ThreadSpan
from schedbot.presentation import jobs, output, schedules
from schedbot.rules import recurrence
from schedbot.session import Session, open_session
from schedbot.store.history import changes
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.schedules import user_zones

Fact = tuple[str, str]
LAST_JOBS = 5
HOLIDAY_POLICIES = {
    HolidayPolicy.SKIP: "skipped",
    HolidayPolicy.BEFORE: "moved to the business day before",
    HolidayPolicy.AFTER: "moved to the next business day",
}

THREADS = {
    ThreadSpan.DAILY: "replies in one thread for each day",
    ThreadSpan.WEEKLY: "replies in one thread for each week",
    ThreadSpan.MONTHLY: "replies in one thread for each month",
    ThreadSpan.ALWAYS: "replies in one thread for ever",
}


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show a schedule: fields, next occurrences, last jobs and last change.

    Example:  schedbot show acme-weekly
    """
    with open_session() as session:
        schedule = selection.find(session.db, name)
        if json:
            output.json_lines(serialize.to_json_each(session, [schedule]))
            return
        output.facts([*rule_facts(schedule), *policy_facts(schedule), *state_facts(session, schedule)])
        print_section("Next", schedules.next_lines(session, schedule))
        print_section("Last jobs", list(job_lines(session, schedule)))
        schedules.note_pause_of_all(session)
        schedules.note_paused_workspaces(session, schedule.workspace)


def print_section(title: str, lines: list[str]) -> None:
    output.print_line()
    output.print_line(f"{title}:" if lines else f"{title}: none", style="bold")
    for line in lines:
        output.print_line(f"  {line}", hang=6)


def rule_facts(schedule: Schedule) -> Iterator[Fact]:
    """Yield account, rule, channel and message."""
    rule, terms = schedule.recurrence, schedule.terms
    yield "Name", schedule.name
    yield "When", serialize.describe_rule(schedule)
    yield "Cron", f"{rule.cron}  ({rule.tz})" if rule.cron else ""
    yield "Every", f"{recurrence.to_phrase(rule.rrule)}  ({rule.tz})" if rule.rrule else ""
    yield "Channel", f"{terms.channel} in workspace '{schedule.workspace}'"
    yield "Account", schedule.account
    yield terms.report.kind.capitalize(), terms.report.source
    yield from posting_facts(terms)
    yield "Parameters", output.csv_cell(dict(terms.report.params)) if terms.report.params else ""


def posting_facts(terms: Terms) -> Iterator[Fact]:
    """Yield the way in which messages are posted, where it is not the usual one."""
    yield "Thread", THREADS.get(terms.thread, "")
    yield "Update", "the last message is updated instead of a new one" if terms.is_update else ""
    yield "Posted as", " ".join(filter(None, (terms.username, terms.icon)))
    yield "Links", "with previews" if terms.unfurl else ""


def policy_facts(schedule: Schedule) -> Iterator[Fact]:
    """Yield start, end, policies and send hours."""
    terms, zone = schedule.terms, times.zone(schedule.recurrence.tz)
    yield "Starts", times.format_instant(terms.starts_at, zone) if terms.starts_at is not None else ""
    count = f" ({terms.count} occurrences)" if terms.count else ""
    yield "Until", times.format_instant(terms.until_at, zone) + count if terms.until_at is not None else ""
    yield "Misfire", f"{terms.misfire.value}; posted up to {times.format_duration(terms.grace_ms)} late"
    yield "Attempts", f"up to {terms.max_attempts}; if delivery is unknown: {terms.on_unknown.value}"
    yield "Priority", terms.priority.value
    yield "Jitter", times.format_duration(terms.jitter_ms) if terms.jitter_ms else ""
    policy = HOLIDAY_POLICIES[terms.holiday_policy]
    yield "Holidays", f"{terms.skip_holidays}; occurrences on holidays are {policy}" if terms.skip_holidays else ""
    yield from send_hours_facts(terms.window, terms.blackout, terms.outside)
    for hours in schedule.shared_hours:
        owner = f" ({hours.owner})"
        yield from send_hours_facts(
            hours.window and hours.window + owner, hours.blackout and hours.blackout + owner, hours.outside
        )


def send_hours_facts(window: str, blackout: str, outside: OutsidePolicy) -> Iterator[Fact]:
    outcome = "deferred" if outside is OutsidePolicy.DEFER else "skipped"
    yield "Window", f"{window}; jobs outside are {outcome}" if window else ""
    yield "Blackout", f"{blackout}; jobs on these dates are {outcome}" if blackout else ""


def state_facts(session: Session, schedule: Schedule) -> Iterator[Fact]:
    """Yield state, Slack user of the zone, version and last change."""
    now, zone = session.now(), session.local_zone
    stop = f": {schedules.describe_stop(schedule, now)}" if schedule.reason else ""
    yield "State", f"{schedule.state.value}{stop}"
    yield "Added", times.format_instant(schedule.created_at, zone, now)
    user = user_zones.find(session.db, schedule.workspace_id, schedule.terms.tz_from.partition(":")[2])
    if user:
        last_asked = times.format_relative(user.asked_at, now)
        yield "Zone", f"{schedule.recurrence.tz}, zone of {user.user_id}; Slack was asked {last_asked}"
    change = changes.last(session.db, "schedule", schedule.id)
    yield "Source", f"{schedule.source} (schedbot sync sets it back to its list)" if schedule.source else ""
    yield "Version", str(schedule.version)
    if change:
        at = f"{times.format_instant(change.changed_at, zone, now)}, {times.format_relative(change.changed_at, now)}"
        yield "Last change", f"{change.command} by {change.actor}, {at}"
    yield "Id", schedule.id


def job_lines(session: Session, schedule: Schedule) -> Iterator[str]:
    """Yield a line for each of the last jobs, queued jobs included."""
    now = session.now()
    for job in job_history.newest(session.db, Filter(schedules=(schedule.id,)), LAST_JOBS):
        late = f", {times.format_duration(job.lateness_ms)} late" if job.lateness_ms else ""
        error = f": {job.error}" if job.error else ""
        deferred = ""
        if job.deferred_to is not None:
            deferred = f", deferred to {schedules.local_time(schedule, job.deferred_to, now)}"
        due = schedules.local_time(schedule, job.due_at, now)
        if job.occurrences is not None:
            yield f"-  {due}  {jobs.format_missed(job, now)}"
            continue
        yield f"{job.job}  {due}  {job.state.value}{error}{deferred}{late}"
