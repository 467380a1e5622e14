"""Claim jobs of the workspaces in turns, by weight, so that a workspace with many jobs does not delay the others.

The cost of a turn depends on the number of jobs it claims alone. The caller holds the transaction.
"""

import json
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from schedbot.model import JobState, Priority
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database

RUNNING = after(JobState.QUEUED, Event.CLAIMED)

QUEUED_JOBS = "FROM jobs WHERE state = 'queued' AND parked = 0"

# Up to :limit workspaces with queued jobs after :cursor: each is one look-up in the index of queued jobs. With the
# priority of its first job, and whether that job is available.
NEXT_WORKSPACES = f"""
WITH RECURSIVE waiting (number, id) AS (
  VALUES (0, :cursor)
  UNION ALL
  SELECT number + 1, (SELECT workspace_id {QUEUED_JOBS} AND workspace_id > waiting.id ORDER BY workspace_id LIMIT 1)
    FROM waiting WHERE waiting.id IS NOT NULL AND number < :limit
)
SELECT waiting.number, waiting.id, v.priority, j.available_at <= :until AS is_available
  FROM waiting
 CROSS JOIN jobs j ON j.id = (SELECT id {QUEUED_JOBS} AND workspace_id = waiting.id ORDER BY available_at, id LIMIT 1)
 CROSS JOIN schedules s ON s.id = j.schedule_id
 CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE waiting.number > 0
"""

# The first available jobs of workspaces, at most :most of each.
FIRST_JOBS = f"""
SELECT j.available_at, j.id, w.value AS workspace_id
  FROM json_each(:workspaces) w
 CROSS JOIN jobs j ON j.id IN (SELECT id {QUEUED_JOBS} AND workspace_id = w.value AND available_at <= :until
                                ORDER BY available_at, id LIMIT :most)
"""

CLAIM_BY_ID = """
UPDATE jobs SET state = :running, token = :token, lease_until = :lease_until
 WHERE id IN (SELECT value FROM json_each(:ids))
"""

MAX_WORKSPACES = 32  # in one round
ROUNDS = 2  # of one claim: the second fills the room that whole turns leave
# Number of jobs in a turn, by the priority of the first. Low priority has turns too.
WEIGHTS = {Priority.HIGH: 4, Priority.NORMAL: 2, Priority.LOW: 1}


@dataclass(frozen=True, slots=True)
class WaitingWorkspace:
    """A workspace with queued jobs, by its place in turn. `priority` and `is_available` are those of the first job."""

    number: int
    id: str
    priority: Priority
    is_available: bool


class FirstJob(NamedTuple):
    """One of the first available jobs of a workspace."""

    available_at: int
    id: int
    workspace_id: str


@dataclass(slots=True)
class RoundRobin:
    """Position of a pool's claims in the round: the last workspace with a whole turn, and the turn that was cut short.

    `taken` is the number of jobs that `unfinished` had in its turn already.
    """

    cursor: str = ""
    unfinished: str = ""
    taken: int = 0

    def end_turn(self, workspace_id: str) -> None:
        """Move on to the workspace after this one."""
        self.cursor, self.unfinished, self.taken = workspace_id, "", 0

    def taken_by(self, workspace_id: str) -> int:
        """Return the number of jobs that the workspace had in its present turn."""
        return self.taken if self.unfinished == workspace_id else 0


def claim_in_turns(db: Database, turns: RoundRobin, limit: int, until: int, token: int, lease_until: int) -> list[int]:
    """Claim up to `limit` jobs that are available up to `until`, in turns. Returns their ids."""
    bindings: dict[str, object] = {"running": RUNNING, "token": token, "lease_until": lease_until, "until": until}
    ids: list[int] = []
    for _ in range(ROUNDS):
        if len(ids) < limit:
            ids += claim_round(db, turns, limit - len(ids), until, bindings)
    return ids


def claim_round(db: Database, turns: RoundRobin, limit: int, until: int, bindings: dict[str, object]) -> list[int]:
    """Claim one round, with the same number of turns for each workspace.

    A turn that does not fit goes on in the next claim.
    """
    weights = list_weights(db, turns.cursor, until)
    if turns.unfinished != next(iter(weights), ""):
        turns.unfinished, turns.taken = "", 0
    times = max(1, (limit + turns.taken) // max(1, sum(weights.values())))
    shares = {id_: max(0, weight * times - turns.taken_by(id_)) for id_, weight in weights.items()}
    jobs = list_first_jobs(db, shares, until)
    ids: list[int] = []
    for workspace_id, share in shares.items():
        room = limit - len(ids)
        claimed = jobs.get(workspace_id, [])[: min(share, room)]
        ids += claimed
        if len(claimed) == room < share:
            turns.unfinished, turns.taken = workspace_id, turns.taken_by(workspace_id) + room
            break
        turns.end_turn(workspace_id)
        if len(ids) == limit:
            break
    db.execute(CLAIM_BY_ID, {**bindings, "ids": json.dumps(ids)})
    return ids


def list_weights(db: Database, cursor: str, until: int) -> dict[str, int]:
    """Return up to MAX_WORKSPACES workspaces with queued jobs, in order after `cursor` and around, with their weights.

    The weight is 0 if no job is available up to `until`.
    """
    workspaces: list[WaitingWorkspace] = []
    for start in (cursor, "") if cursor else ("",):
        bindings = {"cursor": start, "limit": MAX_WORKSPACES - len(workspaces), "until": until}
        workspaces += sorted(db.all(WaitingWorkspace, NEXT_WORKSPACES, bindings), key=attrgetter("number"))
    weights: dict[str, int] = {}
    for workspace in workspaces:
        weights.setdefault(workspace.id, WEIGHTS[workspace.priority] if workspace.is_available else 0)
    return weights


def list_first_jobs(db: Database, shares: dict[str, int], until: int) -> dict[str, list[int]]:
    """Return the first available jobs of each workspace, at least as many as its share, if it has so many."""
    bindings = {"workspaces": json.dumps(list(shares)), "until": until, "most": max(shares.values(), default=0)}
    jobs: dict[str, list[int]] = {}
    for job in sorted(db.all(FirstJob, FIRST_JOBS, bindings)):
        jobs.setdefault(job.workspace_id, []).append(job.id)
    return jobs
