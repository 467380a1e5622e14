"""Which jobs are meant: the filters of `audit` and `retry` become one statement that an index serves.

A state that few jobs are in stands as a literal, because only then does SQLite see that its partial index serves;
several of them become branches, which SQLite merges in due order. All else walks `jobs_by_due`, or one schedule's jobs
by their UNIQUE key, and holds no rows back. Values are bound, never written into the text.
"""

import json
from dataclasses import dataclass

from schedbot.model import JobState

# Beyond so many schedules it is cheaper to walk all jobs in due order than to gather and sort theirs.
SCHEDULES_BY_KEY = 100
FEW = frozenset({JobState.FAILED, JobState.HELD, JobState.RUNNING, JobState.UNKNOWN})

# Where it was posted last, or else where it would be posted now.
CHANNEL = """coalesce((SELECT a.channel FROM attempts a WHERE a.job_id = j.id ORDER BY a.number DESC LIMIT 1),
                v.channel)"""
# An attempt's channel is that of some version, and versions are few beside attempts.
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
    """Which jobs: None means all, an empty tuple none. Schedules and workspaces by id; `until` is the last instant."""

    jobs: tuple[int, ...] | None = None
    schedules: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    states: tuple[JobState, ...] | None = None
    errors: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_open(self) -> bool:
        """Does it let every job through?"""
        return self == Filter()


def statement(select: str, chosen: Filter, order: str) -> str:
    """`select` (which names jobs `j`, schedules `s`, versions `v`) with the filter's WHERE, sorted by `order`."""
    told = conditions(chosen)
    parts = [
        f"{select} WHERE {' AND '.join([*told, state] if state else told) or 'true'}" for state in states_of(chosen)
    ]
    return " UNION ALL ".join(parts) + f" ORDER BY {order}"


def conditions(chosen: Filter) -> list[str]:
    """What must hold, apart from the state."""
    told = [f"{column} IN {listed(name)}" for name, column in COLUMNS.items() if getattr(chosen, name) is not None]
    if chosen.channels is not None:
        told.append(f"j.schedule_id IN {EVER_IN_CHANNEL}")
    if chosen.schedules is not None:
        told.append(by_schedule(len(chosen.schedules)))
    if chosen.since is not None:
        told.append("j.due_at >= :since")
    if chosen.until is not None:
        told.append("j.due_at <= :until")
    return told


def by_schedule(count: int) -> str:
    if count == 1:
        return "j.schedule_id = :schedule"
    # An expression is not looked up in the index: this walks in due order instead.
    column = "j.schedule_id" if count <= SCHEDULES_BY_KEY else "(j.schedule_id || '')"
    return f"{column} IN {listed('schedules')}"


def states_of(chosen: Filter) -> list[str]:
    """A condition for each branch of the statement."""
    if chosen.states is None:
        return [""]
    if chosen.states and FEW.issuperset(chosen.states):
        return [f"j.state = '{state.value}'" for state in dict.fromkeys(chosen.states)]
    return [f"j.state IN {listed('states')}"]


def listed(name: str) -> str:
    return f"(SELECT value FROM json_each(:{name}))"


def bindings(chosen: Filter) -> dict[str, object]:
    """The values that `statement` names."""
    lists = {name: getattr(chosen, name) for name in (*COLUMNS, "schedules", "states")}
    return {
        **{name: json.dumps(value) for name, value in lists.items() if value is not None},
        "schedule": chosen.schedules[0] if chosen.schedules else None,
        "since": chosen.since,
        "until": chosen.until,
    }
