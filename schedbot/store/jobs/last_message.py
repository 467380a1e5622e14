"""Last message of the schedule of a job, which `--update` brings up to date; and the jobs that a job has to wait for.

A message counts once its first part is posted: a later occurrence posts no second one beside it.

Parts of statements in which the job is `j`, its schedule's version `v` and its channel {CHANNEL}.
"""

from schedbot.posts import CANNOT_BE_UPDATED
from schedbot.store.schedules.job_days import ON_ANY_DAY, ON_OPEN_DAYS, on_days

# A message to a person goes to the conversation that Slack opened.
CHANNEL = "coalesce(d.channel_id, v.channel)"
IS_FIRST_PART = "v.is_update = 1 AND j.parts_posted = 0"

# '': a new message, because there is none yet, or the last one can be updated no more.
TO_UPDATE = f"""
CASE WHEN {IS_FIRST_PART}
           AND NOT EXISTS (SELECT 1 FROM attempts g
                            WHERE g.job_id = j.id AND g.method = 'update'
                              AND g.error IN ({", ".join(f"'{code}'" for code in sorted(CANNOT_BE_UPDATED))}))
     THEN coalesce((SELECT p.ts FROM jobs p
                     WHERE p.{ON_ANY_DAY} AND p.schedule_id = j.schedule_id AND p.ts IS NOT NULL AND p.kind <> 'test'
                       AND p.thread_ts IS NULL
                       AND EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = p.id AND a.channel = {CHANNEL})
                     ORDER BY p.day DESC, p.due_at DESC LIMIT 1), '')
     ELSE '' END
"""

# A later occurrence is in the message by now: this one would put it back.
IS_SUPERSEDED = f"""
CASE WHEN {IS_FIRST_PART}
     THEN EXISTS (SELECT 1 FROM jobs p
                   WHERE p.{on_days("j.due_at")} AND p.schedule_id = j.schedule_id AND p.due_at > j.due_at
                     AND p.ts IS NOT NULL AND p.kind <> 'test')
     ELSE 0 END
"""

# Another job of the schedule is on its way: in one claim the earlier occurrence goes first. Or its message has begun:
# in a thread, the parts of two messages would mix.
IS_ON_ITS_WAY = f"""
EXISTS (SELECT 1 FROM jobs p
         WHERE p.{ON_OPEN_DAYS} AND p.schedule_id = j.schedule_id AND p.state IN ('queued', 'running') AND p.id <> j.id
           AND (p.state = 'running' AND (p.token <> j.token OR p.due_at < j.due_at)
                OR p.parts_posted > 0 AND p.parked = 0))
"""

# A message to update may be that of a job whose outcome is unknown.
IS_WAITING = f"""
CASE WHEN j.parts_posted > 0 OR v.is_update = 0 AND v.thread = 'none' THEN 0
     ELSE {IS_ON_ITS_WAY}
          OR EXISTS (SELECT 1 FROM jobs p
                      WHERE p.state = 'unknown' AND p.schedule_id = j.schedule_id AND p.id <> j.id
                        AND (v.is_update = 1 OR p.parts_posted > 0))
     END
"""
