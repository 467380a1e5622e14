"""When a schedule fires, from its text: one of `cron`, `every` and `at`, always in a zone that is said."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from schedbot import times
from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import BadField, read
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.slack import people

WAYS = ("cron", "every", "at")
Fields = Mapping[str, str | None]


def rule(said: Fields, now: int, before: Recurrence | None = None) -> Recurrence:
    """The recurrence that the fields come to; what is not said stays as `before`. Raises BadField."""
    ways = [way for way in WAYS if said.get(way)]
    tz = said.get("tz") or (before.tz if before else "")
    if len(ways) > 1:
        problem = f"'{ways[0]}' and '{ways[1]}' are both said."
        raise BadField(ways[1], problem, "A schedule has one of cron, every and at.")
    if not ways and before is None:
        hint = "Say --cron '0 9 * * mon-fri', --every 'weekday at 9:00' or --at '2026-12-01 09:00'."
        raise BadField("cron", "It is not said when to post.", hint)
    if not tz:
        hint = "Add the customer's, such as --tz Europe/Berlin. There is no default zone."
        raise BadField("tz", "The time zone is not said.", hint)
    if people.is_person(tz):
        problem = f"{times.quote(tz)} is a person, and only a schedule takes its zone from Slack."
        raise BadField("tz", problem, "Name the zone here, such as --tz Europe/Berlin.")
    zone = read("tz", times.zone, tz).key
    if not ways:
        return moved(before or Recurrence(zone), zone, now)
    if ways[0] == "every":
        return by_phrase(said, zone, now, before)
    return READERS[ways[0]](said[ways[0]] or "", zone, now)


def by_cron(text: str, tz: str, now: int) -> Recurrence:
    """By a cron expression; the present does not matter."""
    return Recurrence(tz, cron=read("cron", lambda expression: parsers.cron(expression, tz), text))


def by_phrase(said: Fields, tz: str, now: int, before: Recurrence | None = None) -> Recurrence:
    """By what people say; what has to be counted ("2 weeks") is counted from its start, else from the present.

    The rhythm that stands already keeps its count, so that to say it again changes nothing.
    """
    text = said["every"] or ""
    starts = said.get("starts") or ""
    if starts.lower() not in parsers.NONE:
        begins_at = read("starts", lambda word: parsers.beginning(word, tz, now), starts)
        return phrased(text, tz, wall(begins_at, tz))
    if before and before.rrule:
        again = phrased(text, tz, recurrence.rrule_start(before.rrule))
        if again.rrule == before.rrule:
            return again
    return phrased(text, tz, wall(now + 1, tz))


def phrased(text: str, tz: str, after: datetime) -> Recurrence:
    found = read("every", lambda phrase: recurrence.to_recurrence(phrase, tz, after), text)
    return (
        found
        if found.cron is None
        else Recurrence(tz, cron=read("every", lambda cron: parsers.cron(cron, tz), found.cron))
    )


def wall(instant: int, tz: str) -> datetime:
    """What the clocks show at an instant, or at the first full second after it."""
    return datetime.fromisoformat(times.to_local_rfc3339(-(-instant // 1000) * 1000, times.zone(tz))[:19])


def by_instant(text: str, tz: str, now: int) -> Recurrence:
    """Once, at a full second that is still to come."""
    at = read("at", lambda word: parsers.instant(word, tz, now), text)
    once_at = -(-at // 1000) * 1000
    if once_at <= now:
        shown = f"{times.format_instant(once_at, times.zone(tz))}, {times.format_relative(once_at, now)}"
        raise BadField("at", f"{times.quote(text)} is past: {shown}.", "Name an instant that is still to come.")
    return Recurrence(tz, once_at=once_at)


READERS = {"cron": by_cron, "at": by_instant}


def moved(before: Recurrence, tz: str, now: int) -> Recurrence:
    """The same wall-clock time in another zone."""
    if before.tz == tz:
        return before
    if before.rrule is not None:
        return replace(before, tz=tz)
    if before.once_at is None:
        return by_cron(before.cron or "", tz, now)
    wall = times.to_local_rfc3339(before.once_at, times.zone(before.tz))[:19]
    return by_instant(wall, tz, now)
