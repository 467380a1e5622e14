"""What a version of a schedule says, from text: channel, report, start and end, policies.

A start and an end between which nothing is due are refused. `count` is turned into the instant of the last occurrence
(`until_at`); what has been due already counts.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeVar

from schedbot import times
from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import NONE, BadField, read
from schedbot.model import (
    HolidayPolicy,
    MisfirePolicy,
    OutsidePolicy,
    Priority,
    Recurrence,
    Report,
    Terms,
    UnknownPolicy,
)
from schedbot.rules import recurrence
from schedbot.slack import channels, people

Fields = Mapping[str, str | None]
Field = TypeVar("Field")
Bounds = tuple[int | None, int | None, int | None, int | None]
FAR_MS = 50 * 366 * 86_400_000
DEFAULT = Terms(channel="", report=Report("text", ""))
MISFIRE = parsers.choice(MisfirePolicy, "misfire policy")
PRIORITY = parsers.choice(Priority, "priority")
ON_UNKNOWN = parsers.choice(UnknownPolicy, "way to settle a post of unknown fate")
HOLIDAY_POLICY = parsers.choice(HolidayPolicy, "holiday policy")
OUTSIDE = parsers.choice(OutsidePolicy, "way to treat what is due outside the window")
COUNT = parsers.number("count", 1, parsers.MOST_OCCURRENCES)
MAX_ATTEMPTS = parsers.number("number of attempts", 1, parsers.MOST_ATTEMPTS)


class Before(NamedTuple):
    """What an edit starts from; `made` is how many occurrences have been."""

    recurrence: Recurrence
    terms: Terms
    made: int


def terms(said: Fields, when: Recurrence, now: int, before: Before | None = None) -> Terms:
    """The terms that the fields come to; what is not said stays as `before`. Raises BadField."""
    base = before.terms if before else DEFAULT
    celebrated, policy = holidays(said, base)
    starts_at, until_at, count, asked_until_at = bounds(said, when, now, before)
    return Terms(
        channel=base.channel if said.get("channel") is None and before else channel(said.get("channel") or ""),
        report=report(said, base.report if before else None),
        starts_at=starts_at,
        until_at=until_at,
        count=count,
        asked_until_at=asked_until_at,
        misfire=given(said, "misfire", MISFIRE, base.misfire, DEFAULT.misfire),
        grace_ms=given(said, "grace", parsers.span, base.grace_ms, DEFAULT.grace_ms),
        max_attempts=given(said, "max_attempts", MAX_ATTEMPTS, base.max_attempts, DEFAULT.max_attempts),
        priority=given(said, "priority", PRIORITY, base.priority, DEFAULT.priority),
        on_unknown=given(said, "on_unknown", ON_UNKNOWN, base.on_unknown, DEFAULT.on_unknown),
        jitter_ms=given(said, "jitter", parsers.span, base.jitter_ms, 0),
        skip_holidays=celebrated,
        holiday_policy=policy,
        window=given(said, "window", parsers.window, base.window, ""),
        outside=given(said, "outside", OUTSIDE, base.outside, DEFAULT.outside),
        blackout=given(said, "blackout", parsers.blackout, base.blackout, ""),
        tz_from=tz_from(said.get("tz") or base.tz_from),
    )


def region_before(said: Fields, before: Terms | None) -> str:
    """The region before whose holidays it is due; empty under another policy."""
    celebrated, policy = holidays(said, before or DEFAULT)
    return celebrated if policy is HolidayPolicy.BEFORE else ""


def holidays(said: Fields, base: Terms) -> tuple[str, HolidayPolicy]:
    """Whose holidays, and what becomes of them; a policy goes with its region. Raises BadField for one without."""
    celebrated = given(said, "skip_holidays", region, base.skip_holidays, "")
    if not celebrated and said.get("holiday_policy") is None:
        return "", DEFAULT.holiday_policy
    policy = given(said, "holiday_policy", HOLIDAY_POLICY, base.holiday_policy, DEFAULT.holiday_policy)
    if not celebrated and policy is not DEFAULT.holiday_policy:
        problem = f"A holiday policy '{policy}' is said, and not whose holidays."
        raise BadField("holiday_policy", problem, "Name their country or region: --skip-holidays US.")
    return celebrated, policy


def given(said: Fields, column: str, reader: Callable[[str], Field], before: Field, default: Field) -> Field:
    """What a field comes to: not said, it stays; empty or `none`, it is the default."""
    text = said.get(column)
    if text is None:
        return before
    return default if text.lower() in NONE else read(column, reader, text)


def tz_from(tz: str) -> str:
    """Whose zone it is, in normal form; empty where a zone is said."""
    return people.named(read("tz", people.user_id, tz)) if people.is_person(tz) else ""


def channel(text: str) -> str:
    """A channel's id, from itself or a link."""
    return read("channel", channels.channel_id, text)


@lru_cache(maxsize=256)
def region(text: str) -> str:
    """Whose holidays are left out, in normal form."""
    from schedbot.rules import holidays as holiday_rules

    return holiday_rules.normalize_region(text)


def report(said: Fields, before: Report | None) -> Report:
    """What is posted: a text or a template with its parameters."""
    text, file, params = said.get("text"), said.get("report"), said.get("params")
    if text and file:
        raise BadField("report", "'text' and 'report' are both said.", "A schedule posts one of the two.")
    if before and not (text or file) and params is None:
        return before
    if text:
        kind, source = "text", text
    elif file:
        kind, source = "template", parsers.template(file)
    elif before:
        kind, source = before.kind, before.source
    else:
        raise BadField("text", "It is not said what to post.", "Say --text TEXT, or --report FILE.")
    values = read("params", parsers.params, params or "")
    if values and kind == "text":
        raise BadField("params", "A text takes no parameters.", "Use a template: --report FILE.")
    if params is None and before and kind == before.kind == "template":
        values = dict(before.params)
    return read("text" if kind == "text" else "report", lambda word: parsers.report(kind, word, values), source)


def bounds(said: Fields, when: Recurrence, now: int, before: Before | None) -> Bounds:
    """`starts_at`, `until_at`, `count` and `asked_until_at`, checked together where one of them or the rule is new."""
    base = before.terms if before else DEFAULT
    starts_at = given(said, "starts", lambda text: parsers.beginning(text, when.tz, now), base.starts_at, None)
    asked = given(said, "until", lambda text: parsers.end(text, when.tz, now), base.asked_until_at, None)
    count = given(said, "count", COUNT, base.count, None)
    is_new = any(said.get(column) is not None for column in ("starts", "until", "count"))
    if before and not is_new and when == before.recurrence:
        return starts_at, base.until_at, count, asked
    if starts_at is not None and asked is not None and starts_at > asked:
        start, end = (times.format_instant(at, times.zone(when.tz)) for at in (starts_at, asked))
        raise BadField("until", f"It ends ({end}) before it starts ({start}).", "Let it end later.")
    check_due(when, now, starts_at, asked)
    if count is None:
        return starts_at, asked, None, asked
    left = remaining(count, before.made if before else 0)
    last = nth_after(when, max(now, (starts_at or 0) - 1), left)
    ends = [end for end in (asked, last) if end is not None]
    return starts_at, min(ends, default=None), count, asked


def remaining(count: int, made: int) -> int:
    """How many occurrences are left of `count`."""
    if made >= count:
        problem = f"It has been due {made} times already, so a count of {count} is used up."
        raise BadField("count", problem, f"Say {made + 1} or more, or 'none'.")
    return count - made


def check_due(when: Recurrence, now: int, starts_at: int | None, until_at: int | None) -> None:
    """Refuse what is never due between its start and its end."""
    after = max(now, (starts_at or 0) - 1)
    first = first_after(when, after)
    if first is not None and (until_at is None or first <= until_at):
        return
    zone = times.zone(when.tz)
    since = times.format_instant(after + 1, zone)
    if first is None:
        raise never_due(when, now, since)
    end = times.format_instant(until_at or 0, zone)
    is_past = until_at is not None and until_at <= now
    problem = f"Its end, {end}, is past." if is_past else f"It is never due between {since} and its end, {end}."
    raise BadField(
        "until", problem, f"The first occurrence would be {times.format_instant(first, zone)}: end it later."
    )


def never_due(when: Recurrence, now: int, since: str) -> BadField:
    """What is said of a rule that has nothing from `since` on."""
    if first_after(when, now) is not None:
        return BadField("starts", f"It starts ({since}) after all that it is due at.", "Let it start earlier.")
    column = "cron" if when.cron else "every" if when.rrule else "at"
    moved = (
        f", where the business day before a holiday of {when.before_holidays} is still to come"
        if when.before_holidays
        else ""
    )
    return BadField(column, f"It is never due after {since}.", f"Name an instant that is still to come{moved}.")


@lru_cache(maxsize=8_192)
def first_after(when: Recurrence, after: int) -> int | None:
    """The first occurrence after an instant; many schedules share one."""
    return recurrence.next_after(when, after)


@lru_cache(maxsize=1_024)
def nth_after(when: Recurrence, after: int, n: int) -> int | None:
    """The n-th occurrence after an instant, or None where there are not so many."""
    return next(islice(recurrence.between(when, after, after + FAR_MS), n - 1, None), None)
