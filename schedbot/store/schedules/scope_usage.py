"""Scopes of a workspace's token, as the last check found them, and the schedules that need a scope."""

import json
from collections.abc import Set
from dataclasses import dataclass

from schedbot.posts import ScopeNeed
from schedbot.store.database import Database

EXAMPLES = 3

# A schedule needs the scopes for files once a report of it has given files.
CONDITIONS: dict[ScopeNeed, str] = {
    ScopeNeed.ALL: "true",
    ScopeNeed.CHANNEL: "v.channel >= 'C' AND v.channel < 'D' OR v.channel >= 'G' AND v.channel < 'H'",
    ScopeNeed.PERSON: "v.channel >= 'U' AND v.channel < 'X'",
    ScopeNeed.DIRECT: "v.channel >= 'D' AND v.channel < 'E' OR v.channel >= 'U' AND v.channel < 'X'",
    ScopeNeed.APPEARANCE: "v.username <> '' OR v.icon <> ''",
    ScopeNeed.FILES: "s.id IN (SELECT j.schedule_id FROM message_files f JOIN jobs j ON j.id = f.job_id)",
    ScopeNeed.USER_ZONE: "v.tz_from <> ''",
}

USAGE = """
SELECT count(*) AS schedules,
       (SELECT json_group_array(name) FROM (SELECT s.name {source} ORDER BY s.name LIMIT :limit)) AS names
  {source}
"""

SOURCE = """
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.workspace_id = :id AND s.state NOT IN ('removed', 'finished') AND ({condition})
"""

SAVE = "UPDATE workspaces SET scopes = :scopes WHERE id = :id"

GET = "SELECT scopes FROM workspaces WHERE id = :id"


@dataclass(frozen=True, slots=True)
class ScopeUsage:
    """Number of schedules that need a scope, and the first of their names."""

    schedules: int
    names: str

    @property
    def examples(self) -> list[str]:
        """The first names."""
        return [str(name) for name in json.loads(self.names)]


def find_usage(db: Database, workspace_id: str, need: ScopeNeed) -> ScopeUsage:
    """Return the schedules of a workspace that have a need, without removed and finished ones."""
    statement = USAGE.format(source=SOURCE.format(condition=CONDITIONS[need]))
    usage = db.first(ScopeUsage, statement, {"id": workspace_id, "limit": EXAMPLES})
    assert usage
    return usage


def save_scopes(db: Database, workspace_id: str, scopes: Set[str]) -> None:
    """Write the scopes of the workspace's token. Inside a transaction."""
    db.execute(SAVE, {"id": workspace_id, "scopes": ",".join(sorted(scopes))})


def get_scopes(db: Database, workspace_id: str) -> frozenset[str] | None:
    """Return the scopes of the workspace's token at the last check, or None before the first."""
    scopes = db.text_or_none(GET, {"id": workspace_id})
    return None if scopes is None else frozenset(scopes.split(","))
