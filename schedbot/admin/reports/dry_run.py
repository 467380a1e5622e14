"""Dry run of `work`: render what is due now, post nothing and write nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from schedbot.admin.schedules import preview
from schedbot.clock import steady_ms
from schedbot.errors import BadInput, SchedbotError
from schedbot.model import Schedule
from schedbot.reports import definitions, live_client
from schedbot.reports.definitions import Definitions
from schedbot.reports.live_client import LiveClient, LiveRequest
from schedbot.reports.results import RenderedReport
from schedbot.session import Session
from schedbot.store.jobs import upcoming
from schedbot.store.jobs.upcoming import DueJob
from schedbot.store.schedules import lookup

OK, SKIP, NOT_READY, FAILED = "ok", "skip", "not ready", "failed"


@dataclass(frozen=True, slots=True)
class RenderedJob:
    """Result of a due job: `ok`, `skip`, `not ready` or `failed`, with the reason."""

    job: DueJob
    result: str
    reason: str = ""
    hint: str = ""
    took_ms: int = 0


class DueReports:
    """Renders the reports of due jobs: those of live reports many at once, all others one after the other."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.definitions: Definitions = definitions.load(session.settings)
        self.jobs: dict[int, DueJob] = {}  # of the live requests, by key
        self.finished: list[RenderedJob] = []

    def run(self) -> Iterator[RenderedJob]:
        """Yield the result of each due job, as soon as it is there. Raises SchedbotError if no process can start."""
        client = LiveClient(self.definitions.python_path)
        try:
            for result in client.render(self.requests()):
                yield from self.take_finished()
                yield describe(self.jobs.pop(result.request.key), result.rendered)
        finally:
            client.close()
        yield from self.take_finished()

    def take_finished(self) -> Iterator[RenderedJob]:
        """Yield the results that needed no live renderer, and forget them."""
        while self.finished:
            yield self.finished.pop(0)

    def requests(self) -> Iterator[LiveRequest]:
        """Yield a request for each due job with a live report; finish the others."""
        for page in upcoming.list_due(self.session.db, self.session.now()):
            schedules = lookup.by_names(self.session.db, {job.schedule for job in page})
            for job in page:
                if job.schedule not in schedules:  # removed meanwhile
                    continue
                request = self.start(job, schedules[job.schedule])
                if request:
                    yield request

    def start(self, job: DueJob, schedule: Schedule) -> LiveRequest | None:
        """Return the request for a job's live report; None: the job is finished."""
        report = schedule.terms.report
        if report.kind != "named":
            self.finished.append(render_now(self.session, job, schedule))
            return None
        occurrence = preview.build_occurrence(self.session, schedule, job.due_at)
        try:
            request = live_client.build_live_request(self.definitions, report.source, occurrence)
        except BadInput as error:
            self.finished.append(RenderedJob(job, FAILED, str(error), error.hint))
            return None
        self.jobs[request.key] = job
        return request


def render_now(session: Session, job: DueJob, schedule: Schedule) -> RenderedJob:
    """Return the result of a text or a template."""
    begin = steady_ms()
    try:
        preview.render(session, schedule, job.due_at)
    except SchedbotError as error:
        return RenderedJob(job, FAILED, str(error), error.hint, steady_ms() - begin)
    return RenderedJob(job, OK, took_ms=steady_ms() - begin)


def describe(job: DueJob, rendered: RenderedReport) -> RenderedJob:
    """Return the result of a live report."""
    if rendered.skip:
        return RenderedJob(job, SKIP, rendered.skip.reason, took_ms=rendered.render_ms)
    if rendered.not_ready:
        return RenderedJob(job, NOT_READY, rendered.not_ready.reason, took_ms=rendered.render_ms)
    if rendered.failure is not None:
        return RenderedJob(job, FAILED, rendered.failure, rendered.hint, rendered.render_ms)
    return RenderedJob(job, OK, took_ms=rendered.render_ms)
