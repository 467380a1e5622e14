"""The workspaces take turns: where more waits than there is room for, none waits for another to be done.

A turn's cost is that of what it takes, whatever waits. Who calls it holds the transaction, and says which token claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schedbot.store.database import Database

NEXT_WORKSPACE = """
SELECT workspace_id FROM jobs
 WHERE state = 'queued' AND parked = 0 AND workspace_id > :cursor
 ORDER BY workspace_id
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

TURNS = 32  # workspaces that are served by one claim


@dataclass(slots=True)
class Turns:
    """Whose turn it was last. A pool keeps it from claim to claim."""

    cursor: str = ""


def by_turns(db: Database, turns: Turns, limit: int, told: Mapping[str, int]) -> list[int]:
    """The same share for each of the workspaces whose turn it is. `told` is the claim's token, lease and instant."""
    ids: list[int] = []
    for workspace_id in next_workspaces(db, turns, min(TURNS, limit)):
        share = {**told, "workspace_id": workspace_id, "limit": max(1, limit // TURNS)}
        ids += [row[0] for row in db.rows(CLAIM_OF, share)][: limit - len(ids)]
    return ids


def next_workspaces(db: Database, turns: Turns, most: int) -> list[str]:
    """The next `most` workspaces with jobs that wait, each once, from where the last claim stopped."""
    found: list[str] = []
    while len(found) < most:
        following = db.value(NEXT_WORKSPACE, {"cursor": turns.cursor})
        if following in found:
            break
        if following is not None:
            found.append(following)
        elif not turns.cursor:
            break
        turns.cursor = following or ""
    return found
