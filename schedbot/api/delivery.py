"""Delivery: the methods of a handle about occurrences and jobs."""

from collections.abc import Iterator
from typing import Unpack

from schedbot.admin.explain import why
from schedbot.admin.jobs import filters, retry
from schedbot.admin.listings import list_jobs, list_occurrences
from schedbot.admin.listings.list_occurrences import MOST, USUAL_COUNT, Span
from schedbot.admin.schedules import run_now
from schedbot.admin.schedules.occurrences import Expression
from schedbot.api import arguments, results
from schedbot.api.keywords import (
    ExpressionKeywords,
    FilterKeywords,
    When,
    to_expression,
    to_filters,
    to_when,
)
from schedbot.api.session_handle import SessionHandle
from schedbot.api.values import Explanation, Job, Occurrence, QueuedJob, Retry, from_object, job_from_object
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
        fields, names = to_expression(expression), arguments.to_names(names)
        each = arguments.to_optional_number("count", count, MOST) or (MOST if to else USUAL_COUNT)
        limit = arguments.to_optional_number("limit", limit)
        span = Span(to_when("from_", from_), to_when("to", to), each, limit)
        with self._session() as session:
            if fields.get("cron") or fields.get("every"):
                list_occurrences.refuse_with_expression(names)
                now = session.now()
                upcoming = span.of_expression(Expression.parse(fields, now), now)
            else:
                list_occurrences.refuse_without_expression(fields)
                upcoming = list_occurrences.upcoming_of(session, names, span)
            return [from_object(Occurrence, list_occurrences.to_json(occurrence)) for occurrence in upcoming]

    def run_now(self, *names: str) -> list[QueuedJob]:
        """Queue an extra job for each schedule, due at once, and return the jobs. `names` may be globs.

        Raises NotFound, and BadInput without names, for a suspended schedule, and while all posts are paused.
        """
        names = arguments.require_names(names)
        with self._session() as session:
            extras, _ = run_now.run_now(session, names)
            return [results.queued_extra(extra) for extra in extras]

    def audit(
        self, job: int | None = None, *, limit: int | None = None, **selection: Unpack[FilterKeywords]
    ) -> Iterator[Job]:
        """Yield the jobs that match all filters, or the job of a number, oldest first. `limit`: only the newest.

        They are read as a stream, all as of the moment of the first. The stream has a connection of its own: close it,
        or read it to its end. Raises BadInput, and NotFound for an unknown name or number.
        """
        options = to_filters(selection)
        jobs = () if job is None else (arguments.to_number("job", job),)
        limit = arguments.to_optional_number("limit", limit)
        with self._session() as session:
            job_filter = filters.parse(session, options, jobs)
            if jobs:
                retry.refuse_unknown(session, jobs)
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
        name, instant = arguments.to_name(name), to_when("at", at)
        with self._session() as session:
            return [
                results.explanation_of(explanation) for explanation in why.explain_each(session, name, instant).shown
            ]

    def retry(
        self, *jobs: int, stale: bool = False, dry_run: bool = False, **selection: Unpack[FilterKeywords]
    ) -> Retry:
        """Queue failed and held jobs again, by number or by filters, and return them with the reasons for others.

        `stale`: also jobs past their grace. `dry_run`: change nothing. A held job may have been posted already. Raises
        BadInput if no job that was named by number can be retried, and NotFound for an unknown number.
        """
        options = to_filters(selection)
        jobs = tuple(arguments.to_number("job", job) for job in jobs)
        stale, dry_run = arguments.to_flag("stale", stale), arguments.to_flag("dry_run", dry_run)
        with self._session() as session:
            plan = retry.plan(session, filters.parse(session, options, jobs), stale)
            retry.refuse_all(plan)
            if dry_run:
                queued = [preview.job for preview in retry.preview(session, plan)]
            else:
                queued = list(retry.carry_out(session, plan))
            return results.retry_of(plan, queued, dry_run)
