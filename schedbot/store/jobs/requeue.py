"""A job that is to wait again after an attempt waits as its schedule and its workspace stand by then.

While a request was on its way somebody may have paused or removed the schedule: nothing more is sent for it, but for an
extra job that was asked for during the pause. Or the workspace: it waits with the others. Or moved the schedule to
another workspace: the next attempt goes there. For statements that bind :state and :error.
"""

# An extra job is never due at a full second, and due when it was asked for.
RESTING = """(SELECT s.state FROM schedules s
              WHERE s.id = jobs.schedule_id AND :state = 'queued'
                AND (s.state IN ('suspended', 'removed')
                     OR s.state = 'paused'
                    AND (jobs.due_at % 1000 = 0
                         OR EXISTS (SELECT 1 FROM changes c
                                     WHERE c.kind = 'schedule' AND c.object_id = s.id AND c.changed_at >= jobs.due_at
                                       AND c.after ->> 'state' = 'paused'))))"""

STATE = f"CASE WHEN {RESTING} IS NULL THEN :state ELSE 'cancelled' END"

ERROR = f"coalesce('schedule_' || {RESTING}, :error)"

WORKSPACE = """CASE WHEN :state = 'queued'
                    THEN (SELECT s.workspace_id FROM schedules s WHERE s.id = jobs.schedule_id)
                    ELSE workspace_id END"""

PARKED = """(:state = 'queued' AND EXISTS (SELECT 1 FROM schedules s JOIN workspaces w ON w.id = s.workspace_id
                                        WHERE s.id = jobs.schedule_id AND w.paused_at IS NOT NULL))"""
