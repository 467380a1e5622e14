"""Early renderings that outlive their usual course: a claimed job that waits long, and a reload."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from schedbot.reports import definitions
from schedbot.reports.results import RenderedReport
from schedbot.store.jobs import upcoming
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.live_renderer_handle import LiveRendererHandle
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.prepare import Preparer
from schedbot.worker.steps.render_live import LiveRenderPool
from tests.support.app import App, now_ms, rfc3339
from tests.support.reports.live_project import configure

TABLE = '[reports.note]\ntext = "note"\nprepare = "10s"'


@dataclass
class Early:
    """A preparer with one upcoming job, and a renderer that has not answered yet."""

    app: App
    due_at: int
    preparer: Preparer
    renderer: LiveRendererHandle

    @property
    def pool(self) -> LiveRenderPool:
        return self.preparer.live_pool

    def claim(self) -> Delivery:
        """Return the delivery of the job as a claim makes it."""
        session = self.app.session(self.due_at)
        (job,) = upcoming.read(session.db, [session.db.integer("SELECT id FROM jobs")], self.due_at)
        return Delivery(job, job.source, self.due_at)

    def start(self) -> list[Delivery]:
        """Start what waits, and return the deliveries that the renderer has."""
        self.pool.start_renders(0)
        return [item for request in self.renderer.requests.values() for item in request.open_deliveries()]


@pytest.fixture
def early(app: App) -> Iterator[Early]:
    configure(app, TABLE)
    due_at = (now_ms() + 5_000) // 1000 * 1000
    app.add_schedule("note", as_of=due_at - 90_000, at=rfc3339(due_at), text="", report="note")
    app.tick(due_at - 5_000)
    loaded = definitions.load(app.settings)
    pool = LiveRenderPool(loaded, 1, lambda delivery, rendered: None)
    preparer = Preparer(InFlight(app.session(due_at - 5_000), "pool", "installation-1"), pool, give)
    renderer = LiveRendererHandle(loaded.python_path)
    renderer.is_ready = True
    pool.renderers.append(renderer)
    preparer.run()
    yield Early(app, due_at, preparer, renderer)
    renderer.kill()


def give(delivery: Delivery, rendered: RenderedReport) -> None:
    """Take the result of a claimed delivery."""
    assert rendered.message
    delivery.message = rendered.message


def test_report_that_a_claimed_job_waits_for_runs_on(early: Early) -> None:
    (rendering,) = early.start()
    delivery = early.claim()
    assert early.preparer.use(delivery)
    early.preparer.forget_past(early.due_at + 61_000)
    assert early.start() == [rendering]


def test_reload_starts_each_early_rendering_once(early: Early) -> None:
    early.preparer.forget_all()
    early.pool.reload(early.pool.definitions)
    early.renderer.is_retiring = False
    early.preparer.run()
    assert len(early.start()) == 1
    assert early.preparer.use(early.claim())


def test_reload_drops_what_a_renderer_still_has(early: Early) -> None:
    early.start()
    early.preparer.forget_all()
    assert early.start() == []
