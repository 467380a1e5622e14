"""The whole way of some posts in the sandbox, as steps to be shown while they happen.

Rule: nothing is staged. What is shown was printed by the real commands, against a real database and over real HTTP;
what the demo itself adds is told as a remark.
"""

import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from schedbot import clock
from schedbot.demo.environment import ENDINGS, Done, Stage, stage
from schedbot.demo.script import LOST, LOST_CHANNEL, PARTS, TEMPLATE, Part
from schedbot.model import Message
from schedbot.store.history import jobs as job_history
from schedbot.store.history.filters import Filter
from schedbot.store.history.jobs import JobRecord
from schedbot.store.opening import open_database

__all__ = ["ENDINGS", "Drawn", "Output", "Remark", "Stage", "Step", "Typed", "Waiting", "play", "stage"]

SETTLED_WITHIN_S = 40
LOOK_EVERY_S = 0.2
ENDED = ("succeeded", "failed", "missed", "held", "skipped", "cancelled")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as a user would type it."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of the demo itself. `bad`: something did not go as told."""

    text: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """How far it is: `open` jobs are not settled; the next is due at `next_at` (None: the look-up is waited for)."""

    open: int
    settled: int
    next_at: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A channel and what Slack has of it."""

    channel: str
    messages: tuple[Message, ...]


Step = Typed | Output | Remark | Waiting | Drawn


def play(on: Stage) -> Generator[Step, None, None]:
    """The demo, step by step. A Remark that is `bad` says what did not go as told."""
    began = time.monotonic()
    yield from typed(on, "init")
    # Where starting a command takes long, a schedule needs a longer lead.
    lead_s = 5 + 3 * (time.monotonic() - began)
    yield Remark("The worker: it posts what is due, until it is stopped.")
    yield Typed(("work", "&"))
    on.start_pool()
    yield from added(on, lead_s)
    yield Remark("cron runs this each minute. What is due within 90 s, add has enqueued itself.")
    yield from typed(on, "tick")
    yield from waited(on)
    yield Remark("SIGTERM ends the worker: what is in flight is finished first.")
    yield Typed(("kill", "%1"))
    done = on.stop_pool()
    yield Output(done.text)
    if done.code:
        yield Remark(f"work ended with exit code {done.code}.", bad=True)
    yield from typed(on, "audit")
    yield from judged(on)


def typed(on: Stage, *words: str) -> Iterator[Step]:
    """A command, what it printed, and a remark if it failed."""
    yield Typed(words)
    done: Done = on.run(*words)
    yield Output(done.text)
    if done.code:
        yield Remark(f"That ended with exit code {done.code}.", bad=True)


def added(on: Stage, lead_s: float) -> Iterator[Step]:
    shutil.copy(Path(__file__).with_name(TEMPLATE), on.folder)
    on.slack.control.order("drop_after", channel=LOST_CHANNEL)
    yield Remark(
        "Six schedules in six zones. For the first, Slack will store the message and the connection will break "
        "before the answer. The fifth has an archived channel."
    )
    for part in PARTS:
        yield from typed(on, *part.command(clock.now_ms(), lead_s))


def waited(on: Stage) -> Iterator[Step]:
    """Until every job has ended."""
    yield Remark(
        f"Waiting for each to be settled. '{LOST}' takes some seconds longer: its channel's history is asked once "
        "the message can no longer arrive."
    )
    expected = {part.name for part in PARTS if part.state}
    until = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < until:
        jobs = [job for job in read(on) if job.schedule in expected]
        ended = sum(job.state in ENDED for job in jobs)
        if ended == len(expected):
            return
        coming = [job.due_at for job in jobs if job.due_at > clock.now_ms()]
        yield Waiting(len(expected) - ended, ended, min(coming, default=None))
        time.sleep(LOOK_EVERY_S)
    yield Remark(f"Not all was settled within {SETTLED_WITHIN_S} s.", bad=True)


def judged(on: Stage) -> Iterator[Step]:
    """What Slack has, and whether that and the audit are as they should be."""
    yield Remark("What Slack has, channel by channel:")
    names = {one["id"]: one["name"] for one in on.slack.control.workspaces()[0]["channels"]}
    by_channel: dict[str, list[Message]] = {}
    for told in on.slack.control.messages():
        message = Message(told["text"], told.get("blocks", ()))
        by_channel.setdefault(told["channel"], []).append(message)
    for channel, messages in sorted(by_channel.items()):
        yield Drawn(f"#{names.get(channel, channel)}", tuple(messages))
    jobs = {job.schedule: job for job in read(on)}
    wrong = [sentence for part in PARTS for sentence in faults(part, jobs.get(part.name))]
    wrong += miscounted({channel: len(messages) for channel, messages in by_channel.items()})
    for sentence in wrong:
        yield Remark(sentence, bad=True)
    if not wrong:
        yield Remark("Every message is there once, also the one whose answer was lost.")
        yield Remark("The archived channel failed alone, and its schedule is suspended.")


def faults(part: Part, job: JobRecord | None) -> list[str]:
    """What is not as `part` says."""
    if part.state is None:
        return []
    if job is None:
        return [f"'{part.name}' has no job."]
    if (job.state, job.error) != (part.state, part.error):
        return [f"'{part.name}' is {job.state} ({job.error or 'no error'}), and should be {part.state}."]
    if part.name == LOST and not any(attempt.outcome == "unknown" for attempt in job.attempts):
        return [f"The answer to '{LOST}' was not lost."]
    return []


def miscounted(found: dict[str, int]) -> list[str]:
    """Channels that have more or fewer messages than were to be posted."""
    wanted: dict[str, int] = {}
    for part in PARTS:
        if part.state == "succeeded":
            wanted[part.channel] = wanted.get(part.channel, 0) + 1
    counted = [(channel, found.get(channel, 0), wanted.get(channel, 0)) for channel in sorted({*found, *wanted})]
    return [
        f"{channel} has {has} messages, and should have {should}." for channel, has, should in counted if has != should
    ]


def read(on: Stage) -> list[JobRecord]:
    """The jobs as they stand."""
    db = open_database(on.database)
    try:
        return list(job_history.every(db, Filter()))
    finally:
        db.close()
