"""`audit --summary` and `audit --missing`: counts of jobs for a triage, and the accounts that got no post."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from schedbot import times
from schedbot.model import JobState
from schedbot.session import Session
from schedbot.store.history.counts import QUARTER_MS, JobCount, count_jobs
from schedbot.store.history.filters import Filter

KINDS = ("state", "error", "workspace", "account", "day")
# Jobs that nobody expects to be posted.
NOT_EXPECTED = (JobState.SKIPPED,)


@dataclass(slots=True)
class SummaryRow:
    """Number of jobs that have the value `key` of the kind `by`, in total and by state."""

    by: str
    key: str
    states: Counter[JobState] = field(default_factory=Counter)

    @property
    def jobs(self) -> int:
        """Number of jobs."""
        return self.states.total()

    @property
    def troubled(self) -> int:
        """Number of jobs that were not posted."""
        return self.jobs - self.states[JobState.SUCCEEDED]


@dataclass(slots=True)
class MissingAccount:
    """An account without a post, or a schedule without an account: its jobs by state, and their errors."""

    account: str
    schedule: str = ""
    states: Counter[JobState] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def summarize(session: Session, selection: Filter) -> list[SummaryRow]:
    """Return the rows by state, error, workspace, account and day, each kind with the most trouble first."""
    rows: dict[tuple[str, str], SummaryRow] = {}
    for count in count_jobs(session.db, selection):
        for by, key in keys_of(count):
            row = rows.setdefault((by, key), SummaryRow(by, key))
            row.states[count.state] += count.jobs
    return sorted(rows.values(), key=order)


def keys_of(count: JobCount) -> Iterator[tuple[str, str]]:
    yield "state", count.state.value
    if count.error:
        yield "error", count.error
    yield "workspace", count.workspace
    if count.account:
        yield "account", count.account
    yield "day", times.to_local_rfc3339(count.quarter * QUARTER_MS, times.zone(count.tz))[:10]


def order(row: SummaryRow) -> tuple[int, str, int, int, str]:
    day = row.key if row.by == "day" else ""
    return KINDS.index(row.by), day, -row.troubled, -row.jobs, row.key


def list_missing(session: Session, selection: Filter) -> list[MissingAccount]:
    """Return the accounts with due jobs of which none was posted, by name. Skipped jobs do not count.

    A schedule without an account stands for itself.
    """
    now = session.now()
    due = replace(selection, until=now if selection.until is None else min(now, selection.until))
    return sorted(find_missing(count_jobs(session.db, due)), key=lambda missing: (missing.account, missing.schedule))


def find_missing(counts: Iterable[JobCount]) -> list[MissingAccount]:
    accounts: dict[tuple[str, str], MissingAccount] = {}
    for count in counts:
        if count.state not in NOT_EXPECTED:
            key = (count.account, count.schedule)
            missing = accounts.setdefault(key, MissingAccount(*key))
            missing.states[count.state] += count.jobs
            missing.errors.update({count.error: count.jobs} if count.error else {})
    return [missing for missing in accounts.values() if not missing.states[JobState.SUCCEEDED]]
