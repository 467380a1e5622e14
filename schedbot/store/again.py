"""A job that is to wait again after an attempt waits as its schedule and its workspace stand by then.

While a request was on its way somebody may have paused or removed the schedule: nothing more is sent for it. Or the
workspace: it waits with the others. Or moved the schedule to another workspace: the next attempt goes there. For
statements that bind :state and :error.
"""

RESTING = """(SELECT s.state FROM schedules s
              WHERE s.id = jobs.schedule_id AND :state = 'queued' AND s.state IN ('paused', 'suspended', 'removed'))"""

STATE = f"CASE WHEN {RESTING} IS NULL THEN :state ELSE 'cancelled' END"

ERROR = f"coalesce('schedule_' || {RESTING}, :error)"

WORKSPACE = """CASE WHEN :state = 'queued'
                    THEN (SELECT s.workspace_id FROM schedules s WHERE s.id = jobs.schedule_id)
                    ELSE workspace_id END"""

PARKED = """(:state = 'queued' AND EXISTS (SELECT 1 FROM schedules s JOIN workspaces w ON w.id = s.workspace_id
                                        WHERE s.id = jobs.schedule_id AND w.paused_at IS NOT NULL))"""
