"""ScheduleFields: the checked values of a schedule, parsed from text by `ScheduleFields.parse`.

Commands, imports and the Python API name the fields alike: `COLUMNS`. A field that is not given (None) keeps its value
in an edit and has its default in a new schedule; an empty text is the default.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple, Self

from schedbot.admin.fields import parsers, posting, report_fields, timing
from schedbot.admin.fields.parsers import BadField, Fields, parse, parse_optional
from schedbot.model import (
    HolidayPolicy,
    MisfirePolicy,
    OutsidePolicy,
    Priority,
    Recurrence,
    Report,
    Schedule,
    ScheduleState,
    Terms,
    UnknownPolicy,
)
from schedbot.reports.definitions import NO_DEFINITIONS, Definitions
from schedbot.slack import channel_ids, user_ids

COLUMNS = (
    "name",
    "account",
    "workspace",
    "channel",
    "cron",
    "every",
    "at",
    "tz",
    "text",
    "report",
    "params",
    "starts",
    "until",
    "count",
    "misfire",
    "grace",
    "max_attempts",
    "priority",
    "on_unknown",
    "jitter",
    "skip_holidays",
    "paused",
    "holiday_policy",
    "window",
    "outside",
    "blackout",
    "on_empty",
    "thread",
    "update",
    "username",
    "icon",
    "unfurl",
)
DEFAULTS = Terms(channel="", report=Report("text", ""))
MISFIRE = parsers.choice_parser(MisfirePolicy, "misfire policy")
PRIORITY = parsers.choice_parser(Priority, "priority")
ON_UNKNOWN = parsers.choice_parser(UnknownPolicy, "policy for unknown outcomes")
HOLIDAY_POLICY = parsers.choice_parser(HolidayPolicy, "holiday policy")
OUTSIDE = parsers.choice_parser(OutsidePolicy, "policy for occurrences outside the window")
MOST_REPEATED = 65_536  # texts of lines that are parsed once
MAX_ATTEMPTS = parsers.number_parser("number of attempts", 1, parsers.MAX_ATTEMPTS)


class SlackUser(NamedTuple):
    """A user of a workspace, whose time zone a schedule takes. `workspace` is a name."""

    workspace: str
    user_id: str


Zones = Mapping[SlackUser, str | BadField]  # the time zone that Slack gives, or the reason why there is none
NO_ZONES: Zones = {}
# Fields of a schedule's own, on which no other field depends.
OWN_COLUMNS = frozenset({"name", "account", "channel", "text", "report", "params"})


@dataclass(frozen=True, slots=True)
class ScheduleFields:
    """Checked values of a schedule that is not written yet. `workspace` is a name."""

    name: str
    account: str
    workspace: str
    recurrence: Recurrence
    terms: Terms
    paused: bool = False
    past_occurrences: int = 0  # of a schedule that exists

    @classmethod
    def parse(
        cls,
        fields: Fields,
        now: int,
        base: Self | None = None,
        zones: Zones = NO_ZONES,
        definitions: Definitions = NO_DEFINITIONS,
        trial: report_fields.Trial = report_fields.try_report,
    ) -> Self:
        """Return the values of `fields`, by column; with `base`, fields that are not given keep its values.

        `zones` has the time zone of the user that `slack_user` returns; `definitions` the named reports. `trial` tries
        a report that is new or changed. Raises BadField.
        """
        refuse_unknown(fields)
        fields = parsers.clean(fields)
        user = slack_user(fields, base)
        zoned = {**fields, "tz": zone_of(zones, user)} if user else fields
        rule = timing.parse_recurrence(zoned, now, base.recurrence if base else None)
        region, policy = parse_holidays(fields, base.terms if base else DEFAULTS)
        rule = replace(rule, before_holidays=region if policy is HolidayPolicy.BEFORE else "")
        parsed = cls(
            name=base.name if base and fields.get("name") is None else parse_name(fields),
            account=parse_account(text_or(fields, "account", base.account if base else "")),
            workspace=workspace_name(fields, base),
            recurrence=rule,
            terms=parse_terms(fields, rule, now, base, definitions),
            paused=parse("paused", parsers.parse_bool, text_or(fields, "paused", str(base.paused) if base else "")),
            past_occurrences=base.past_occurrences if base else 0,
        )
        if base is None or parsed.report_values != base.report_values:
            trial(parsed, now, definitions)
        return parsed

    @property
    def report_values(self) -> tuple[Report, str, str]:
        """Report and the values that choose its content: a change of them needs another trial."""
        return self.terms.report, self.name, self.account

    @classmethod
    def of(cls, schedule: Schedule, past_occurrences: int = 0) -> Self:
        """Return the values of a schedule that exists, as the base of an edit."""
        return cls(
            name=schedule.name,
            account=schedule.account,
            workspace=schedule.workspace,
            recurrence=schedule.recurrence,
            terms=schedule.terms,
            paused=schedule.state is ScheduleState.PAUSED,
            past_occurrences=past_occurrences,
        )


def refuse_unknown(fields: Iterable[str]) -> None:
    """Raise BadField for a name that no field has, with the nearest name."""
    for column in fields:
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"The fields are {', '.join(COLUMNS)}."
            raise BadField(column, f"No field named '{column}' exists.", hint)


def parse_name(fields: Fields) -> str:
    return parse("name", parsers.parse_name, fields.get("name") or "")


def text_or(fields: Fields, column: str, default: str) -> str:
    text = fields.get(column)
    return default if text is None else text


def workspace_name(fields: Fields, base: ScheduleFields | None) -> str:
    return text_or(fields, "workspace", base.workspace if base else "default") or "default"


def slack_user(fields: Fields, base: ScheduleFields | None = None) -> SlackUser | None:
    """Return the user whose time zone has to be asked from Slack before `parse`, or None. Raises BadField.

    A schedule that moves to another workspace takes its zone from the user there.
    """
    fields = parsers.clean(fields)
    tz, workspace = fields.get("tz"), workspace_name(fields, base)
    if not tz and base and workspace != base.workspace:
        tz = base.terms.tz_from
    return SlackUser(workspace, parse("tz", user_ids.parse_user_id, tz)) if tz and user_ids.is_user_zone(tz) else None


def slack_user_of(schedule: Schedule) -> SlackUser | None:
    """Return the user whose time zone a schedule has, or None."""
    tz = schedule.terms.tz_from
    return SlackUser(schedule.workspace, user_ids.parse_user_id(tz)) if tz else None


def zone_of(zones: Zones, user: SlackUser) -> str:
    """Return the time zone of a user. Raises BadField where Slack gave none."""
    zone = zones.get(user)
    if zone is None:
        raise BadField("tz", f"Slack was not asked for the time zone of {user.user_id}.", "Try again.")
    if isinstance(zone, BadField):
        raise zone
    return zone


def parse_terms(
    fields: Fields, rule: Recurrence, now: int, base: ScheduleFields | None, definitions: Definitions
) -> Terms:
    """Return the terms of a schedule's version. Raises BadField."""
    old = base.terms if base else DEFAULTS
    region, policy = parse_holidays(fields, old)
    bounds = parse_bounds(fields, rule, now, base)
    tz = fields.get("tz") or old.tz_from
    thread, is_update = posting.parse_place(fields, old)
    return Terms(
        channel=old.channel if base and fields.get("channel") is None else parse_channel(fields.get("channel") or ""),
        report=report_fields.parse_report(fields, base.terms.report if base else None, definitions),
        starts_at=bounds.starts_at,
        until_at=bounds.until_at,
        count=bounds.count,
        asked_until_at=bounds.asked_until_at,
        misfire=parse_optional(fields, "misfire", MISFIRE, old.misfire, DEFAULTS.misfire),
        grace_ms=parse_optional(fields, "grace", parsers.parse_span, old.grace_ms, DEFAULTS.grace_ms),
        max_attempts=parse_optional(fields, "max_attempts", MAX_ATTEMPTS, old.max_attempts, DEFAULTS.max_attempts),
        priority=parse_optional(fields, "priority", PRIORITY, old.priority, DEFAULTS.priority),
        on_unknown=parse_optional(fields, "on_unknown", ON_UNKNOWN, old.on_unknown, DEFAULTS.on_unknown),
        jitter_ms=parse_optional(fields, "jitter", parsers.parse_span, old.jitter_ms, 0),
        skip_holidays=region,
        holiday_policy=policy,
        window=parse_optional(fields, "window", parsers.parse_window, old.window, ""),
        outside=parse_optional(fields, "outside", OUTSIDE, old.outside, DEFAULTS.outside),
        blackout=parse_optional(fields, "blackout", parsers.parse_blackout, old.blackout, ""),
        on_empty=parse_optional(fields, "on_empty", parsers.parse_on_empty, old.on_empty, ""),
        thread=thread,
        is_update=is_update,
        username=parse_optional(fields, "username", posting.parse_username, old.username, ""),
        icon=parse_optional(fields, "icon", posting.parse_icon, old.icon, ""),
        unfurl=parse_optional(fields, "unfurl", parsers.parse_bool, old.unfurl, False),
        tz_from=user_ids.format_user_zone(parse("tz", user_ids.parse_user_id, tz)) if user_ids.is_user_zone(tz) else "",
    )


@lru_cache(maxsize=MOST_REPEATED)
def parse_account(text: str) -> str:
    """Return an account's id. Raises BadField."""
    return parse("account", parsers.parse_account, text)


@lru_cache(maxsize=MOST_REPEATED)
def parse_channel(text: str) -> str:
    """Return a channel's id, from the id or a link. Raises BadField."""
    return parse("channel", channel_ids.parse_channel_id, text)


def parse_bounds(fields: Fields, rule: Recurrence, now: int, base: ScheduleFields | None) -> timing.Bounds:
    """Return start and end. An edit that touches neither them nor the recurrence keeps them, even in the past."""
    if base is None:
        return timing.parse_bounds(fields, rule, now, DEFAULTS, 0)
    is_given = any(fields.get(column) is not None for column in timing.BOUND_COLUMNS)
    if not is_given and rule == base.recurrence:
        return timing.bounds_of(base.terms)
    return timing.parse_bounds(fields, rule, now, base.terms, base.past_occurrences)


def parse_holidays(fields: Fields, base: Terms) -> tuple[str, HolidayPolicy]:
    """Return the region of holidays and their policy. Raises BadField for a policy without a region."""
    region = parse_optional(fields, "skip_holidays", parsers.parse_region, base.skip_holidays, "")
    if not region and fields.get("holiday_policy") is None:
        return "", DEFAULTS.holiday_policy
    policy = parse_optional(fields, "holiday_policy", HOLIDAY_POLICY, base.holiday_policy, DEFAULTS.holiday_policy)
    if not region and policy is not DEFAULTS.holiday_policy:
        problem = f"The holiday policy '{policy}' needs a country or region."
        raise BadField("holiday_policy", problem, "Use --skip-holidays, for example --skip-holidays US.")
    return region, policy
