"""Try a report before a schedule is written. Equal trials are made once: an import repeats the same few.

A report is deterministic: while the values that it has used are the same, its message is. So a report that uses no
account is tried once for all accounts.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.reports import render_process
from schedbot.reports.context import LiveOccurrence

MOST_KNOWN = 10_000  # trials that are kept

FileVersion = tuple[str, int, int]  # path, modified at (ns), size


@dataclass
class TrialOccurrence:
    """Occurrence of a trial. `find_due` returns its instant, which is computed only for a report that uses it."""

    schedule: str
    account: str
    workspace: str
    channel: str
    tz: str
    find_due: Callable[[], int]

    @cached_property
    def due_at(self) -> int:
        """The instant, in UTC milliseconds."""
        return self.find_due()

    def values_of(self, names: frozenset[str]) -> tuple[object, ...]:
        """Return the values that these names have in a report, in a fixed order."""
        return tuple(self.value_of(name) for name in sorted(names))

    def value_of(self, name: str) -> object:
        """Return what decides the value of a name. `params` is part of the report; others are equal in all trials."""
        if name in ("due", "period"):
            return self.due_at, self.tz
        return getattr(self, name) if name in ("schedule", "account", "workspace", "channel", "due_at") else None

    def build(self, params: Mapping[str, Any]) -> LiveOccurrence:
        """Return the occurrence, with its instant."""
        return LiveOccurrence(
            self.schedule,
            self.account,
            self.workspace,
            self.channel,
            self.due_at,
            self.tz,
            params=params,
            is_preview=True,
        )


@dataclass
class TrialLimit:
    """Limit of the different trials of one file. `left_out`: trials beyond it, which were not made."""

    most: int
    counts: Counter[FileVersion] = field(default_factory=Counter)
    left_out: int = 0

    def takes_one_more(self, file: FileVersion) -> bool:
        """Count a trial of the file, and return whether it is within the limit."""
        if self.counts[file] >= self.most:
            self.left_out += 1
            return False
        self.counts[file] += 1
        return True


_limit: ContextVar[TrialLimit | None] = ContextVar("limit of trials", default=None)


@contextmanager
def limit_trials(most: int) -> Iterator[TrialLimit]:
    """Make at most so many different trials of each file inside the block. Reports beyond them count as good."""
    limit = TrialLimit(most)
    token = _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(token)


Failure = tuple[str, str] | None  # message and hint; None: the report works
_used_names: dict[FileVersion, list[frozenset[str]]] = {}  # sets of names that trials of this file have used
_known: dict[tuple[object, ...], Failure] = {}
_harmful: dict[FileVersion, Failure] = {}  # files that ended their process: they are tried once only


def check(report: Report, occurrence: TrialOccurrence) -> None:
    """Render the report for the occurrence, as a trial. Raises ReportFailed."""
    failure = find_failure(report, occurrence)
    if failure is not None:
        raise ReportFailed(failure[0], hint=failure[1])


def find_failure(report: Report, occurrence: TrialOccurrence) -> Failure:
    """Return the error of a report, known or by a trial."""
    file = file_version(report.source)
    if file in _harmful:
        return _harmful[file]
    params = json.dumps(dict(report.params), sort_keys=True)
    for names in _used_names.get(file, ()):
        key = (report.kind, file, params, names, *occurrence.values_of(names))
        if key in _known:
            return _known[key]
    limit = _limit.get()
    if limit and not limit.takes_one_more(file):
        return None
    result, used = render_process.render_fully(report, occurrence.build(report.params))
    failure = (str(result), result.hint) if isinstance(result, ReportFailed) else None
    if used is None:
        _harmful[file] = failure
        return failure
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[report.kind, file, params, used, *occurrence.values_of(used)] = failure
    if used not in (sets := _used_names.setdefault(file, [])):
        sets.append(used)
    return failure


def file_version(path: str) -> FileVersion:
    """Return what tells versions of a file apart."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size
