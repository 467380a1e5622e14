"""The nouns: what a schedule, a job, an attempt and a message are, and the words for their states.

Instants are UTC milliseconds since the epoch and end in `_at`; spans are milliseconds and end in `_ms`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ScheduleState(StrEnum):
    """Who moves a schedule on: `active`, a tick; `paused`, `suspended`, `removed`, a person; `finished` is over."""

    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    FINISHED = "finished"
    REMOVED = "removed"


class JobState(StrEnum):
    """What is owed stands where? `lifecycle.MOVES` is the table of who moves it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    MISSED = "missed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How an attempt ended: the groups of Slack's answers, and two endings of our own."""

    POSTED = "posted"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    UNKNOWN = "unknown"
    NOT_POSTED = "not_posted"  # nothing was posted, and a later try may succeed
    TOKEN_REFUSED = "token_refused"
    CHANNEL_REFUSED = "channel_refused"
    MESSAGE_REFUSED = "message_refused"
    OUR_DEFECT = "our_defect"
    RENDER_FAILED = "render_failed"  # it never left
    LOST_UNSENT = "lost_unsent"  # the worker was lost before the request left


class MisfirePolicy(StrEnum):
    """What to do with occurrences that were missed while no tick ran."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


class UnknownPolicy(StrEnum):
    """What to do with a post whose fate can't be asked: send it again, or hold it for a person."""

    RESEND = "resend"
    HOLD = "hold"


class HolidayPolicy(StrEnum):
    """What becomes of an occurrence on a holiday: left out, or at the same time on the business day before or after.

    `before` is a matter of the recurrence, since what is due is looked for only shortly ahead.
    """

    SKIP = "skip"
    BEFORE = "before"
    AFTER = "after"


class OutsidePolicy(StrEnum):
    """What becomes of an occurrence outside the send window, or in a blackout: it waits for the opening, or is not."""

    DEFER = "defer"
    SKIP = "skip"


class Priority(StrEnum):
    """Which jobs go first among those that are due together, and how long a workspace's turn is among others'."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When a schedule fires: a cron expression in an IANA zone, one instant (`once_at`) told in that zone, or a rule.

    `rrule` is what cron can't say, by RFC 5545: DTSTART and RRULE lines of wall-clock times, in one normal form.
    `before_holidays` names a region: what would be due on a holiday of it is due on the last business day before.
    """

    tz: str
    cron: str | None = None
    once_at: int | None = None
    rrule: str | None = None
    before_holidays: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What is posted: `kind` is `text` or `template`; `source` the text, or the template file's path."""

    kind: str
    source: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to Slack: `text` (at most 4,000 characters, complete by itself) and Block Kit `blocks`."""

    text: str
    blocks: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class MessageMetadata:
    """What a message's metadata names: whose it is, so that the channel's history can tell whether it arrived.

    `occurrence` is "<schedule's UUID>:<due_at in ms>"; `installation` the id of the database; `attempt` counts from 1.
    """

    installation: str
    occurrence: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where a workspace's token is found, never the token: `kind` is `setting`, `env`, `file` or `command`."""

    kind: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What Slack's answer, or its absence, means for an attempt.

    `error` is Slack's code or one of ours; `retry_after_ms` is set when a limit holds the workspace and method.
    """

    outcome: Outcome
    error: str | None = None
    ts: str | None = None
    http_status: int | None = None
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SendHours:
    """When may be posted, each in its normal form, and whose word that is: `account 42`, `workspace acme`.

    For the schedule itself, `owner` is empty.
    """

    owner: str = ""
    window: str = ""
    outside: OutsidePolicy = OutsidePolicy.DEFER
    blackout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one version of a schedule says, apart from when it fires."""

    channel: str
    report: Report
    starts_at: int | None = None
    until_at: int | None = None  # the last instant that may be an occurrence
    count: int | None = None  # as it was asked for; `until_at` holds what it came to
    asked_until_at: int | None = None  # an end that was asked for; None where a count alone made it
    misfire: MisfirePolicy = MisfirePolicy.LATEST
    grace_ms: int = 6 * 3_600_000
    max_attempts: int = 5
    priority: Priority = Priority.NORMAL
    on_unknown: UnknownPolicy = UnknownPolicy.HOLD
    jitter_ms: int = 0
    skip_holidays: str = ""
    holiday_policy: HolidayPolicy = HolidayPolicy.SKIP
    window: str = ""
    outside: OutsidePolicy = OutsidePolicy.DEFER
    blackout: str = ""
    tz_from: str = ""  # whose time zone it is: `slack:U0123456789`; empty where the zone itself was said


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule as it stands: who wants what, where, when, and whether it is on."""

    id: str
    name: str
    account: str
    workspace_id: str
    workspace: str  # its name
    recurrence: Recurrence
    terms: Terms
    version: int = 1
    state: ScheduleState = ScheduleState.ACTIVE
    reason: str | None = None
    state_by: str | None = None
    state_until: int | None = None
    effective_at: int = 0  # no occurrence at or before this instant is ever made
    created_at: int = 0
    shared: tuple[SendHours, ...] = field(default=(), compare=False)  # what its account and its workspace say
