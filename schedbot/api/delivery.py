"""Delivery: the methods of a handle about occurrences and jobs."""

from collections.abc import Iterator
from typing import Any, Unpack

from schedbot.admin.explain import why
from schedbot.admin.jobs import filters, retry
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.admin.listings import list_jobs, list_occurrences
from schedbot.admin.listings.list_occurrences import MOST, USUAL_COUNT, Span
from schedbot.admin.schedules import run_now
from schedbot.admin.schedules.occurrences import Expression
from schedbot.api import results
from schedbot.api.keywords import (
    ExpressionKeywords,
    FilterKeywords,
    When,
    to_fields,
    to_texts,
    to_when,
)
from schedbot.api.session_handle import SessionHandle
from schedbot.api.values import Explanation, Job, Occurrence, QueuedJob, Retry, from_object, job_from_object
from schedbot.session import Session
from schedbot.store.history.filters import Filter


class Delivery(SessionHandle):
    """Methods about occurrences and jobs."""

    def next(
        self,
        *names: str,
        from_: When = "",
        to: When = "",
        count: int | None = None,
        limit: int | None = None,
        **expression: Unpack[ExpressionKeywords],
    ) -> list[Occurrence]:
        """Return the next occurrences of schedules, of all active schedules merged by time, or of an expression.

        `names` may be globs. `count` is for each schedule, 5 unless `to` is set; `limit` for all together. With `cron`
        or `every` and `tz`, tries an expression. Raises BadInput, and NotFound for a name.
        """
        span = Span(to_when(from_), to_when(to), MOST if to and count is None else count or USUAL_COUNT, limit)
        fields = to_fields(expression)
        with self._session() as session:
            if fields.get("cron") or fields.get("every"):
                list_occurrences.refuse_with_expression(names)
                now = session.now()
                upcoming = span.of_expression(Expression.parse(fields, now), now)
            else:
                list_occurrences.refuse_without_expression(fields)
                upcoming = list_occurrences.upcoming(session, list_occurrences.select(session, names), span)
            return [from_object(Occurrence, list_occurrences.to_json(occurrence)) for occurrence in upcoming]

    def run_now(self, *names: str) -> list[QueuedJob]:
        """Queue an extra job for each schedule, due at once, and return the jobs. `names` may be globs.

        Raises NotFound, and BadInput for a suspended schedule and while all posts are paused.
        """
        with self._session() as session:
            extras, _ = run_now.run_now(session, names)
            return [results.queued_extra(extra) for extra in extras]

    def audit(
        self, job: int | None = None, /, *, limit: int | None = None, **selection: Unpack[FilterKeywords]
    ) -> Iterator[Job]:
        """Yield the jobs that match all filters, or the job of a number, oldest first. `limit`: only the newest.

        They are read as a stream, all as of the moment of the first. The stream has a connection of its own: close it,
        or read it to its end. Raises BadInput, and NotFound for an unknown name or number.
        """
        with self._session() as session:
            job_filter = parse_filter(session, selection, () if job is None else (job,))
            if job is not None:
                retry.refuse_unknown(session, [job])
        return self._stream(job_filter, limit)

    def _stream(self, job_filter: Filter, limit: int | None) -> Iterator[Job]:
        with self._session() as session:
            rows = list_jobs.to_json_each(session, job_filter, limit)
            while True:
                self._connections.refuse_unusable()
                if (row := next(rows, None)) is None:
                    return
                yield job_from_object(row)

    def why(self, name: str, /, at: When = "") -> list[Explanation]:
        """Return why a schedule did or did not post around a time; without a time, at its last occurrence.

        A day explains its occurrences, at most the last ten. Raises NotFound, and BadInput for a time.
        """
        with self._session() as session:
            return [
                results.explanation_of(explanation)
                for explanation in why.explain_each(session, name, to_when(at)).shown
            ]

    def retry(
        self, *jobs: int, stale: bool = False, dry_run: bool = False, **selection: Unpack[FilterKeywords]
    ) -> Retry:
        """Queue failed and held jobs again, by number or by filters, and return them with the reasons for others.

        `stale`: also jobs past their grace. `dry_run`: change nothing. A held job may have been posted already. Raises
        BadInput if no job that was named by number can be retried, and NotFound for an unknown number.
        """
        with self._session() as session:
            plan = retry.plan(session, parse_filter(session, selection, jobs), stale)
            retry.refuse_all(plan)
            if dry_run:
                queued = [preview.job for preview in retry.preview(session, plan)]
            else:
                queued = list(retry.carry_out(session, plan))
            return results.retry_of(plan, queued, dry_run)


def parse_filter(session: Session, keywords: FilterKeywords, jobs: tuple[int, ...]) -> Filter:
    """Return the filter of the keywords. Raises BadInput and NotFound."""
    options: dict[str, Any] = dict(keywords)
    options.update((name, to_when(options[name])) for name in ("since", "until") if name in options)
    texts = {name: to_texts(value) for name, value in options.items() if name not in ("since", "until", "local")}
    return filters.parse(session, FilterOptions(**{**options, **texts}), jobs)
