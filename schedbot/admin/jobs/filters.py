"""Filters as they were typed become a `Filter`: names, globs, states, times. What is wrong is refused with the nearest.

A removed schedule's jobs are still found by its name. What is typed out and not there is refused; a glob that finds
nothing is no error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from schedbot import times
from schedbot.admin.workspaces import lookup as workspace_lookup
from schedbot.errors import BadInput, NotFound
from schedbot.model import JobState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history.filters import Filter
from schedbot.store.schedules import lookup

GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The filters as they were typed; what is empty does not narrow."""

    schedule: Sequence[str] = ()
    account: Sequence[str] = ()
    workspace: Sequence[str] = ()
    channel: Sequence[str] = ()
    state: Sequence[str] = ()
    error: Sequence[str] = ()
    since: str = ""
    until: str = ""


def chosen(session: Session, words: Words, jobs: Sequence[int] = ()) -> Filter:
    """What the words mean. Raises BadInput, and NotFound for a schedule or workspace that is not there."""
    since, until = (instant(session, text) for text in (words.since, words.until))
    if since is not None and until is not None and until < since:
        raise BadInput(f"--until '{words.until}' is before --since '{words.since}'.", "Swap them.")
    return Filter(
        jobs=tuple(jobs) or None,
        schedules=schedules(session.db, words.schedule),
        accounts=tuple(parts(words.account)) or None,
        workspaces=tuple(workspace_lookup.find(session.db, name).id for name in parts(words.workspace)) or None,
        channels=channels(parts(words.channel)),
        states=tuple(state(text) for text in parts(words.state)) or None,
        errors=tuple(parts(words.error)) or None,
        since=since,
        until=until,
    )


def parts(texts: Iterable[str]) -> list[str]:
    """The values of an option that may be repeated or hold a comma list."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def instant(session: Session, text: str) -> int | None:
    return times.parse_past(text, session.local_zone, session.now()) if text else None


def schedules(db: Database, typed: Sequence[str]) -> tuple[str, ...] | None:
    """The ids of all schedules of these names and globs, removed ones too."""
    if not typed:
        return None
    found: dict[str, None] = {}
    for name in typed:
        is_glob = bool(GLOB & set(name))
        # A shell negates with `!`, SQLite's GLOB with `^`.
        ids = lookup.like(db, name.replace("[!", "[^")) if is_glob else lookup.exactly(db, name)
        if not (ids or is_glob):
            raise none_called(db, name)
        found.update(dict.fromkeys(ids))
    return tuple(found)


def none_called(db: Database, name: str) -> NotFound:
    """The error for a name that no schedule has or had, with the nearest."""
    near = get_close_matches(name, lookup.near(db, name), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "'schedbot list' shows all; a glob such as 'acme-*' finds several."
    return NotFound(f"There is no schedule '{name}', and there was none.", hint)


def channels(typed: Sequence[str]) -> tuple[str, ...] | None:
    if not typed:
        return None
    from schedbot.slack.channels import parse_channel_id

    return tuple(parse_channel_id(text) for text in typed)


def state(text: str) -> JobState:
    try:
        return JobState(text.lower())
    except ValueError:
        near = get_close_matches(text.lower(), list(JobState), n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(JobState)}."
        raise BadInput(f"No job state is called '{text}'.", hint) from None
