"""What one job's end means for others: its workspace is paused, its schedule suspended, with the reason on record."""

from collections.abc import Mapping

from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.jobs import pending
from schedbot.store.schedules import workspaces

ACTOR = "schedbot work"
Said = Mapping[str, str | None]

SUSPEND = """
UPDATE schedules SET state = 'suspended', reason = :reason, state_by = :actor, state_until = NULL
 WHERE id = :id AND state IN ('active', 'paused', 'finished')
   AND :channel = (SELECT v.channel FROM schedule_versions v
                    WHERE v.schedule_id = schedules.id AND v.version = schedules.version)
RETURNING name, workspace_id
"""


def pause_workspace(db: Database, workspace_id: str, reason: str, now: int, resumes: int) -> None:
    """Its token is refused or cannot be found: all its jobs wait. Inside a transaction.

    Unless somebody has resumed it since what was refused was taken in hand: `resumes` is how often it had been by then.
    (Counted, because a clock that is set puts instants out of order.)
    """
    found = workspaces.by_id(db, workspace_id)
    if found.resumes == resumes and workspaces.pause(db, workspace_id, reason, ACTOR, now):
        turn = {"paused_reason": None}, {"paused_reason": reason}
        record(db, "workspace", workspace_id, (found.name, workspace_id), turn, now)


def suspend_schedule(db: Database, schedule_id: str, channel: str, reason: str, now: int) -> None:
    """Its channel refuses it: no request more until a person resumes it. Inside a transaction.

    Unless somebody has given it another channel meanwhile.
    """
    before = db.value("SELECT state FROM schedules WHERE id = :id", {"id": schedule_id})
    row = db.row(SUSPEND, {"id": schedule_id, "channel": channel, "reason": reason, "actor": ACTOR})
    if row is None:
        return
    pending.cancel(db, schedule_id, "schedule_suspended")  # it would meet the same refusal
    turn = {"state": before}, {"state": "suspended", "reason": reason}
    record(db, "schedule", schedule_id, (row[0], row[1]), turn, now)


def record(db: Database, kind: str, object_id: str, whose: tuple[str, str], turn: tuple[Said, Said], now: int) -> None:
    name, workspace_id = whose
    changes.record(
        db,
        changes.Change(
            changed_at=now,
            actor=ACTOR,
            command="work",
            kind=kind,
            object_id=object_id,
            name=name,
            workspace_id=workspace_id,
            before=turn[0],
            after=turn[1],
        ),
    )
