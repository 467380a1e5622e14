"""Render reports with `prepare` before their instant, so that a slow query makes no late post.

Nothing is claimed or written: the result is kept in memory, and used if the job is the same when it is claimed. An
edit, a pause or another pool that takes the job costs the rendering alone. A report that was not ready or failed is
rendered again at the claim.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import RenderedReport
from schedbot.store.jobs import upcoming
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.upcoming import UpcomingJob
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.render_live import LiveRenderPool, build_live_occurrence

MOST_KEPT = 2_000  # results in memory, with those that are being rendered
PAGE = 500  # jobs that are looked at in one turn
RESCAN_MS = 10_000  # jobs that were enqueued or put back meanwhile are noticed after this time
KEPT_MS = 60_000  # after its instant; another pool has the job then


@dataclass(slots=True)
class Preparation:
    """A report that is rendered early. `rendered`: its result; `waiting`: the claimed delivery that waits for it."""

    early: Delivery
    occurrence: LiveOccurrence
    definition: ReportDefinition
    rendered: RenderedReport | None = None
    waiting: Delivery | None = None

    def fits(self, job: ClaimedJob, definition: ReportDefinition | None) -> bool:
        """Would the job's report be rendered the same way now?"""
        is_same = job.version == self.early.job.version and self.definition == definition
        return is_same and self.occurrence == build_live_occurrence(job)


@dataclass(slots=True)
class Cursor:
    """Last job that was looked at, of the reports with an equal `prepare`, and when to begin anew (UTC)."""

    last: UpcomingJob
    rescan_at: int


@dataclass(slots=True)
class Preparer:
    """Renders reports early, and gives their results to the claimed jobs through `on_rendered`."""

    in_flight: InFlight
    live_pool: LiveRenderPool
    on_rendered: Callable[[Delivery, RenderedReport], None]
    preparations: dict[int, Preparation] = field(default_factory=dict)  # by job
    cursors: dict[int, Cursor] = field(default_factory=dict)  # by `prepare`

    def run(self) -> None:
        """Start the reports of upcoming jobs. Does nothing where no report has `prepare`."""
        now = self.in_flight.session.now()
        self.forget_past(now)
        for prepare_ms, reports in self.reports_by_span().items():
            self.look(prepare_ms, reports, now)

    def reports_by_span(self) -> dict[int, list[str]]:
        """Return the names of the reports with `prepare`, by its span."""
        by_span: dict[int, list[str]] = {}
        for definition in self.live_pool.definitions.reports.values():
            if definition.prepare_ms:
                by_span.setdefault(definition.prepare_ms, []).append(definition.name)
        return by_span

    def look(self, prepare_ms: int, reports: list[str], now: int) -> None:
        """Start the reports of the next jobs that are due within `prepare_ms`."""
        room = MOST_KEPT - len(self.preparations)
        cursor = self.cursors.get(prepare_ms)
        if cursor is None or now >= cursor.rescan_at:
            cursor = self.cursors[prepare_ms] = Cursor(UpcomingJob(0, now, has_report=False), now + RESCAN_MS)
        if room <= 0:
            return
        db, limit = self.in_flight.session.db, min(PAGE, room)
        jobs = upcoming.list_upcoming(db, cursor.last, now + prepare_ms, reports, limit)
        if jobs:
            cursor.last = jobs[-1]
        ids = [job.id for job in jobs if job.has_report and job.id not in self.preparations]
        for job in upcoming.read(db, ids, now) if ids else []:
            self.start(job, now)

    def start(self, job: ClaimedJob, now: int) -> None:
        """Have the report of a job rendered early."""
        definition = self.live_pool.definitions.reports.get(job.report.source)
        if definition:
            early = Delivery(job, job.source, now, is_early=True)
            self.preparations[job.id] = Preparation(early, build_live_occurrence(job), definition)
            self.live_pool.render(early)

    def receive(self, early: Delivery, rendered: RenderedReport) -> None:
        """Keep the result of an early rendering, or give it to the delivery that waits for it."""
        early.is_done = True
        preparation = self.preparations.get(early.job.id)
        if preparation is None or preparation.early is not early:
            return
        preparation.rendered = rendered
        if preparation.waiting:
            del self.preparations[early.job.id]
            self.give(preparation.waiting, rendered)

    def use(self, delivery: Delivery) -> bool:
        """Use the early rendering of a claimed job. False: there is none that fits, and it has to be rendered."""
        preparation = self.preparations.get(delivery.job.id)
        if preparation is None:
            return False
        definition = self.live_pool.definitions.reports.get(delivery.job.report.source)
        is_waiting = preparation.rendered is None and self.live_pool.is_rendering(preparation.early)
        if preparation.fits(delivery.job, definition) and is_waiting:
            preparation.waiting = delivery
            return True
        del self.preparations[delivery.job.id]
        preparation.early.is_done = True
        if preparation.rendered is None or not preparation.fits(delivery.job, definition):
            return False
        self.give(delivery, preparation.rendered)
        return True

    def give(self, delivery: Delivery, rendered: RenderedReport) -> None:
        """Take an early result for a claimed delivery, unless it was not ready or failed: then it is rendered now."""
        if delivery.is_done:
            return
        if rendered.message or rendered.skip:
            self.on_rendered(delivery, rendered)
        else:
            self.live_pool.render(delivery)

    def forget_all(self) -> None:
        """Drop the results, except those that a claimed job waits for: the code of the reports has changed."""
        for preparation in self.preparations.values():
            preparation.early.is_done = preparation.early.is_done or not preparation.waiting
        self.preparations = {job_id: item for job_id, item in self.preparations.items() if item.waiting}
        self.cursors.clear()

    def forget_past(self, now: int) -> None:
        """Drop results that no claim of this pool has used. A report that a claimed job waits for runs on."""
        past = [job_id for job_id, item in self.preparations.items() if item.early.job.available_at + KEPT_MS < now]
        for job_id in past:
            if self.preparations[job_id].waiting and self.live_pool.is_rendering(self.preparations[job_id].early):
                continue
            preparation = self.preparations.pop(job_id)
            preparation.early.is_done = True
            if preparation.waiting:
                self.live_pool.render(preparation.waiting)
