"""Supervise the child processes: start, read, replace and end them."""

import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import ProgramChanged, SchedbotError
from schedbot.slack.response_models import MAX_PAGES
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.protocol import ChildResponse, LookUpFailed, LookUpResponse, OpenResponse, Ready, UploadResponse
from schedbot.worker.state.child_starts import START_MS, ChildKind, ChildStarts
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.live_renderer_handle import LiveRendererHandle
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.timers import Timer
from schedbot.worker.state.write_queue import WriteFailure
from schedbot.worker.steps.reconcile import Reconciler
from schedbot.worker.steps.render import RendererHandle, RenderPool
from schedbot.worker.steps.render_live import LiveRenderPool
from schedbot.worker.steps.send import Sender
from schedbot.worker.steps.upload import Uploader

# A child whose response is later than a request's time-out by this much is replaced.
RESPONSE_MARGIN_MS = 10_000
CHILD_MESSAGE = "child_message"

ChildHandle = PosterHandle | RendererHandle | LiveRendererHandle


@dataclass(slots=True)
class ChildSupervisor:
    """Keeps the posters and renderers running, and passes their messages to the steps."""

    selector: selectors.BaseSelector
    in_flight: InFlight
    render_pool: RenderPool
    live_pool: LiveRenderPool
    uploader: Uploader
    sender: Sender
    reconciler: Reconciler
    claim_timer: Timer
    starts: ChildStarts = field(init=False)

    def __post_init__(self) -> None:
        self.starts = ChildStarts(self.in_flight.passing)

    def children(self) -> list[ChildHandle]:
        return [*self.in_flight.posters, *self.render_pool.renderers, *self.live_pool.renderers]

    # -- start

    def start_missing(self) -> None:
        """Start the children that are missing. Where that fails (no memory, no process), the rest goes on meanwhile."""
        self.start_kind(ChildKind.POSTER, self.needs_poster, self.start_poster)
        self.start_kind(ChildKind.RENDERER, self.render_pool.needs_renderer, self.start_renderer)
        self.start_kind(ChildKind.LIVE_RENDERER, self.live_pool.needs_renderer, self.start_live_renderer)

    def start_kind(self, kind: ChildKind, is_needed: Callable[[], bool], start: Callable[[], ChildHandle]) -> None:
        """Start the missing children of a kind."""
        try:
            while self.starts.allows(kind) and is_needed():
                child = start()
                self.selector.register(child.pipe.socket, selectors.EVENT_READ, child)
        except (OSError, MemoryError) as error:
            log.event("child_not_started", "error", why=error)
            self.starts.record_failure(kind, f"{type(error).__name__}: {error}", self.in_flight.session.now())

    def start_poster(self) -> PosterHandle:
        poster = PosterHandle(self.in_flight.session.settings)
        self.in_flight.posters.append(poster)
        return poster

    def start_renderer(self) -> RendererHandle:
        renderer = RendererHandle()
        self.render_pool.renderers.append(renderer)
        return renderer

    def start_live_renderer(self) -> LiveRendererHandle:
        renderer = LiveRendererHandle(self.live_pool.definitions.python_path)
        self.live_pool.renderers.append(renderer)
        return renderer

    def find_start_error(self) -> SchedbotError | None:
        """Return the error of children that are needed and cannot be started."""
        needs = {
            ChildKind.POSTER: self.needs_poster,
            ChildKind.RENDERER: self.render_pool.needs_renderer,
            ChildKind.LIVE_RENDERER: self.live_pool.needs_renderer,
        }
        ready = {kind_of(child) for child in self.children() if child.is_ready}
        errors = [
            self.starts.find_error(kind) for kind, is_needed in needs.items() if kind not in ready and is_needed()
        ]
        return next((error for error in errors if error), None)

    def needs_poster(self) -> bool:
        """Is another poster needed? Retiring posters do not count."""
        active = sum(not poster.is_retiring for poster in self.in_flight.posters)
        return active < self.in_flight.session.settings.processes

    # -- read

    def receive(self) -> None:
        """Pass on the messages of all children; remove those that are dead. Raises ProgramChanged."""
        for child in self.children():
            self.call(child, partial(self.receive_from, child))

    def receive_from(self, child: ChildHandle) -> None:
        """Pass on the messages of a child; remove it if it is dead."""
        responses = child.receive()
        if isinstance(child, PosterHandle):
            posts = [response for response in responses or () if isinstance(response, PostResponse)]
            self.sender.receive(child, posts)
        for response in responses or ():
            if not isinstance(response, PostResponse):
                self.pass_on(child, response)
        if responses and not isinstance(responses[-1], Ready):
            self.in_flight.failures.clear(CHILD_MESSAGE)
        if responses is None:
            self.remove(child)

    def call(self, child: ChildHandle, action: Callable[[], None]) -> None:
        """Run an action about a child. A child whose messages cannot be read or taken is replaced."""
        try:
            action()
        except ProgramChanged:
            raise
        except Exception as error:
            self.in_flight.failures.record(CHILD_MESSAGE, error)
            if child in self.children():
                child.failure = child.failure or type(error).__name__
                self.remove(child)
                if child.is_ready:
                    self.starts.record_failure(kind_of(child), child.failure, self.in_flight.session.now())

    def pass_on(self, child: ChildHandle, response: ChildResponse) -> None:
        """Pass a message to the step that it belongs to."""
        if isinstance(response, Ready):
            self.starts.record_success(kind_of(child))
        if isinstance(child, RendererHandle):
            self.pass_on_rendering(child, response)
            return
        if isinstance(child, LiveRendererHandle):
            self.live_pool.receive(child, response)
            return
        match response:
            case Ready():
                child.is_ready = True
                self.claim_timer.trigger()
            case OpenResponse():
                self.sender.opener.receive(child, response)
            case UploadResponse():
                self.in_flight.clock.record_slack_offset(response.clock_offset_ms)
                self.uploader.receive(child, response)
            case LookUpResponse():
                self.in_flight.clock.record_slack_offset(response.clock_offset_ms)
                self.reconciler.receive(child, response)
            case LookUpFailed():
                self.reconciler.receive(child, response)

    def pass_on_rendering(self, child: RendererHandle, response: ChildResponse) -> None:
        """Pass on a renderer's message. An unexpected error ends the delivery of its report alone."""
        delivery = child.delivery
        try:
            self.render_pool.receive(child, response)
        except Exception as error:
            if delivery is None:
                raise
            self.in_flight.give_up(delivery, WriteFailure(error, is_committed=False))

    def flush(self) -> None:
        """Write the queued requests. A child that does not read is written to once it does."""
        for child in self.children():
            self.call(child, partial(self.flush_to, child))

    def flush_to(self, child: ChildHandle) -> None:
        """Write the queued requests of one child."""
        child.pipe.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if child.pipe.is_blocked else 0)
        if self.selector.get_key(child.pipe.socket).events != events:
            self.selector.modify(child.pipe.socket, events, child)

    # -- end

    def replace_overdue(self) -> None:
        """End children that are retired and idle, and children whose start or response is overdue."""
        now = steady_ms()
        for child in [child for child in self.children() if not child.is_ready and now - child.started_at > START_MS]:
            child.failure = f"It did not start within {START_MS // 1000} s."
            self.remove(child)
        for poster in [poster for poster in self.in_flight.posters if poster.is_retiring and poster.is_idle]:
            self.selector.unregister(poster.pipe.socket)
            self.in_flight.posters.remove(poster)
            poster.kill()
        posts_before = now - self.in_flight.arrival_limit_ms - RESPONSE_MARGIN_MS
        look_ups_before = posts_before - MAX_PAGES * self.in_flight.session.settings.timeout_ms
        for poster in [poster for poster in self.in_flight.posters if poster.is_overdue(posts_before, look_ups_before)]:
            self.remove(poster)
        for renderer in self.render_pool.overdue(now):
            self.remove(renderer, self.render_pool.end_reason(renderer))
        for live_renderer in self.live_pool.end_overdue(now):
            self.remove(live_renderer)

    def remove(self, child: ChildHandle, reason: str = "") -> None:
        """Remove a child that is dead, or end it now. `reason`: a renderer is ended for its report, which has failed.

        Its other jobs go on without it.
        """
        self.selector.unregister(child.pipe.socket)
        child.kill()
        child.process.join()
        if isinstance(child, LiveRendererHandle) and child.is_retiring and not child.requests:
            self.live_pool.remove(child)
            return
        exit_code = child.process.exitcode
        log.event("child_died", "warning", child=child.number, exit=exit_code, why=child.failure or None)
        if not child.is_ready:
            cause = child.failure or f"Its exit code was {exit_code}."
            self.starts.record_failure(kind_of(child), cause, self.in_flight.session.now())
        if isinstance(child, RendererHandle):
            self.render_pool.remove(child, reason)
            return
        if isinstance(child, LiveRendererHandle):
            self.live_pool.remove(child)
            return
        self.in_flight.posters.remove(child)
        self.in_flight.on_child_died(child)
        self.uploader.on_child_died(child)
        self.reconciler.on_child_died(child)

    def kill_all(self) -> None:
        """End all children."""
        for child in self.children():
            child.kill()
        for child in self.children():
            child.process.join()


def kind_of(child: ChildHandle) -> ChildKind:
    """Return the kind of a child."""
    if isinstance(child, PosterHandle):
        return ChildKind.POSTER
    return ChildKind.LIVE_RENDERER if isinstance(child, LiveRendererHandle) else ChildKind.RENDERER
