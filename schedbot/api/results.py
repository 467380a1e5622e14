"""Results of operations as values of the Python API."""

from collections.abc import Iterable
from datetime import UTC, datetime

from schedbot.admin.explain.why import Explanation as StoredExplanation
from schedbot.admin.jobs.retry import RetryPlan
from schedbot.admin.schedules.run_now import RunNowJob
from schedbot.admin.sync import plan_objects
from schedbot.admin.sync.plan import SyncPlan
from schedbot.api.values import Explanation, Plan, PlannedSchedule, QueuedJob, Refusal, Retry
from schedbot.model import JobState
from schedbot.store.jobs.retry import Candidate


def to_instant(ms: int) -> datetime:
    """Return UTC milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def queued_extra(extra: RunNowJob) -> QueuedJob:
    """Return a job of `run_now`."""
    return QueuedJob(
        job=extra.job.id,
        schedule=extra.schedule.name,
        workspace=extra.schedule.workspace,
        due_at=to_instant(extra.job.due_at),
        state=extra.job.state.value,
        error=extra.job.error,
    )


def retry_of(plan: RetryPlan, jobs: Iterable[Candidate], dry_run: bool) -> Retry:
    """Return the result of `retry`. The jobs have their error before it, and their present state."""
    queued = tuple(
        QueuedJob(
            job=job.job,
            schedule=job.schedule,
            workspace=job.workspace,
            due_at=to_instant(job.due_at),
            state=job.state.value if dry_run else JobState.QUEUED.value,
            error=job.error,
            waits_for_workspace=job.workspace if job.parked else None,
        )
        for job in jobs
    )
    return Retry(queued, tuple(Refusal(*refusal, count) for refusal, count in plan.excluded.items()))


def explanation_of(explanation: StoredExplanation) -> Explanation:
    """Return an explanation of `why`."""
    return Explanation(
        schedule=explanation.schedule.name,
        at=to_instant(explanation.at),
        due_at=None if explanation.due_at is None else to_instant(explanation.due_at),
        job=explanation.job.job if explanation.job else None,
        state=explanation.state.value if explanation.state else None,
        because=explanation.because,
        steps=explanation.steps,
    )


def plan_of(plan: SyncPlan) -> Plan:
    """Return the plan of a sync."""
    entries: dict[str, list[PlannedSchedule]] = {"add": [], "change": [], "remove": [], "keep": []}
    for entry in plan_objects.to_json_each(plan):
        changes = {column: (before, after) for column, (before, after) in entry["changes"].items()}
        entries[entry["action"]].append(PlannedSchedule(entry["schedule"], changes))
    return Plan(*map(tuple, entries.values()))
