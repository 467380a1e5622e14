"""Recurrence, start and end of a schedule, from the fields `cron`, `every`, `at`, `tz`, `starts`, `until`, `count`.

Rules: exactly one of cron, every and at, always with a time zone. A start and an end with no occurrence between them
are refused. `count` becomes the instant of the last occurrence (`until_at`); past occurrences count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice

from schedbot import times
from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import DEFAULT_WORDS, BadField, Fields, parse, parse_optional
from schedbot.model import Recurrence, SendHours, Terms
from schedbot.rules import recurrence, windows
from schedbot.slack import user_ids

TIME_COLUMNS = ("cron", "every", "at")
BOUND_COLUMNS = ("starts", "until", "count")
FAR_MS = 50 * 366 * 86_400_000  # how far ahead occurrences are searched for
COUNT = parsers.number_parser("count", 1, parsers.MAX_OCCURRENCES)


def parse_recurrence(fields: Fields, now: int, base: Recurrence | None = None) -> Recurrence:
    """Return the recurrence of the fields; with `base`, fields that are not given keep its values. Raises BadField."""
    columns = [column for column in TIME_COLUMNS if fields.get(column)]
    if len(columns) > 1:
        hint = f"Remove --{columns[0]} or --{columns[1]}."
        raise BadField(columns[1], "Use only one of --cron, --every, --at.", hint)
    if not columns and base is None:
        hint = "For example --cron '0 9 * * mon-fri', --every 'weekday at 9:00' or --at '2026-12-01 09:00'."
        raise BadField("cron", "No time given: use --cron, --every or --at.", hint)
    tz = parse_tz(fields.get("tz") or (base.tz if base else ""))
    match columns:
        case ["cron"]:
            return from_cron(fields["cron"] or "", tz)
        case ["at"]:
            return from_instant(fields["at"] or "", tz, now)
        case ["every"]:
            return from_phrase(fields, tz, now, base)
    return move_zone(base or Recurrence(tz), tz, now)


def parse_tz(text: str) -> str:
    """Return the name of an IANA time zone. Raises BadField."""
    if not text:
        raise BadField(
            "tz", "No time zone given: use --tz.", "For example --tz Europe/Berlin. There is no default zone."
        )
    if user_ids.is_user_zone(text):
        problem = f"{times.quote(text)} is a Slack user, and only a schedule can take its zone from Slack."
        raise BadField("tz", problem, "Use the zone's name, for example --tz Europe/Berlin.")
    return parse("tz", times.zone, text).key


def from_cron(text: str, tz: str) -> Recurrence:
    return Recurrence(tz, cron=parse("cron", lambda expression: parsers.parse_cron(expression, tz), text))


def from_phrase(fields: Fields, tz: str, now: int, base: Recurrence | None) -> Recurrence:
    """Return the recurrence of `every`. Intervals such as "2 weeks" count from `starts`, else from `now`.

    The phrase that a schedule has already keeps its first instant: the same phrase again changes nothing.
    """
    text, starts = fields["every"] or "", fields.get("starts") or ""
    if starts.lower() not in DEFAULT_WORDS:
        starts_at = parse("starts", lambda word: parsers.parse_start(word, tz, now), starts)
        return parse_phrase(text, tz, wall_clock(starts_at, tz))
    if base and base.rrule:
        same = parse_phrase(text, tz, recurrence.rrule_start(base.rrule))
        if same.rrule == base.rrule:
            return same
    return parse_phrase(text, tz, wall_clock(now + 1, tz))


def parse_phrase(text: str, tz: str, after: datetime) -> Recurrence:
    rule = parse("every", lambda phrase: recurrence.to_recurrence(phrase, tz, after), text)
    if rule.cron is None:
        return rule
    return Recurrence(tz, cron=parse("every", lambda cron: parsers.parse_cron(cron, tz), rule.cron))


def wall_clock(instant: int, tz: str) -> datetime:
    """Return the local time at an instant, rounded up to a full second."""
    return datetime.fromisoformat(times.to_local_rfc3339(-(-instant // 1000) * 1000, times.zone(tz))[:19])


def from_instant(text: str, tz: str, now: int) -> Recurrence:
    """Return a single occurrence, at a full second in the future. Raises BadField."""
    at = parse("at", lambda word: parsers.parse_instant(word, tz, now), text)
    once_at = -(-at // 1000) * 1000
    if once_at <= now:
        shown = f"{times.format_instant(once_at, times.zone(tz))}, {times.format_relative(once_at, now)}"
        raise BadField("at", f"{times.quote(text)} is past: {shown}.", "Use an instant in the future.")
    return Recurrence(tz, once_at=once_at)


def move_zone(rule: Recurrence, tz: str, now: int) -> Recurrence:
    """Return the recurrence at the same wall-clock times in another zone. Raises BadField."""
    if rule.tz == tz:
        return rule
    if rule.rrule is not None:
        return replace(rule, tz=tz)
    if rule.once_at is None:
        return from_cron(rule.cron or "", tz)
    return from_instant(times.to_local_rfc3339(rule.once_at, times.zone(rule.tz))[:19], tz, now)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Start and end of a schedule; the names are those of Terms."""

    starts_at: int | None
    until_at: int | None
    count: int | None
    asked_until_at: int | None


def bounds_of(terms: Terms) -> Bounds:
    """Return start and end of a schedule that exists."""
    return Bounds(terms.starts_at, terms.until_at, terms.count, terms.asked_until_at)


def parse_bounds(fields: Fields, rule: Recurrence, now: int, base: Terms, past_occurrences: int) -> Bounds:
    """Return start and end; fields that are not given keep the values of `base`. Raises BadField."""
    tz = rule.tz
    starts_at = parse_optional(fields, "starts", lambda text: parsers.parse_start(text, tz, now), base.starts_at, None)
    until_at = parse_optional(fields, "until", lambda text: parsers.parse_end(text, tz, now), base.asked_until_at, None)
    count = parse_optional(fields, "count", COUNT, base.count, None)
    if starts_at is not None and until_at is not None and starts_at > until_at:
        start, end = (times.format_instant(at, times.zone(tz)) for at in (starts_at, until_at))
        raise BadField("until", f"The end ({end}) is before the start ({start}).", "Use a later end.")
    refuse_never_due(rule, now, starts_at, until_at)
    if count is None:
        return Bounds(starts_at, until_at, None, until_at)
    if past_occurrences >= count:
        problem = f"The schedule was due {past_occurrences} times already, so a count of {count} is used up."
        raise BadField("count", problem, f"Use {past_occurrences + 1} or more, or 'none'.")
    last = nth_after(rule, max(now, (starts_at or 0) - 1), count - past_occurrences)
    ends = [end for end in (until_at, last) if end is not None]
    return Bounds(starts_at, min(ends, default=None), count, until_at)


def refuse_never_due(rule: Recurrence, now: int, starts_at: int | None, until_at: int | None) -> None:
    """Raise BadField for a recurrence that is never due between start and end."""
    after = max(now, (starts_at or 0) - 1)
    first = first_after(rule, after)
    if first is not None and (until_at is None or first <= until_at):
        return
    zone = times.zone(rule.tz)
    since = times.format_instant(after + 1, zone)
    if first is None:
        raise never_due(rule, now, since)
    end = times.format_instant(until_at or 0, zone)
    is_past = until_at is not None and until_at <= now
    problem = f"The end, {end}, is past." if is_past else f"It is never due between {since} and its end, {end}."
    hint = f"The first occurrence would be {times.format_instant(first, zone)}: use a later end."
    raise BadField("until", problem, hint)


def never_due(rule: Recurrence, now: int, since: str) -> BadField:
    """Return the error for a recurrence without occurrences from `since` on."""
    if first_after(rule, now) is not None:
        return BadField("starts", f"The start ({since}) is after the last occurrence.", "Use an earlier start.")
    column = "cron" if rule.cron else "every" if rule.rrule else "at"
    hint = "Use an instant in the future."
    if rule.before_holidays:
        hint += f" The business day before a holiday of {rule.before_holidays} must be in the future too."
    return BadField(column, f"It is never due after {since}.", hint)


def check_overlap(calendar: Iterable[SendHours], where: str = "") -> None:
    """Raise BadField for windows that are never open at the same time: nothing would ever be posted."""
    with_window = [hours for hours in calendar if hours.window]
    if len(with_window) < 2 or windows.intersect(tuple(hours.window for hours in with_window)) is not None:
        return
    listed = " and ".join(f"'{hours.window}'" + (f" ({hours.owner})" if hours.owner else "") for hours in with_window)
    problem = f"The windows {listed} are never open at the same time{where}."
    raise BadField("window", problem, "'schedbot calendar list' shows the windows of accounts and workspaces.")


@lru_cache(maxsize=8_192)
def first_after(rule: Recurrence, after: int) -> int | None:
    """Return the first occurrence after an instant, or None. Cached, since many schedules share a recurrence."""
    return recurrence.next_after(rule, after)


@lru_cache(maxsize=1_024)
def nth_after(rule: Recurrence, after: int, n: int) -> int | None:
    """Return the n-th occurrence after an instant, or None where there are fewer."""
    return next(islice(recurrence.between(rule, after, after + FAR_MS), n - 1, None), None)


def next_due_or_now(rule: Recurrence, terms: Terms, now: int) -> int:
    """Return the next occurrence between start and end, or `now` if there is none."""
    due_at = recurrence.next_after(rule, max(now, (terms.starts_at or 0) - 1))
    return now if due_at is None or (terms.until_at is not None and due_at > terms.until_at) else due_at
