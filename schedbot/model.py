"""Shared data types: schedules, recurrences, reports, messages, and the states of schedules and jobs.

Instants are UTC milliseconds since the epoch and end in `_at`; durations are milliseconds and end in `_ms`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from schedbot.posts import File, RenderedFile

TOKEN_UNAVAILABLE = "token_unavailable"  # error of an attempt without a token: nothing was sent


class ScheduleState(StrEnum):
    """State of a schedule. Only an active schedule makes jobs; `suspended` is set by a permanent error."""

    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    FINISHED = "finished"
    REMOVED = "removed"


class JobState(StrEnum):
    """State of a job. `lifecycle.MOVES` lists the transitions."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    MISSED = "missed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """Origin of a job."""

    SCHEDULED = "scheduled"  # an occurrence of its schedule
    EXTRA = "extra"  # `run-now`: beside the occurrences, without a calendar
    TEST = "test"  # a test message


class CancelReason(StrEnum):
    """Change that cancelled a job, or skipped it."""

    SCHEDULE_PAUSED = "schedule_paused"
    SCHEDULE_EDITED = "schedule_edited"
    SCHEDULE_SUSPENDED = "schedule_suspended"
    SCHEDULE_REMOVED = "schedule_removed"
    SKIPPED_BY_HAND = "skipped_by_hand"
    ALL_PAUSED = "all_paused"  # `pause --all`


NO_TICK = "no_tick"  # reason of occurrences that are missed together: no tick ran in time


class Outcome(StrEnum):
    """Outcome of an attempt: a group of Slack's answers, or an end before the request left."""

    POSTED = "posted"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    UNKNOWN = "unknown"
    NOT_POSTED = "not_posted"  # nothing was posted, and a later attempt may succeed
    TOKEN_REFUSED = "token_refused"
    CHANNEL_REFUSED = "channel_refused"
    MESSAGE_REFUSED = "message_refused"
    OUR_DEFECT = "our_defect"
    RENDER_FAILED = "render_failed"  # no request was sent
    NOT_READY = "not_ready"  # its data is not there yet: no request was sent
    NOTHING_TO_REPORT = "nothing_to_report"  # no request was sent, on purpose
    LOST_UNSENT = "lost_unsent"  # the worker died before it sent the request


POSTED = Outcome.POSTED  # to read an enum's member costs more than a name of the module
# Outcomes of attempts that sent no request.
UNSENT = (Outcome.RENDER_FAILED, Outcome.NOT_READY, Outcome.NOTHING_TO_REPORT, Outcome.LOST_UNSENT)


class MisfirePolicy(StrEnum):
    """Policy for overdue occurrences: run the newest one, all of them, or none."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


class UnknownPolicy(StrEnum):
    """Policy for an unknown outcome that no look-up can settle: send again, or hold the job for a person."""

    RESEND = "resend"
    HOLD = "hold"


class HolidayPolicy(StrEnum):
    """Policy for an occurrence on a holiday: skip it, or move it to the business day before or after.

    The recurrence itself applies `before`, because a tick looks only 90 s ahead.
    """

    SKIP = "skip"
    BEFORE = "before"
    AFTER = "after"


class OutsidePolicy(StrEnum):
    """Policy for an occurrence outside the send window or on a blackout date: defer it to the opening, or skip it."""

    DEFER = "defer"
    SKIP = "skip"


class ThreadSpan(StrEnum):
    """Span of time whose messages are replies in one thread; `none`: each message is in the channel."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ALWAYS = "always"


class Priority(StrEnum):
    """Priority of a job among jobs that are due together; also the weight of its workspace's turn."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Recurrence of a schedule in an IANA zone: a cron expression, an RFC 5545 rule, or one instant (`once_at`).

    `rrule` is a DTSTART and an RRULE line with wall-clock times, in a normal form. `before_holidays` is a holiday
    region: an occurrence on one of its holidays moves to the last business day before.
    """

    tz: str
    cron: str | None = None
    once_at: int | None = None
    rrule: str | None = None
    before_holidays: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Report of a schedule. `kind`: one of `reports.KINDS`.

    `source`: the text, the path of the template file, or the name of a report of the configuration (kind `named`).
    """

    kind: str
    source: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """Message for Slack: `text` (complete by itself, at most 4,000 characters), Block Kit `blocks` and `attachments`.

    `attachments` have a coloured bar, and blocks or legacy fields. With them alone `text` is empty, and each has a
    `fallback`, because Slack shows a `text` above them. `markdown` is standard Markdown, and becomes a block of its
    own; `files` are of a report that has just been rendered. `continuation`: the messages that follow it in its
    thread, in their order, without files or a continuation of their own.
    """

    text: str = ""
    blocks: Sequence[Mapping[str, Any]] = ()
    markdown: str = ""
    files: Sequence[File | RenderedFile] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    continuation: Sequence["Message"] = ()


def build_message(content: Mapping[str, Any]) -> Message:
    """Return a message from its fields, as another process or the database has them."""
    files = tuple(RenderedFile(**file) for file in content["files"])
    continuation = tuple(build_message(message) for message in content["continuation"])
    return Message(**{**content, "files": files, "continuation": continuation})


def occurrence_id(schedule_id: str, due_at: int) -> str:
    """Return the name of an occurrence in a message's metadata and in the audit."""
    return f"{schedule_id}:{due_at}"


def parse_occurrence_id(text: str) -> tuple[str, int] | None:
    """Return schedule and due_at of an occurrence; None for any other text."""
    schedule_id, _, due_at = text.partition(":")
    return (schedule_id, int(due_at)) if schedule_id and due_at.isdecimal() and len(due_at) < 19 else None


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Source of a workspace's token, never the token itself. `kind`: `setting`, `env`, `file`, `command` or `store`."""

    kind: str
    place: str = ""


class AttemptResult(NamedTuple):
    """Result of an attempt: its outcome, with the error code and the message `ts` where there is one.

    `error`: a code of Slack's or of schedbot's; `retry_after_ms`: set if Slack limits the workspace and method;
    `detail`: Slack's sentences about its refusal, or schedbot's about an error of its own.
    """

    outcome: Outcome
    error: str | None = None
    ts: str | None = None
    http_status: int | None = None
    retry_after_ms: int | None = None
    detail: str | None = None

    @property
    def was_sent(self) -> bool:
        """Was a request sent, as far as is known?"""
        return self.outcome is POSTED or (self.outcome not in UNSENT and self.error != TOKEN_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class SendHours:
    """Send window and blackout dates in normal form, with their owner: `account 42`, `workspace acme`.

    `owner` is empty for the schedule's own.
    """

    owner: str = ""
    window: str = ""
    outside: OutsidePolicy = OutsidePolicy.DEFER
    blackout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of a schedule, kept by version: all its fields but name, account, workspace and recurrence."""

    channel: str
    report: Report
    starts_at: int | None = None
    until_at: int | None = None  # the last instant that may be an occurrence
    count: int | None = None  # number of occurrences, if the user gave one; `until_at` holds the resulting end
    asked_until_at: int | None = None  # the end, if the user gave one; None if it results from `count`
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
    on_empty: str = ""  # text to post if a report has nothing to report; empty: the report's own rule
    thread: ThreadSpan = ThreadSpan.NONE
    is_update: bool = False  # the last message is brought up to date instead of a new message
    username: str = ""  # name that messages are posted with; empty: the app's own
    icon: str = ""  # picture that messages are posted with: `:emoji:` or an https URL; empty: the app's own
    unfurl: bool = False  # previews of links
    tz_from: str = ""  # Slack user whose time zone is followed: `slack:U0123456789`; empty for a fixed zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Schedule in its current version and state."""

    id: str
    name: str
    account: str
    workspace_id: str
    workspace: str  # the workspace's name
    recurrence: Recurrence
    terms: Terms
    version: int = 1
    state: ScheduleState = ScheduleState.ACTIVE
    reason: str | None = None
    state_by: str | None = None
    state_until: int | None = None
    effective_at: int = 0  # no occurrence at or before this instant becomes a job
    created_at: int = 0
    source: str | None = None  # the sync that added it and changes it
    shared_hours: tuple[SendHours, ...] = field(default=(), compare=False)  # of its account and its workspace
