"""Jobs that a pause of all posts called off, in one sentence."""

import shlex

from schedbot import times
from schedbot.presentation import output
from schedbot.store.jobs.called_off import CalledOffJobs


def describe(jobs: CalledOffJobs, workspace: str = "") -> str:
    """Return how many waiting jobs a pause of all called off, with the command that sends them; else empty."""
    if not jobs.jobs:
        return ""
    since, until = times.to_rfc3339(jobs.first_due_at), times.to_rfc3339(jobs.last_due_at + 1)
    where = f"--workspace {shlex.quote(workspace)} " if workspace else ""
    filters = f"{where}--state cancelled --error all_paused --since {since} --until {until}"
    waiting = output.count(jobs.jobs, "waiting job was", "waiting jobs were")
    return f" {waiting} called off by 'pause --all'; 'schedbot retry {filters} --stale' sends them."
