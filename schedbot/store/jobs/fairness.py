"""Claim jobs of the workspaces in turns, by weight, so that a workspace with many jobs does not delay the others.

The cost of a turn depends on the number of jobs it claims alone. The caller holds the transaction.
"""

from dataclasses import dataclass

from schedbot.model import JobState, Priority
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database

RUNNING = after(JobState.QUEUED, Event.CLAIMED)

# Next workspace with a queued job, the priority of its first job, and whether that job is available.
NEXT_WORKSPACE = """
SELECT j.workspace_id AS id, v.priority, j.available_at <= :until AS is_available
  FROM jobs j
 CROSS JOIN schedules s ON s.id = j.schedule_id
 CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE j.state = 'queued' AND j.parked = 0 AND j.workspace_id > :cursor
 ORDER BY j.workspace_id, j.available_at, j.id
 LIMIT 1
"""

CLAIM_OF_WORKSPACE = """
UPDATE jobs
   SET state = :running, token = :token, lease_until = :lease_until
 WHERE id IN (SELECT id FROM jobs
               WHERE state = 'queued' AND parked = 0 AND workspace_id = :workspace_id AND available_at <= :until
               ORDER BY available_at, id
               LIMIT :limit)
RETURNING id
"""

MAX_WORKSPACES = 32  # in one round
ROUNDS = 2  # of one claim: the second fills the room that whole turns leave
# Number of jobs in a turn, by the priority of the first. Low priority has turns too.
WEIGHTS = {Priority.HIGH: 4, Priority.NORMAL: 2, Priority.LOW: 1}


@dataclass(frozen=True, slots=True)
class WaitingWorkspace:
    """A workspace with queued jobs. `priority` and `is_available` are those of the first."""

    id: str
    priority: Priority
    is_available: bool


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
    ids: list[int] = []
    weights = list_weights(db, turns.cursor, until)
    if turns.unfinished not in weights:
        turns.unfinished, turns.taken = "", 0
    times = max(1, (limit + turns.taken) // max(1, sum(weights.values())))
    for workspace_id, weight in weights.items():
        room, taken = limit - len(ids), turns.taken_by(workspace_id)
        share = max(0, weight * times - taken)
        turn = {"workspace_id": workspace_id, "limit": min(share, room)}
        claimed = db.integers(CLAIM_OF_WORKSPACE, {**bindings, **turn})
        ids += claimed
        if len(claimed) == room < share:
            turns.unfinished, turns.taken = workspace_id, taken + room
            break
        turns.end_turn(workspace_id)
        if len(ids) == limit:
            break
    return ids


def list_weights(db: Database, cursor: str, until: int) -> dict[str, int]:
    """Return up to MAX_WORKSPACES workspaces with queued jobs, in order after `cursor` and around, with their weights.

    The weight is 0 if no job is available up to `until`.
    """
    weights: dict[str, int] = {}
    while len(weights) < MAX_WORKSPACES:
        workspace = db.first(WaitingWorkspace, NEXT_WORKSPACE, {"cursor": cursor, "until": until})
        if workspace and workspace.id in weights:
            break
        if workspace:
            weights[workspace.id] = WEIGHTS[workspace.priority] if workspace.is_available else 0
        elif not cursor:
            break
        cursor = workspace.id if workspace else ""
    return weights
