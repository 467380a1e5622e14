"""Schedules of a listing: parse its filters and its order, as text, and read the schedules that match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

from schedbot import times
from schedbot.admin.jobs import filters as job_filters
from schedbot.admin.jobs import known_values
from schedbot.admin.schedules import schedule_order, selection
from schedbot.admin.workspaces import lookup as workspace_lookup
from schedbot.errors import BadInput, BadOption
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.history import last_results
from schedbot.store.history.last_results import LastResult
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter
from schedbot.text_input import refuse_empty

LISTED_STATES = [state for state in ScheduleState if state is not ScheduleState.REMOVED]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Filters of a listing as text. `names` may be globs. An empty value is an error."""

    names: Sequence[str] = ()
    state: Sequence[str] = ()
    account: str | None = None
    workspace: str | None = None
    channel: Sequence[str] = ()
    tz: str | None = None

    def refuse_empty_values(self) -> None:
        """Raise BadInput for the first option with an empty value."""
        refuse_empty("state", *self.state)
        refuse_empty("account", self.account)
        refuse_empty("workspace", self.workspace)
        refuse_empty("channel", *self.channel)
        refuse_empty("tz", self.tz)


def parse(session: Session, options: ListOptions) -> ScheduleFilter:
    """Return the filter. Raises BadInput, and NotFound for an unknown name or workspace."""
    options.refuse_empty_values()
    states = [parse_state(text) for text in job_filters.split(options.state)]
    globs = to_globs(session, options.names)
    if options.workspace:
        workspace_lookup.find(session.db, options.workspace)
    if options.account:
        known_values.require_accounts(session.db, [options.account])
    channels = job_filters.channel_ids(job_filters.split(options.channel))
    known_values.require_channels(session.db, channels)
    zone = times.zone(options.tz).key if options.tz else None
    return ScheduleFilter(globs, states, options.account, options.workspace, channels, zone)


def select(session: Session, filters: ScheduleFilter, sort: str) -> Iterable[Schedule]:
    """Return the schedules that match, in the order of `sort`. Raises BadInput for an unknown order."""
    return in_order(session, schedules.list_matching(session.db, filters), sort)


def in_order(session: Session, selected: Iterable[Schedule], order: str) -> Iterable[Schedule]:
    """Return the schedules in an order. They come in the order of their names. Raises BadInput."""
    if schedule_order.parse_order(order) == ("name", False):
        return selected
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    return schedule_order.sort(selected, order, now, dropped, partial(results_of, session))


def results_of(session: Session, selected: Iterable[Schedule]) -> dict[str, LastResult]:
    """Return the last results by schedule id."""
    return last_results.by_schedule(session.db, (schedule.id for schedule in selected), session.now())


def parse_state(text: str) -> ScheduleState:
    """Return the state with this name. Raises BadInput, with the nearest name."""
    state = text.lower()
    if state == ScheduleState.REMOVED:
        raise BadInput("Removed schedules are not listed.", "'schedbot audit --schedule NAME' shows their jobs.")
    if state in LISTED_STATES:
        return ScheduleState(state)
    near = get_close_matches(state, LISTED_STATES, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The schedule states are {', '.join(LISTED_STATES)}."
    raise BadOption("state", f": unknown schedule state {times.quote(text)}.", hint)


def to_globs(session: Session, names: Iterable[str]) -> list[str]:
    """Return the names as globs. Raises NotFound for an unknown name that is no glob."""
    globs = []
    for name in names:
        if not selection.is_glob(name):
            selection.find(session.db, name)
        globs.append(selection.to_sqlite_glob(name))
    return globs
