"""A job that is to wait again after an attempt waits as its schedule and its workspace stand by then.

While a request was on its way somebody may have paused or removed the schedule: nothing more is sent for it. Or the
workspace: it waits with the others. For statements that bind :state and :error.
"""

RESTING = """(SELECT s.state FROM schedules s
              WHERE s.id = jobs.schedule_id AND :state = 'queued' AND s.state IN ('paused', 'suspended', 'removed'))"""

STATE = f"CASE WHEN {RESTING} IS NULL THEN :state ELSE 'cancelled' END"

ERROR = f"coalesce('schedule_' || {RESTING}, :error)"

PARKED = """(:state = 'queued' AND EXISTS (SELECT 1 FROM workspaces w
                                        WHERE w.id = jobs.workspace_id AND w.paused_at IS NOT NULL))"""
