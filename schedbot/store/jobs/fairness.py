"""The workspaces take turns, by weight: where more waits than there is room for, none waits for another to be done.

A turn's cost is that of what it takes, whatever waits. Who calls it holds the transaction, and says which token claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schedbot.model import Priority
from schedbot.store.database import Database

# The next workspace in which something waits; the priority of what is first there, as its schedule stands now; and
# whether that is available.
NEXT_WORKSPACE = """
SELECT j.workspace_id, v.priority, j.available_at <= :until
  FROM jobs j
 CROSS JOIN schedules s ON s.id = j.schedule_id
 CROSS JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE j.state = 'queued' AND j.parked = 0 AND j.workspace_id > :cursor
 ORDER BY j.workspace_id, j.available_at, j.id
 LIMIT 1
"""

CLAIM_OF = """
UPDATE jobs
   SET state = 'running', token = :token, lease_until = :lease_until
 WHERE id IN (SELECT id FROM jobs
               WHERE state = 'queued' AND parked = 0 AND workspace_id = :workspace_id AND available_at <= :until
               ORDER BY available_at, id
               LIMIT :limit)
RETURNING id
"""

TURNS = 32  # workspaces that are looked at in one round
ROUNDS = 2  # of one claim: the second is for the room that whole turns leave
# How many jobs a turn is: by the priority of the first of them. What is low has its turns too.
WEIGHTS = {Priority.HIGH: 4, Priority.NORMAL: 2, Priority.LOW: 1}


@dataclass(slots=True)
class RoundRobin:
    """Whose turn was the last to end; and whose was cut short, and what it has had of it. A pool keeps it."""

    cursor: str = ""
    begun: tuple[str, int] = ("", 0)

    def pass_over(self, workspace_id: str) -> None:
        """It has had its turn."""
        self.cursor, self.begun = workspace_id, ("", 0)

    def had_by(self, workspace_id: str) -> int:
        return self.begun[1] if self.begun[0] == workspace_id else 0


def claim_in_turns(db: Database, turns: RoundRobin, limit: int, told: Mapping[str, int]) -> list[int]:
    """Up to `limit` jobs, taken in turns. `told` is the claim's token, lease and instant."""
    ids: list[int] = []
    for _ in range(ROUNDS):
        if len(ids) < limit:
            ids += around(db, turns, limit - len(ids), told)
    return ids


def around(db: Database, turns: RoundRobin, limit: int, told: Mapping[str, int]) -> list[int]:
    """One round: as many turns for each as there is room for. A turn that does not fit goes on at the next claim."""
    ids: list[int] = []
    weights = next_workspaces(db, turns.cursor, told["until"])
    if turns.begun[0] not in weights:
        turns.begun = ("", 0)
    times = max(1, (limit + turns.begun[1]) // max(1, sum(weights.values())))
    for workspace_id, weight in weights.items():
        room, had = limit - len(ids), turns.had_by(workspace_id)
        share = max(0, weight * times - had)
        taken = db.rows(CLAIM_OF, {**told, "workspace_id": workspace_id, "limit": min(share, room)})
        ids += [row[0] for row in taken]
        if len(taken) == room < share:
            turns.begun = workspace_id, had + room
            break
        turns.cursor, turns.begun = workspace_id, ("", 0)
        if len(ids) == limit:
            break
    return ids


def next_workspaces(db: Database, cursor: str, until: int) -> dict[str, int]:
    """Up to TURNS workspaces in which jobs wait, in their order after `cursor` and around, each with its weight.

    The weight is 0 where nothing is available up to `until`.
    """
    found: dict[str, int] = {}
    while len(found) < TURNS:
        following = db.row(NEXT_WORKSPACE, {"cursor": cursor, "until": until})
        if following and following[0] in found:
            break
        if following:
            workspace_id, priority, available = following
            found[workspace_id] = WEIGHTS[priority] if available else 0
        elif not cursor:
            break
        cursor = following[0] if following else ""
    return found
