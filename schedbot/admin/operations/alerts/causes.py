"""Causes of alerts: reasons for which posts do not go out, each with a sentence and the command that settles it."""

import shlex

from schedbot.admin.operations.health import count, paused_workspace
from schedbot.admin.operations.machine import machine_health
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.operations import alerts
from schedbot.store.operations.alerts import FailureGroup
from schedbot.store.operations.health import Vitals


def find(session: Session) -> dict[str, str] | None:
    """Return a sentence for each cause that is there now; None for a copy of the database, which alerts nobody.

    A full disk is not among them: see full_disk.
    """
    vitals, problems = machine_health.assess(session.db, session.now(), session.settings.expect_pool)
    if vitals.refused:
        return None
    sentences: dict[str, str] = {}
    for problem in problems:
        if problem.cause and problem.cause != alerts.DISK:
            sentences.setdefault(problem.cause, problem.sentence)
    return {**sentences, **find_in_jobs(session, vitals)}


def find_in_jobs(session: Session, vitals: Vitals) -> dict[str, str]:
    """Return the causes that jobs, schedules and workspaces show."""
    failed = alerts.list_failed(session.db, session.now())
    errors = {group.error for group in failed}
    sentences = {f"failed:{group.error}": describe_failed(group) for group in failed}
    for group in alerts.list_suspended(session.db):
        if group.error not in errors:  # else its failures say so
            sentences[f"suspended:{group.error}"] = describe_suspended(group)
    for workspace in vitals.paused:
        if workspace.stops_grace:  # not by a person
            sentences[f"paused:{workspace.name}"] = paused_workspace(workspace.name, workspace.reason)
    if vitals.held:
        jobs = count(vitals.held, "job is held: it", "jobs are held: they")
        sentences["held"] = f"{jobs} may have been posted. 'schedbot audit --state held' lists them."
    return sentences


def describe_failed(group: FailureGroup) -> str:
    """Return `31 jobs of 4 workspaces failed with channel_not_found: ...`, and the command that settles it."""
    places = f" of {group.workspaces:,} workspaces" if group.workspaces > 1 else ""
    error = group.error or "no reason"
    meaning = describe_reason(error)
    reason = f": {meaning.removesuffix(f' ({error})')}" if meaning != error else ""
    command = (
        f"schedbot audit --state failed --error {shlex.quote(error)}"
        if group.error
        else "schedbot audit --state failed"
    )
    subject = f"{count(group.jobs, 'job', 'jobs')}{places} failed with {error}{reason}."
    return f"{subject} '{command}' lists them; after the cause is fixed, 'schedbot retry --state failed' sends them."


def describe_suspended(group: FailureGroup) -> str:
    """Return the number of suspended schedules with the reason, and the command that lists them."""
    schedules = count(group.schedules, "schedule is", "schedules are")
    reason = describe_reason(group.error) or "no reason is on record"
    return f"{schedules} suspended: {reason}. 'schedbot list --state suspended' lists them."
