"""Render reports from live data in live renderers: many at once, each under the limits of its report.

`concurrency` bounds the requests of a report in all renderers. Where the installation has several workspaces, one of
them takes at most three quarters, so that reports that hang delay only their own workspace. A renderer that a report
has ended, stopped or filled is replaced; its other reports are rendered again, alone in a renderer, to show which of
them is at fault: a batch as a whole, then its halves. A batch that takes too long is rendered again one by one.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from schedbot.errors import BadInput
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions, ReportDefinition
from schedbot.reports.live_protocol import LivePong, LiveRenderRequest, LiveRenderResponse
from schedbot.reports.results import RenderedReport, explain_end, time_is_over
from schedbot.rules import recurrence
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.protocol import ChildResponse, Ready
from schedbot.worker.state.live_renderer_handle import LiveRender, LiveRendererHandle
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.render import build_occurrence

END_MS = 1_000  # a renderer with an overdue report is ended after this time; its others may finish meanwhile
MOST_WAITING = 2_000  # deliveries that wait for a renderer; further jobs are put back


@dataclass(slots=True)
class LiveRenderPool:
    """The live renderers and the deliveries that wait for them, by report. `on_rendered` is called with each result.

    `early`: deliveries that are rendered before their instant, after all others. `alone`: requests that wait for a
    renderer of their own. `is_shared`: the installation has several workspaces. `spool`: folder of their files.
    """

    definitions: Definitions
    processes: int
    on_rendered: Callable[[Delivery, RenderedReport], None]
    spool: str = ""
    renderers: list[LiveRendererHandle] = field(default_factory=list)
    queues: dict[str, deque[Delivery]] = field(default_factory=dict)
    early: dict[str, deque[Delivery]] = field(default_factory=dict)
    alone: deque[list[Delivery]] = field(default_factory=deque)
    is_shared: bool = False

    def render(self, delivery: Delivery) -> None:
        """Queue a delivery for a renderer."""
        if definition := self.find_definition(delivery):
            queues = self.early if delivery.is_early else self.queues
            queues.setdefault(definition.name, deque()).append(delivery)

    def find_definition(self, delivery: Delivery) -> ReportDefinition | None:
        """Return the definition of a delivery's report. None: there is none, and it has failed."""
        try:
            definition = self.definitions.find(delivery.job.report.source)
            self.definitions.find_url(definition)
        except BadInput as error:
            self.on_rendered(delivery, RenderedReport(failure=str(error), hint=error.hint))
            return None
        return definition

    def reload(self, definitions: Definitions) -> None:
        """Take a changed configuration: renderers end after what they have, and new ones begin with the new code."""
        self.definitions = definitions
        for handle in self.renderers:
            handle.is_retiring = True
        waiting = [delivery for queue in self.all_queues() for delivery in queue]
        self.alone.clear()
        self.queues.clear()
        self.early.clear()
        for delivery in waiting:
            self.render(delivery)

    # -- start

    def start_renders(self, now: int) -> None:
        """Give the renderers what waits, within the limits."""
        for _ in range(len(self.alone)):
            deliveries = [delivery for delivery in self.alone.popleft() if not delivery.is_done]
            if deliveries and not self.start_alone(deliveries, now):
                self.alone.append(deliveries)
        for queues in (self.queues, self.early):
            for name in list(queues):
                self.start_report(self.definitions.reports[name], queues[name], now)
                if not queues[name]:
                    del queues[name]

    def start_alone(self, deliveries: list[Delivery], now: int) -> bool:
        """Start a request in a new renderer. False: there is none yet, or the limit does not allow it."""
        handle = self.find_renderer(is_alone=True)
        if not handle:
            self.make_room()
            return False
        definition, *_ = [self.find_definition(delivery) for delivery in deliveries]
        if not definition:  # a reload has removed it, and they have failed
            return True
        if self.count_by_workspace(definition.name).total() >= definition.concurrency:
            return False
        self.start(handle, definition, deliveries, now, is_alone=True)
        return True

    def make_room(self) -> None:
        """Retire an idle renderer where the number of renderers allows no new one."""
        active = [handle for handle in self.renderers if not handle.is_retiring]
        idle = [handle for handle in active if handle.is_open and not handle.requests]
        if idle and len(active) > self.processes:
            idle[0].is_retiring = True

    def start_report(self, definition: ReportDefinition, queue: deque[Delivery], now: int) -> None:
        """Start what waits of one report."""
        active = self.count_by_workspace(definition.name)
        while queue and active.total() < definition.concurrency and (handle := self.find_renderer()):
            deliveries = take(queue, definition.batch, active, self.find_share(definition))
            if not deliveries:
                return
            self.start(handle, definition, deliveries, now)
            active[deliveries[0].job.workspace_id] += 1

    def find_share(self, definition: ReportDefinition) -> int:
        """Return how many requests of a report one workspace may have at once."""
        spare = max(1, definition.concurrency // 4) if self.is_shared and definition.concurrency > 1 else 0
        return definition.concurrency - spare

    def find_renderer(self, *, is_alone: bool = False) -> LiveRendererHandle | None:
        """Return the renderer with the fewest requests; a new one for a report that has to be alone.

        An earlier report may have left threads or limits behind, which would spoil the proof.
        """
        handles = [handle for handle in self.renderers if handle.is_open and not (is_alone and handle.rendered)]
        return min(handles, key=lambda handle: len(handle.requests), default=None)

    def start(
        self,
        handle: LiveRendererHandle,
        definition: ReportDefinition,
        deliveries: list[Delivery],
        now: int,
        *,
        is_alone: bool = False,
    ) -> None:
        """Send a request to a renderer."""
        overdue_at = now + definition.end_after_ms
        request = LiveRender(definition, dict(enumerate(deliveries)), overdue_at, is_alone)
        handle.add(request)
        occurrences = tuple(build_live_occurrence(delivery.job) for delivery in deliveries)
        handle.send(
            LiveRenderRequest(request.key, definition, self.definitions.find_url(definition), occurrences, self.spool)
        )

    def needs_renderer(self) -> bool:
        """Is another renderer needed? There may be one more than the usual number for a report that has to be alone."""
        active = [handle for handle in self.renderers if not handle.is_retiring]
        if any(not handle.is_ready for handle in active) or len(active) > self.processes:
            return False
        if self.alone and all(handle.rendered for handle in active):
            return True
        is_busy = all(handle.requests for handle in active)
        return is_busy and len(active) < self.processes and bool(self.queues or self.early)

    # -- results

    def receive(self, handle: LiveRendererHandle, response: ChildResponse) -> None:
        """Take a renderer's message."""
        if isinstance(response, Ready):
            handle.is_ready = True
            return
        if isinstance(response, LivePong):
            handle.has_answered = True
            return
        assert isinstance(response, LiveRenderResponse)
        request = handle.requests.get(response.key)
        if request is None:  # its time was over
            return
        if response.rendered.is_out_of_memory:
            handle.is_retiring = True
            if not request.is_proof:
                del handle.requests[response.key]
                self.render_alone(request)
                return
        delivery = request.deliveries.pop(response.index)
        if not request.deliveries:
            del handle.requests[response.key]
        if not delivery.is_done:
            self.on_rendered(delivery, response.rendered)

    def render_alone(self, request: LiveRender) -> None:
        """Render a request again in a renderer of its own; one that was alone, by halves."""
        for delivery in request.open_deliveries():
            if delivery.is_early:
                self.on_rendered(delivery, RenderedReport(failure="Its renderer has ended."))
        deliveries = request.open_deliveries()
        middle = len(deliveries) // 2 if request.is_alone else 0
        self.alone.extend(part for part in (deliveries[:middle], deliveries[middle:]) if part)

    def end_overdue(self, now: int) -> list[LiveRendererHandle]:
        """Fail the reports that take too long. Return the renderers to end now."""
        for handle in self.renderers:
            if any(request.overdue_at <= now for request in handle.requests.values()):
                handle.retire(now + END_MS)
            for request in handle.take_overdue(now):
                self.fail_overdue(request)
        return [handle for handle in self.renderers if handle.is_over(now)]

    def fail_overdue(self, request: LiveRender) -> None:
        """Fail the report of a request whose time is over. A batch is rendered again, one by one."""
        deliveries = request.open_deliveries()
        if request.size > 1:
            for delivery in deliveries:
                delivery.is_single = True
                self.render(delivery)
            return
        for delivery in deliveries:
            self.on_rendered(delivery, time_is_over(request.definition))

    def remove(self, handle: LiveRendererHandle) -> None:
        """Remove a renderer that has ended. A report that was alone in it has failed; others are rendered again."""
        self.renderers.remove(handle)
        requests = list(handle.requests.values())
        handle.requests.clear()
        for request in requests:
            deliveries = request.open_deliveries()
            if request.is_proof:
                reason = explain_end(handle.process.exitcode)
                for delivery in deliveries:
                    self.on_rendered(delivery, RenderedReport(failure=reason))
            elif handle.has_answered:  # ended for another report
                for delivery in deliveries:
                    self.render(delivery)
            else:
                self.render_alone(request)

    # -- counts

    def count_by_workspace(self, name: str) -> Counter[str]:
        """Return how many requests of a report each workspace has: for a batch, that of its first delivery."""
        requests = [request for request in self.all_requests() if request.definition.name == name]
        overdue = [request for handle in self.renderers for request in handle.overdue]
        requests += [request for request in overdue if request.definition.name == name]
        return Counter(request.workspace_id for request in requests)

    def count_waiting(self) -> int:
        """Return how many deliveries wait for a renderer."""
        return sum(len(queue) for queue in (*self.alone, *self.queues.values()))

    def all_queues(self) -> list[Collection[Delivery]]:
        """Return all that wait for a renderer."""
        return [*self.alone, *self.queues.values(), *self.early.values()]

    def is_rendering(self, delivery: Delivery) -> bool:
        """Is the delivery with a renderer?"""
        return any(delivery in request.deliveries.values() for request in self.all_requests())

    def count_rendering(self) -> int:
        """Return how many claimed deliveries wait for a renderer or are with one."""
        deliveries = [delivery for request in self.all_requests() for delivery in request.deliveries.values()]
        return self.count_waiting() + sum(not delivery.is_early for delivery in deliveries)

    def all_requests(self) -> Iterator[LiveRender]:
        """Yield the requests of all renderers."""
        for handle in self.renderers:
            yield from handle.requests.values()

    def next_end_at(self) -> int | None:
        """Return when the next report is overdue, or a renderer has to end (steady milliseconds)."""
        return min((at for handle in self.renderers if (at := handle.next_end_at()) is not None), default=None)


def take(queue: deque[Delivery], limit: int, active: Counter[str], share: int) -> list[Delivery]:
    """Remove up to `limit` deliveries from the queue: of workspaces that have fewer than `share` active requests."""
    deliveries: list[Delivery] = []
    passed: list[Delivery] = []
    while queue and len(deliveries) < limit:
        delivery = queue.popleft()
        if delivery.is_done:
            continue
        if deliveries and (delivery.is_single or deliveries[0].is_single):
            passed.append(delivery)
            break
        is_over_share = active[delivery.job.workspace_id] >= share
        (passed if is_over_share else deliveries).append(delivery)
    queue.extendleft(reversed(passed))
    return deliveries


def build_live_occurrence(job: ClaimedJob) -> LiveOccurrence:
    """Return the occurrence of a job, for its named report."""
    occurrence_before_at = recurrence.find_occurrence_before(job.recurrence, job.due_at)
    return replace(build_occurrence(job), occurrence_before_at=occurrence_before_at)
