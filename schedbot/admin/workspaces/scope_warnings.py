"""Warnings about scopes that a schedule needs and its workspace's token lacks, as the last check found them."""

import shlex
from collections.abc import Iterator, Set

from schedbot.model import Schedule, Terms
from schedbot.posts import ScopeNeed
from schedbot.session import Session
from schedbot.slack import channel_ids, scopes
from schedbot.store.schedules import scope_usage

# Needs that not every schedule has: a note names them before the first check.
SPECIAL = frozenset({ScopeNeed.PERSON, ScopeNeed.DIRECT, ScopeNeed.APPEARANCE, ScopeNeed.USER_ZONE})


def find_warnings(session: Session, schedule: Schedule) -> list[str]:
    """Return the warnings as sentences."""
    needs = find_needs(schedule.terms)
    granted = scope_usage.get_scopes(session.db, schedule.workspace_id)
    command = f"'schedbot workspace check {shlex.quote(schedule.workspace)}'"
    if granted is None:
        names = [scope.name for scope in scopes.SCOPES if scope.need in needs & SPECIAL]
        noun = "the scope" if len(names) == 1 else "the scopes"
        return [f"It needs {noun} {' and '.join(names)}: {command} shows if the app has them."] if names else []
    return [
        f"The app lacks the scope {scope.name}, needed to {scope.purpose}. Add it, then run {command}."
        for scope in select_relevant(scopes.find_missing(granted), needs, schedule.terms)
    ]


def find_needs(terms: Terms) -> frozenset[ScopeNeed]:
    """Return the needs of a schedule, as far as its terms show them."""
    channel = terms.channel
    needs = {
        ScopeNeed.ALL: True,
        ScopeNeed.CHANNEL: not channel_ids.describe_direct_message(channel),
        ScopeNeed.PERSON: channel_ids.is_person(channel),
        ScopeNeed.DIRECT: bool(channel_ids.describe_direct_message(channel)),
        ScopeNeed.APPEARANCE: bool(terms.username or terms.icon),
        ScopeNeed.USER_ZONE: bool(terms.tz_from),
    }
    return frozenset(need for need, is_there in needs.items() if is_there)


def select_relevant(missing: list[scopes.Scope], needs: Set[ScopeNeed], terms: Terms) -> Iterator[scopes.Scope]:
    """Yield the missing scopes that concern a schedule; those of a channel only for its kind, as the id shows it."""
    is_private = terms.channel.startswith("G")
    for scope in missing:
        is_other_kind = scope.name.startswith("channels:" if is_private else "groups:")
        if scope.need in needs and not is_other_kind and not scope.is_optional:
            yield scope
