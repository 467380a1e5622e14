"""Values that the Python API returns: frozen dataclasses with the keys of `--json`.

An instant is an aware datetime in UTC, a span an integer of milliseconds with a name that ends in `_ms`. A value is a
copy: it does not follow later changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule as `add`, `edit`, `list` and `show` return it. Its fields up to `unfurl` are columns of an import.

    `state` is active, paused, suspended, finished or removed, with its `reason`. `next_due_at`: next occurrence that
    is not skipped, or None. `meaning`: the rule in words. `zone`: time zone in use; `tz`: as it was typed. `source`:
    the sync that made it, or None. `version` grows with each edit. `grace` and `jitter` are texts such as "6h".
    """

    name: str
    account: str
    workspace: str
    channel: str
    cron: str | None
    every: str | None
    at: datetime | None
    tz: str
    text: str | None
    report: str | None
    params: Mapping[str, Any] = field(hash=False)
    starts: datetime | None
    until: datetime | None
    count: int | None
    misfire: str
    grace: str
    max_attempts: int
    priority: str
    on_unknown: str
    jitter: str
    skip_holidays: str
    paused: bool
    holiday_policy: str
    window: str
    outside: str
    blackout: str
    on_empty: str
    thread: str
    update: bool
    username: str
    icon: str
    unfurl: bool
    id: str
    state: str
    reason: str | None
    next_due_at: datetime | None
    meaning: str
    source: str | None
    created_at: datetime
    zone: str
    version: int
    last_due_at: datetime | None
    last_state: str | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An occurrence as `next` returns it. `local`: the instant with the offset of the schedule's time zone.

    `left_out`: reason why nothing will be posted. `put_off_to`: it will be posted then, because of `put_off`.
    """

    schedule: str | None
    cron: str | None
    tz: str
    due_at: datetime
    local: datetime
    every: str | None = None
    put_off_to: datetime | None = None
    put_off: str | None = None
    left_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt of a job. `sent_at` None: no request left. `ts`: Slack's timestamp of the message.

    `part`: number of the part of the message that it sends, from 1 on; `method`: `post`, `update` or `share`.
    """

    number: int
    worker: str
    started_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    error: str | None
    http_status: int | None
    ts: str | None
    detail: str | None
    part: int
    render_ms: int | None
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Instant, person and reason of an acknowledged failure."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as `audit` returns it, with its attempts. `why`: the reason of its state in a few words.

    `job` is its number. None: it stands for many missed occurrences, `occurrences` of them from `due_at` up to
    `last_due_at`. `parts`: number of messages that it is sent as; `thread_ts`: thread that the first of them is in;
    `degraded`: a picture is missing in it.
    """

    job: int | None
    occurrence: str | None
    schedule: str
    account: str
    workspace: str
    channel: str
    due_at: datetime
    state: str
    error: str | None
    ts: str | None
    lateness_ms: int | None
    attempts: tuple[Attempt, ...]
    deferred_to: datetime | None
    deferred_by: str | None
    why: str | None
    acknowledged: Acknowledgement | None
    report: str | None
    rendered_at: datetime | None
    degraded: bool
    parts: int
    thread_ts: str | None
    occurrences: int | None = None
    last_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job that `run_now` or `retry` queued. `waits_for_workspace`: name of the paused workspace that it waits for."""

    job: int
    schedule: str
    workspace: str
    due_at: datetime
    state: str
    error: str | None
    waits_for_workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason why some jobs are not retried: a sentence, the next step, and the number of these jobs."""

    problem: str
    remedy: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Result of `retry`: the queued jobs, or with `dry_run` those that would be, and why others are not retried."""

    jobs: tuple[QueuedJob, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class PlannedSchedule:
    """A schedule of a plan. `changes`: its values before and after, by column and as in `--json`."""

    schedule: str
    changes: Mapping[str, tuple[Any, Any]] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """Schedules that `sync` added, changed and removed, or with `dry_run` would, and the unchanged ones."""

    added: tuple[PlannedSchedule, ...]
    changed: tuple[PlannedSchedule, ...]
    removed: tuple[PlannedSchedule, ...]
    unchanged: tuple[PlannedSchedule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a schedule did or did not post around `at`: the causes, as sentences, and the commands that help.

    `due_at` None: it has no occurrence there. `job` None: the occurrence has no job.
    """

    schedule: str
    at: datetime
    due_at: datetime | None
    job: int | None
    state: str | None
    because: tuple[str, ...]
    steps: tuple[str, ...]


def list_instants(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a class that are instants."""
    return tuple(name for name, hint in get_type_hints(kind).items() if hint in (datetime, datetime | None))


INSTANTS: Mapping[object, tuple[str, ...]] = {
    kind: list_instants(kind) for kind in (Schedule, Occurrence, Attempt, Acknowledgement, Job, QueuedJob)
}


def from_object(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """Return an object of `--json` as a value: the texts of its instants become datetimes."""
    converted = dict(values)
    for key in INSTANTS[kind]:
        if isinstance(text := converted.get(key), str):
            converted[key] = datetime.fromisoformat(text)
    return kind(**converted)


def job_from_object(values: Mapping[str, Any]) -> Job:
    """Return an object of `audit --json` as a job."""
    acknowledged = values["acknowledged"]
    nested = {
        "attempts": tuple(from_object(Attempt, attempt) for attempt in values["attempts"]),
        "acknowledged": from_object(Acknowledgement, acknowledged) if acknowledged else None,
    }
    return from_object(Job, {**values, **nested})
