"""Render reports into messages: fixed text at once, templates in a renderer, each within its limits.

A workspace never holds all renderers: there may be one more of them than its share, so reports that hang delay only
their own workspace.
"""

import signal
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schedbot import reports
from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import limits, resource_limits
from schedbot.reports.context import LiveOccurrence
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.children import renderer
from schedbot.worker.children.child_process import ChildProcess
from schedbot.worker.protocol import ChildResponse, Ready, RenderFailed, RenderRequest, RenderResponse
from schedbot.worker.state.send_queue import Delivery

RENDER_MS = 10_000
# A report that had less processor time within its limit did not loop: the machine starved its renderer, or it waited.
BUSY_CPU_MS = RENDER_MS // 2
STUCK_MS = 1_000  # a report that takes longer may well take all of its time


@dataclass(slots=True)
class RenderQueue:
    """Deliveries that wait for a renderer: a queue for each workspace. The workspaces take turns, the next first."""

    _queues: dict[str, deque[Delivery]] = field(default_factory=dict)

    def add(self, delivery: Delivery) -> None:
        """Add a delivery at the end of its workspace's queue."""
        self._queues.setdefault(delivery.job.workspace_id, deque()).append(delivery)

    def count_startable(self, active: Mapping[str, int], share: int) -> int:
        """Return how many could be rendered at once, where a workspace may hold `share` renderers.

        `active`: the number that each workspace holds now.
        """
        return sum(min(len(queue), share - active.get(name, 0)) for name, queue in self._queues.items())

    def take(self, active: Mapping[str, int], share: int) -> Delivery | None:
        """Return the next delivery of the first workspace below its share, which then goes behind the others."""
        for workspace_id in [name for name in self._queues if active.get(name, 0) < share]:
            queue = self._queues.pop(workspace_id)
            delivery = take_first(queue)
            if queue:
                self._queues[workspace_id] = queue
            if delivery:
                return delivery
        return None

    def take_all(self, workspace_id: str) -> list[Delivery]:
        """Empty a workspace's queue. Return its deliveries."""
        return [delivery for delivery in self._queues.pop(workspace_id, ()) if not delivery.is_done]


def take_first(queue: deque[Delivery]) -> Delivery | None:
    """Return the first delivery that is not done."""
    while queue:
        delivery = queue.popleft()
        if not delivery.is_done:
            return delivery
    return None


class RendererHandle(ChildProcess):
    """A renderer and its report: one at a time, so the pool knows which report crashed it."""

    variables = resource_limits.VARIABLES

    def __init__(self) -> None:
        super().__init__(renderer.run)
        self.delivery: Delivery | None = None
        self.since = 0  # steady
        self.cpu_before_ms: int | None = None

    def is_overdue(self, now: int) -> bool:
        """Has its report taken too long?"""
        return self.delivery is not None and now - self.since > RENDER_MS

    def is_starved(self) -> bool:
        """Has its report had too little processor time to blame it for being late?"""
        cpu_ms = self.read_cpu_ms()
        return None not in (cpu_ms, self.cpu_before_ms) and (cpu_ms or 0) - (self.cpu_before_ms or 0) < BUSY_CPU_MS

    def start(self, delivery: Delivery, now: int) -> None:
        """Begin to render a report."""
        self.delivery, self.since, self.cpu_before_ms = delivery, now, self.read_cpu_ms()
        self.send(render_request(delivery.job))


@dataclass(slots=True)
class RenderPool:
    """The renderers and their queue. `on_rendered` and `on_failed` are called with each result.

    `share`: how many renderers one workspace may hold at once.
    """

    share: int
    on_rendered: Callable[[Delivery, Message], None]
    on_failed: Callable[[Delivery, str], None]
    renderers: list[RendererHandle] = field(default_factory=list)
    queue: RenderQueue = field(default_factory=RenderQueue)

    def render(self, delivery: Delivery) -> None:
        """Render a short text now; queue any other report for a renderer."""
        report = delivery.job.report
        if report.kind != "text" or len(report.source) > limits.MAX_TEXT:
            self.queue.add(delivery)
            return
        try:
            message = reports.render(report, {})
        except ReportFailed as error:
            self.on_failed(delivery, str(error))
        else:
            self.on_rendered(delivery, message)

    def count_by_workspace(self) -> dict[str, int]:
        """Return how many renderers each workspace holds."""
        rendering = [handle.delivery for handle in self.renderers if handle.delivery is not None]
        return Counter(delivery.job.workspace_id for delivery in rendering)

    def needs_renderer(self) -> bool:
        """Is another renderer needed?"""
        active = self.count_by_workspace()
        idle = len(self.renderers) - sum(active.values())
        return len(self.renderers) <= self.share and self.queue.count_startable(active, self.share) > idle

    def start_renders(self, now: int) -> None:
        """Give each idle renderer a report; the workspaces take turns."""
        active = self.count_by_workspace()
        for idle in [handle for handle in self.renderers if handle.is_ready and handle.delivery is None]:
            if delivery := self.queue.take(active, self.share):
                idle.start(delivery, now)
                active[delivery.job.workspace_id] = active.get(delivery.job.workspace_id, 0) + 1

    def stuck_workspaces(self, now: int) -> set[str]:
        """Return the workspaces that hold their full share of renderers, each with a report that takes long."""
        slow = [handle.delivery for handle in self.renderers if handle.delivery and now - handle.since > STUCK_MS]
        active = Counter(delivery.job.workspace_id for delivery in slow)
        return {workspace_id for workspace_id, count in active.items() if count >= self.share}

    def receive(self, handle: RendererHandle, response: ChildResponse) -> None:
        """Take a renderer's message."""
        if isinstance(response, Ready):
            handle.is_ready = True
            return
        delivery, handle.delivery = handle.delivery, None
        if delivery is None or delivery.is_done:
            return
        match response:
            case RenderResponse():
                self.on_rendered(delivery, response.message)
            case RenderFailed():
                self.on_failed(delivery, response.reason)

    def overdue(self, now: int) -> list[RendererHandle]:
        """Return the renderers whose report takes too long."""
        return [handle for handle in self.renderers if handle.is_overdue(now)]

    def end_reason(self, handle: RendererHandle) -> str:
        """Return why an overdue renderer is ended; '' if another one tries its report, because it was starved."""
        delivery = handle.delivery
        is_first = delivery is not None and not delivery.has_lost_renderer
        return "" if is_first and handle.is_starved() else f"It took more than {RENDER_MS // 1000} s."

    def remove(self, handle: RendererHandle, reason: str = "") -> None:
        """Remove a dead renderer. `reason`: the pool has killed it for its report, which has failed.

        A renderer that died by itself may be innocent the first time, so another renderer tries its report.
        """
        self.renderers.remove(handle)
        delivery = handle.delivery
        if delivery is None or delivery.is_done:
            return
        if handle.process.exitcode == -signal.SIGXCPU:
            reason = f"It took more than {resource_limits.CPU_S} s of processor time."
        if reason or delivery.has_lost_renderer:
            self.on_failed(delivery, reason or f"It ended its process (exit code {handle.process.exitcode}).")
            return
        delivery.has_lost_renderer = True
        self.queue.add(delivery)  # behind the others: it may crash the next renderer too


def render_request(job: ClaimedJob) -> RenderRequest:
    return RenderRequest(job.id, job.report, build_occurrence(job))


def build_occurrence(job: ClaimedJob) -> LiveOccurrence:
    """Return the occurrence of a job, for its report."""
    return LiveOccurrence(
        schedule=job.schedule,
        account=job.account,
        workspace=job.workspace,
        channel=job.channel,
        due_at=job.due_at,
        tz=job.tz,
        params=job.report.params,
        previous_at=job.previous_at,
        attempt=job.attempts + 1,
        on_empty=job.on_empty,
    )
