"""Live renderer as the pool sees it: its requests, and when it has to end."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

from schedbot.errors import is_secret_variable
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.live_protocol import LivePing
from schedbot.reports.sources.process_session import kill_session
from schedbot.worker.children import live_renderer
from schedbot.worker.children.child_process import ChildProcess
from schedbot.worker.state.send_queue import Delivery

MOST_REQUESTS = 200  # of one renderer at once
RENDERS_PER_PROCESS = 20_000  # a renderer is replaced after that many, so that leaks do not add up
KEYS = count(1)


def harmless_variables() -> frozenset[str]:
    """Return the names of the environment's variables without a Slack token: reports may need any other."""
    return frozenset(name for name, value in os.environ.items() if not is_secret_variable(name, value))


@dataclass(slots=True)
class LiveRender:
    """A request to a renderer: deliveries of one report, by their index; those that are answered are removed."""

    definition: ReportDefinition
    deliveries: dict[int, Delivery]
    overdue_at: int  # steady
    is_alone: bool = False
    key: int = field(default_factory=KEYS.__next__)
    size: int = field(init=False)
    workspace_id: str = field(init=False)  # of its first delivery

    def __post_init__(self) -> None:
        self.size, self.workspace_id = len(self.deliveries), next(iter(self.deliveries.values())).job.workspace_id

    @property
    def is_proof(self) -> bool:
        """Is its report at fault if its renderer ends or is full?"""
        return self.is_alone and self.size == 1

    def open_deliveries(self) -> list[Delivery]:
        """Return the deliveries that still need a result."""
        return [delivery for delivery in self.deliveries.values() if not delivery.is_done]


class LiveRendererHandle(ChildProcess):
    """A live renderer and its requests. `kill_at` (steady): it has a report that is overdue, and ends at that time.

    `has_answered`: it answered since then, so no report keeps the others from going on.
    """

    variables: ClassVar[Collection[str] | None] = harmless_variables()

    def __init__(self, python_path: tuple[str, ...]) -> None:
        super().__init__(live_renderer.run, list(python_path))
        self.requests: dict[int, LiveRender] = {}
        self.rendered = 0
        self.is_retiring = False
        self.kill_at: int | None = None
        self.has_answered = False
        self.overdue: list[LiveRender] = []  # they run until it ends

    @property
    def is_open(self) -> bool:
        """Does it take more requests?"""
        return self.is_ready and not self.is_retiring and not self.is_alone and len(self.requests) < MOST_REQUESTS

    @property
    def is_alone(self) -> bool:
        """Does it render a report alone?"""
        return any(request.is_alone for request in self.requests.values())

    def add(self, request: LiveRender) -> None:
        """Add a request. It retires after many."""
        self.requests[request.key] = request
        self.rendered += len(request.deliveries)
        self.is_retiring = self.is_retiring or self.rendered >= RENDERS_PER_PROCESS

    def retire(self, kill_at: int) -> None:
        """Take no more requests, and end at `kill_at` (steady) with those that are still there. Ask for an answer."""
        self.is_retiring = True
        if self.kill_at is None:
            self.kill_at = kill_at
            self.send(LivePing())

    def take_overdue(self, now: int) -> list[LiveRender]:
        """Remove the requests whose time is over (steady), if they are at fault.

        Others may be at fault while the renderer does not answer; a report that is alone cannot blame others.
        """
        overdue = [request for request in self.requests.values() if request.overdue_at <= now]
        if not self.has_answered and len(self.requests) > 1:
            return []
        for request in overdue:
            del self.requests[request.key]
        self.overdue += overdue
        return overdue

    def kill(self) -> None:
        """End the renderer now, with the programs and processes of its reports."""
        super().kill()
        if self.process.pid:
            kill_session(self.process.pid)

    def next_end_at(self) -> int | None:
        """Return when the next report is overdue, or the renderer has to end (steady milliseconds)."""
        waits_for_answer = self.kill_at is not None and not self.has_answered
        overdue_at = [] if waits_for_answer else [request.overdue_at for request in self.requests.values()]
        return min([*overdue_at, *([self.kill_at] if self.kill_at is not None else [])], default=None)

    def is_over(self, now: int) -> bool:
        """May it be ended now (steady)?"""
        return self.is_retiring and (not self.requests or (self.kill_at is not None and self.kill_at <= now))
