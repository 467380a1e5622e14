"""Conditions that read the jobs of one schedule by the key of the table: (day, schedule_id, due_at).

The day is that of due_at in UTC. A statement looks the schedule up on each day that has jobs; in the order of day and
due_at nothing is sorted, and a LIMIT ends the look-ups. Without one of these conditions all jobs are read.
"""

DAY_MS = 86_400_000

# A statement may put the table's name before a condition: `j.{ON_ANY_DAY}`.
ON_ANY_DAY = "day IN (SELECT day FROM job_days)"
# Days that may have open jobs (queued, running), which are the last ones.
ON_OPEN_DAYS = "day IN (SELECT day FROM job_days WHERE has_open = 1)"


def day_of(instant: str) -> str:
    """Return the day of an instant (a parameter or a column), as SQL."""
    return f"{instant} / {DAY_MS}"


def on_days(since: str, until: str | None = None) -> str:
    """Return the condition that a job is of the days from an instant on, or up to another (parameters or columns)."""
    last = "" if until is None else f" AND day <= {day_of(until)}"
    return f"day IN (SELECT day FROM job_days WHERE day >= {day_of(since)}{last})"
