"""Steps of the demo: commands with their output, notes, progress, and the messages in Slack.

Rule: nothing is simulated. The output comes from real commands, with a real database and over real HTTP; text of the
demo itself is a note.
"""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from schedbot import clock
from schedbot.demo.environment import DemoEnvironment
from schedbot.demo.schedules import LATER_NAME, SCHEDULES, UNKNOWN_CHANNEL, UNKNOWN_NAME, DemoSchedule
from schedbot.model import Message
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.store.open_database import open_database

END_TIMEOUT_S = 40
POLL_INTERVAL_S = 0.2
FINAL_STATES = ("succeeded", "failed", "missed", "held", "skipped", "cancelled")


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a user would type it."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """Output of a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the demo itself. `is_error`: the demo failed."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Number of `open` and `ended` jobs. The next is due at `next_at` (None: only the look-up is left)."""

    open: int
    ended: int
    next_at: int | None


@dataclass(frozen=True, slots=True)
class ChannelMessages:
    """A channel and its messages in Slack."""

    channel: str
    messages: tuple[Message, ...]


Step = Command | Output | Note | Progress | ChannelMessages


def run_steps(environment: DemoEnvironment) -> Generator[Step, None, None]:
    """Run the demo and yield its steps. A note with `is_error` reports a failure."""
    started = time.monotonic()
    yield from run_command(environment, "init", "--example", ".")
    # On a slow machine the schedules need a longer lead.
    lead_s = 5 + 3 * (time.monotonic() - started)
    yield from run_command(environment, "reports")
    yield Note("Start the worker. It posts due jobs until it is stopped.")
    yield Command(("work", "&"))
    environment.start_pool()
    yield from add_schedules(environment, lead_s)
    yield from wait_for_jobs(environment)
    yield Note(
        f"cron runs tick every minute. It enqueues the jobs due within 90 s: now that of '{LATER_NAME}'. add has done "
        "so for the others."
    )
    yield from run_command(environment, "tick")
    yield Note("Stop the worker with SIGTERM. It finishes its requests in flight first.")
    yield Command(("kill", "%1"))
    result = environment.stop_pool()
    yield Output(result.text)
    if result.exit_code:
        yield Note(f"work exited with code {result.exit_code}.", is_error=True)
    yield from run_command(environment, "audit")
    yield from check_messages(environment)


def run_command(environment: DemoEnvironment, *words: str) -> Iterator[Step]:
    """Run a command and yield it, its output, and a note if it failed."""
    yield Command(words)
    result = environment.run(*words)
    yield Output(result.text)
    if result.exit_code:
        yield Note(f"The command exited with code {result.exit_code}.", is_error=True)


def add_schedules(environment: DemoEnvironment, lead_s: float) -> Iterator[Step]:
    environment.slack.control.order("drop_after", channel=UNKNOWN_CHANNEL)
    yield Note(
        "Add seven schedules in seven time zones. Two will have trouble: for the first, Slack stores the message but "
        "the connection breaks before the response; the channel of the sixth is archived."
    )
    for schedule in SCHEDULES:
        yield from run_command(environment, *schedule.add_command(clock.now_ms(), lead_s))


def wait_for_jobs(environment: DemoEnvironment) -> Iterator[Step]:
    """Yield the progress until every job has ended."""
    yield Note(
        f"Wait until all jobs have ended. '{UNKNOWN_NAME}' takes a few seconds longer: its outcome is unknown, so "
        "schedbot looks the message up in the channel's history before it sends anything again."
    )
    expected = {schedule.name for schedule in SCHEDULES if schedule.state in FINAL_STATES}
    name_schedules(environment)
    deadline = time.monotonic() + END_TIMEOUT_S
    while time.monotonic() < deadline:
        jobs = [job for job in read_jobs(environment) if job.schedule in expected]
        ended = sum(job.state in FINAL_STATES for job in jobs)
        if ended == len(expected):
            return
        future = [job.due_at for job in jobs if job.due_at > clock.now_ms()]
        yield Progress(len(expected) - ended, ended, min(future, default=None))
        time.sleep(POLL_INTERVAL_S)
    yield Note(f"Some jobs did not end within {END_TIMEOUT_S} s.", is_error=True)


def check_messages(environment: DemoEnvironment) -> Iterator[Step]:
    """Yield the messages in Slack, and a note for each difference to the expected jobs and messages."""
    yield Note("The messages in Slack, by channel:")
    names = {channel["id"]: channel["name"] for channel in environment.slack.control.workspaces()[0]["channels"]}
    by_channel: dict[str, list[Message]] = {}
    for fields in environment.slack.control.messages():
        message = Message(fields["text"], fields.get("blocks", ()), attachments=fields.get("attachments", ()))
        by_channel.setdefault(fields["channel"], []).append(message)
    for channel, messages in sorted(by_channel.items()):
        yield ChannelMessages(f"#{names.get(channel, channel)}", tuple(messages))
    name_schedules(environment)
    jobs = {job.schedule: job for job in read_jobs(environment)}
    errors = [error for schedule in SCHEDULES for error in job_errors(schedule, jobs.get(schedule.name))]
    errors += count_errors({channel: len(messages) for channel, messages in by_channel.items()})
    for error in errors:
        yield Note(error, is_error=True)
    if not errors:
        yield Note("Every message was posted exactly once, in spite of the lost response.")
        yield Note("Only the job for the archived channel failed, and its schedule is suspended.")


def job_errors(schedule: DemoSchedule, job: JobRecord | None) -> list[str]:
    """Return the differences between the job and the schedule's expected end."""
    if schedule.state is None:
        return []
    if job is None:
        return [f"'{schedule.name}' has no job."]
    if (job.state, job.error) != (schedule.state, schedule.error):
        return [f"The job of '{schedule.name}' is {job.state} ({job.error or 'no error'}), not {schedule.state}."]
    if schedule.name == UNKNOWN_NAME and not any(attempt.outcome == "unknown" for attempt in job.attempts):
        return [f"The response for '{UNKNOWN_NAME}' was not lost."]
    return []


def count_errors(counts: dict[str, int]) -> list[str]:
    """Return the channels with more or fewer messages than expected."""
    expected: dict[str, int] = {}
    for schedule in SCHEDULES:
        if schedule.state == "succeeded":
            expected[schedule.channel] = expected.get(schedule.channel, 0) + 1
    return [
        f"{channel} has {counts.get(channel, 0)} messages instead of {expected.get(channel, 0)}."
        for channel in sorted({*counts, *expected})
        if counts.get(channel, 0) != expected.get(channel, 0)
    ]


def name_schedules(environment: DemoEnvironment) -> None:
    """Tell the page of the sandbox the names of the schedules; the messages carry only their ids."""
    environment.slack.control.name_schedules({job.schedule_id: job.schedule for job in read_jobs(environment)})


def read_jobs(environment: DemoEnvironment) -> list[JobRecord]:
    """Return the jobs in their present state."""
    db = open_database(environment.database)
    try:
        return list(job_history.every(db, Filter()))
    finally:
        db.close()
