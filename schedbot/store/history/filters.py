"""Filters of `audit` and `retry`, as statements that are served by an index.

A rare state is a literal in the text, because only then does SQLite use its partial index. Several rare states are
branches that SQLite merges in due order. All other statements read `jobs_by_due`, or the jobs of few schedules by the
key of the table (`job_days`), and sort nothing or the jobs of one day. Values are bound, never written into the text.
"""

import json
from dataclasses import dataclass

from schedbot.model import JobState
from schedbot.store.schedules import job_days

# For more schedules it is cheaper to read all jobs in due order than to look theirs up on each day.
MAX_SCHEDULES_BY_KEY = 100
RARE_STATES = frozenset({JobState.FAILED, JobState.HELD, JobState.RUNNING, JobState.UNKNOWN})

MAX_INSTANT = 2**62

# Bounds of the time zone of the job's schedule.
IN_ZONE_BOUNDS = """EXISTS (SELECT 1 FROM json_each(:zone_bounds) z
             WHERE z.value ->> 0 = (SELECT tz FROM recurrences WHERE id = s.recurrence_id)
               AND j.due_at BETWEEN z.value ->> 1 AND z.value ->> 2)"""

# Channel of the last attempt, or else of the schedule. A conversation with a person counts as that person.
CHANNEL = """coalesce((SELECT CASE WHEN a.channel >= 'D' AND a.channel < 'E'
                                 THEN coalesce((SELECT d.user_id FROM direct_messages d
                                                 WHERE d.workspace_id = a.workspace_id AND d.channel_id = a.channel),
                                               a.channel)
                                 ELSE a.channel END
                   FROM attempts a WHERE a.job_id = j.id ORDER BY a.number DESC LIMIT 1),
                v.channel)"""
# An attempt's channel is that of a version, and there are fewer versions than attempts.
EVER_IN_CHANNEL = """(SELECT e.schedule_id FROM schedule_versions e
                       WHERE e.channel IN (SELECT value FROM json_each(:channels)))"""
COLUMNS = {
    "jobs": "j.id",
    "accounts": "s.account",
    "workspaces": "j.workspace_id",
    "channels": CHANNEL,
    "errors": "coalesce(j.cancel_reason, j.error)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Selected jobs: None selects all, an empty tuple none. Schedules and workspaces are ids; `until` is included.

    `zone_bounds` has since and until by time zone, for times in the zone of each schedule; `since` and `until` are then
    the first and the last of them.
    """

    jobs: tuple[int, ...] | None = None
    schedules: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    states: tuple[JobState, ...] | None = None
    errors: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None
    zone_bounds: tuple[tuple[str, int, int], ...] | None = None

    def bounds_in(self, tz: str) -> tuple[int, int]:
        """Return the first and the last instant that the filter lets through in a time zone."""
        for zone, since, until in self.zone_bounds or ():
            if zone == tz:
                return since, until
        return self.since or 0, MAX_INSTANT if self.until is None else self.until

    @property
    def selects_all(self) -> bool:
        """Does it select every job?"""
        return self == Filter()


def statement(select: str, selection: Filter, order: str, condition: str = "") -> str:
    """Return `select` (jobs are `j`, schedules `s`, versions `v`) with the filter's WHERE, sorted by `order`.

    `condition` is one more condition for each row. Of jobs, `of_jobs` reads less.
    """
    common = [*conditions(selection), *([condition] if condition else [])]
    branches = [
        f"{select} WHERE {' AND '.join([*common, state] if state else common) or 'true'}"
        for state in state_conditions(selection)
    ]
    return " UNION ALL ".join(branches) + f" ORDER BY {order}"


def of_jobs(select: str, selection: Filter, order: str, condition: str = "") -> str:
    """Do as `statement` for a select from the table of jobs: those of few schedules are looked up on each day."""
    if selection.schedules is None or len(selection.schedules) > MAX_SCHEDULES_BY_KEY:
        return statement(select, selection, order, condition)
    states = [] if selection.states is None else [f"j.state IN {values('states')}"]
    common = [f"j.{job_days.ON_ANY_DAY}", *conditions(selection), *states, *([condition] if condition else [])]
    day = "j.day DESC" if order.startswith("due_at DESC") else "j.day"
    return f"{select} WHERE {' AND '.join(common)} ORDER BY {day}, {order}"


def conditions(selection: Filter) -> list[str]:
    """Return the conditions other than that on the state."""
    parts = [f"{column} IN {values(name)}" for name, column in COLUMNS.items() if getattr(selection, name) is not None]
    if selection.channels is not None:
        parts.append(f"j.schedule_id IN {EVER_IN_CHANNEL}")
    if selection.schedules is not None:
        parts.append(schedule_condition(len(selection.schedules)))
    if selection.since is not None:
        parts.append("j.due_at >= :since")
    if selection.until is not None:
        parts.append("j.due_at <= :until")
    if selection.zone_bounds is not None:
        parts.append(IN_ZONE_BOUNDS)
    return parts


def schedule_condition(count: int) -> str:
    if count == 1:
        return "j.schedule_id = :schedule"
    # SQLite looks no expression up in the index: it reads in due order instead.
    column = "j.schedule_id" if count <= MAX_SCHEDULES_BY_KEY else "(j.schedule_id || '')"
    return f"{column} IN {values('schedules')}"


def state_conditions(selection: Filter) -> list[str]:
    """Return one condition for each branch of the statement."""
    if selection.states is None:
        return [""]
    if selection.states and RARE_STATES.issuperset(selection.states):
        return [f"j.state = '{state.value}'" for state in dict.fromkeys(selection.states)]
    return [f"j.state IN {values('states')}"]


def values(name: str) -> str:
    return f"(SELECT value FROM json_each(:{name}))"


def bindings(selection: Filter) -> dict[str, object]:
    """Return the values for `statement`."""
    lists = {name: getattr(selection, name) for name in (*COLUMNS, "schedules", "states")}
    return {
        **{name: json.dumps(value) for name, value in lists.items() if value is not None},
        "schedule": selection.schedules[0] if selection.schedules else None,
        "since": selection.since,
        "until": selection.until,
        "zone_bounds": json.dumps(selection.zone_bounds or ()),
    }
