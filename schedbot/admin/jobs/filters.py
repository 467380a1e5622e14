"""Parse the filter options of `audit` and `retry` into a `Filter`.

A misspelt value is refused with the nearest one; accounts, channels and error codes are checked by `known_values`.
`store.schedules.lookup` is imported when it is needed, because it loads the rules of recurrence. Jobs of removed
schedules are found by the schedule's name. A glob that matches nothing is no error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.admin.jobs import known_values
from schedbot.admin.workspaces import lookup as workspace_lookup
from schedbot.errors import BadOption, NotFound
from schedbot.model import JobState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history.filters import MAX_INSTANT, Filter
from schedbot.store.jobs import direct_messages
from schedbot.text_input import refuse_empty

GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions:
    """Filter options as text. Without a value an option does not filter; an empty value is an error."""

    schedule: Sequence[str] = ()
    account: Sequence[str] = ()
    workspace: Sequence[str] = ()
    channel: Sequence[str] = ()
    state: Sequence[str] = ()
    error: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    local: bool = False

    def refuse_empty_values(self) -> None:
        """Raise BadInput for the first option with an empty value."""
        for name in ("schedule", "account", "workspace", "channel", "state", "error"):
            refuse_empty(name, *getattr(self, name))
        refuse_empty("since", self.since)
        refuse_empty("until", self.until)


def parse(session: Session, options: FilterOptions, jobs: Sequence[int] = ()) -> Filter:
    """Return the filter. Raises BadInput, and NotFound for an unknown schedule or workspace."""
    options.refuse_empty_values()
    accounts, channels, errors = split(options.account), channel_ids(split(options.channel)), split(options.error)
    known_values.require_accounts(session.db, accounts)
    people = direct_messages.list_people(session.db, channels)
    known_values.require_channels(session.db, [people.get(channel, channel) for channel in channels])
    known_values.require_errors(session.db, errors)
    since, until = parse_span(options, session.local_zone, session.now())
    zone_bounds = parse_in_each_zone(session, options) if options.local else None
    if zone_bounds:
        since, until = min(bound[1] for bound in zone_bounds), max(bound[2] for bound in zone_bounds)
    if since is not None and until is not None and until < since:
        raise BadOption("until", f" '{options.until}' is before '{options.since}'.", "Swap them.")
    return Filter(
        jobs=tuple(jobs) or None,
        schedules=schedule_ids(session.db, options.schedule),
        accounts=tuple(accounts) or None,
        workspaces=tuple(workspace_lookup.find(session.db, name).id for name in split(options.workspace)) or None,
        channels=tuple({*channels, *people.values()}) or None,
        states=tuple(parse_state(text) for text in split(options.state)) or None,
        errors=tuple(errors) or None,
        since=since,
        until=until,
        zone_bounds=zone_bounds,
    )


def parse_span(options: FilterOptions, zone: ZoneInfo, now: int) -> tuple[int | None, int | None]:
    """Return --since and --until, read in a time zone; None for no bound."""
    since = times.parse_past(options.since, zone, now) if options.since else None
    return since, times.parse_past_end(options.until, zone, now) if options.until else None


def parse_in_each_zone(session: Session, options: FilterOptions) -> tuple[tuple[str, int, int], ...] | None:
    """Return --since and --until for each time zone in use, or None without both."""
    if not (options.since or options.until):
        return None
    from schedbot.store.schedules import recurrences

    bounds = []
    for tz in recurrences.list_zones(session.db):
        since, until = parse_span(options, times.zone(tz), session.now())
        bounds.append((tz, since or 0, MAX_INSTANT if until is None else until))
    return tuple(bounds)


def split(values: Iterable[str]) -> list[str]:
    """Return the parts of a repeatable option whose values may be comma lists."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def schedule_ids(db: Database, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the ids of the schedules that match names and globs, removed schedules included."""
    if not names:
        return None
    from schedbot.admin.schedules.selection import to_sqlite_glob
    from schedbot.store.schedules import lookup

    matches: dict[str, None] = {}
    for name in names:
        is_glob = bool(GLOB & set(name))
        ids = lookup.ids_by_glob(db, to_sqlite_glob(name)) if is_glob else lookup.ids_by_name(db, name)
        if not (ids or is_glob):
            raise unknown_schedule(db, name)
        matches.update(dict.fromkeys(ids))
    return tuple(matches)


def unknown_schedule(db: Database, name: str) -> NotFound:
    """Return the error for a name that no schedule has or had, with the nearest name."""
    from schedbot.store.schedules import lookup

    near = get_close_matches(name, lookup.similar_names(db, name), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "'schedbot list' shows all; a glob such as 'acme-*' finds several."
    return NotFound(f"No schedule named '{name}' exists or ever existed.", hint)


def channel_ids(values: Sequence[str]) -> tuple[str, ...]:
    if not values:
        return ()
    from schedbot.slack.channel_ids import parse_channel_id

    return tuple(parse_channel_id(value) for value in values)


def parse_state(text: str) -> JobState:
    try:
        return JobState(text.lower())
    except ValueError:
        near = get_close_matches(text.lower(), list(JobState), n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'?" if near else f"The job states are {', '.join(JobState)}."
        raise BadOption("state", f": unknown job state '{text}'.", hint) from None
