"""Schedules that `why` has something to say about, one for each state of a job and each cause without a job.

They are made by schedbot's own commands in a filled database; only the jobs' states are written by statements.
"""

from collections.abc import Callable

from schedbot.admin.undo import undo
from schedbot.admin.workspaces import manage
from schedbot.model import JobState, TokenSource
from schedbot.store.history import changes
from schedbot.store.operations import alerts
from tests.support.schedules import Schedules, clock

HOUR = 3_600_000
BUSY = 100_000  # jobs of one schedule

JOB = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts, spent, error, ts,
                  cancel_reason, token, lease_until, lateness_ms)
SELECT id, workspace_id, :due_at, :due_at, :due_at + 21600000, :state, 1, 1, :error,
       iif(:state = 'succeeded', '1.2', NULL), iif(:state = 'cancelled', 'schedule_paused', NULL),
       iif(:state = 'running', 1, NULL), iif(:state = 'running', :due_at, NULL), 12
  FROM schedules WHERE name = :name
"""
ATTEMPT = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, ended_at, outcome,
                      error, detail, http_status)
SELECT j.id, 1, j.workspace_id, 1, 'C0000000001', 'host:1', j.due_at, j.due_at, j.due_at + 9, :outcome, j.error, 'x',
       200
  FROM jobs j WHERE j.id = (SELECT max(id) FROM jobs)
"""
MINUTES = """
WITH RECURSIVE minutes (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM minutes WHERE n < :count)
INSERT OR IGNORE INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts, ts,
                            lateness_ms)
SELECT id, workspace_id, :until - n * 60000, 0, 0, 'succeeded', 1, '1.2', 12 FROM minutes, schedules WHERE name = 'busy'
"""
STATES = dict.fromkeys(JobState, ("message_refused", "invalid_blocks")) | {
    JobState.QUEUED: ("not_ready", "not_ready: no data yet"),
    JobState.HELD: ("unknown", "restored"),
    JobState.UNKNOWN: ("unknown", "timeout"),
    JobState.MISSED: ("lost_unsent", "no_tick"),
    JobState.SKIPPED: ("nothing_to_report", "nothing_to_report: no rows"),
}


def add_jobs(schedules: Schedules, due_at: int) -> None:
    """Add a schedule for each state, with its job due then; and one with a job for each minute before."""
    for state, (outcome, error) in STATES.items():
        name = f"job-{state.value}"
        schedules.add(name, cron="0 * * * *")
        shown = error if state in (JobState.FAILED, JobState.HELD, JobState.QUEUED, JobState.SKIPPED) else None
        with schedules.db.writing():
            schedules.db.execute(JOB, {"name": name, "state": state.value, "due_at": due_at, "error": shown})
            schedules.db.execute(ATTEMPT, {"outcome": outcome})
    schedules.add("busy", cron="* * * * *")
    with schedules.db.writing():
        schedules.db.execute(MINUTES, {"count": BUSY, "until": due_at})
        sentences = {"failed:invalid_blocks": "1 job failed."}
        alerts.save_seen(schedules.db, sentences, due_at)
        alerts.announce(schedules.db, alerts.add_message(schedules.db, {}, ["command"], due_at), list(sentences), [])


def add_causes(schedules: Schedules, now: int) -> None:
    """Add a schedule for each cause for which there is no job."""
    day = clock(now + 5 * 24 * HOUR)
    actions: dict[str, Callable[[], object]] = {
        "paused": lambda: schedules.pause("paused", reason="moving"),
        "removed": lambda: schedules.remove("removed"),
        "edited": lambda: schedules.edit("edited", cron="30 * * * *"),
        "undone": lambda: undo_edit(schedules, "undone"),
        "ended": lambda: schedules.edit("ended", until=clock(now + HOUR)),
        "starting": lambda: schedules.edit("starting", starts=day),
        "suspended": lambda: suspend(schedules, "suspended"),
        "skipped": lambda: schedules.skip_next("skipped"),
    }
    for name, action in actions.items():
        schedules.add(name, cron="0 * * * *")
        action()
    manage.add(schedules.session, "why", TokenSource("env", "WHY_TOKEN"))
    schedules.add("of-a-paused-workspace", cron="0 * * * *", workspace="why")
    manage.pause(schedules.session, "why", "moving")


def undo_edit(schedules: Schedules, name: str) -> None:
    """Edit a schedule, and take it back."""
    schedules.edit(name, cron="30 * * * *")
    undo.undo(schedules.session, changes.last_number(schedules.db))


def suspend(schedules: Schedules, name: str) -> None:
    """Suspend a schedule as a pool does after a refused channel."""
    with schedules.db.writing():
        sql = "UPDATE schedules SET state = 'suspended', reason = 'channel_not_found' WHERE name = :name"
        schedules.db.execute(sql, {"name": name})
