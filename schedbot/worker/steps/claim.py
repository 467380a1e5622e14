"""Claim jobs a little before they are due, and have their reports rendered.

Jobs that have to wait long for their channel are put back, so that they take no room. Jobs that wait only a little
occupy no slot.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import TOKEN_UNAVAILABLE, AttemptResult, Outcome
from schedbot.posts import SPOOL_UNUSABLE
from schedbot.reports import definitions, spool
from schedbot.reports.results import RenderedReport
from schedbot.slack import tokens
from schedbot.store.database import Database
from schedbot.store.jobs import claims, settlement
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.store.schedules import workspaces
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.state.write_queue import WriteFailure
from schedbot.worker.steps.prepare import Preparer
from schedbot.worker.steps.render import RenderPool
from schedbot.worker.steps.render_live import MOST_WAITING, LiveRenderPool
from schedbot.worker.steps.send import CHANNEL_WAIT_MS, Sender
from schedbot.worker.steps.store_message import MessageStore
from schedbot.worker.steps.upload import Uploader

# Jobs are claimed and rendered this early, so that each is sent at its instant.
EARLY_MS = 1_000
# Time of a channel that one post takes, with its response: an estimate, for jobs that are put back.
SLOT_MS = 1_300
# A job that no renderer can take now is put back for this long, spread over as long again.
NO_RENDERER_MS = 5_000
# A job that updates a message, or posts into a thread, waits for those of its schedule by steps of this length, spread
# so that two pools do not meet again and again.
LEAST_SCHEDULE_WAIT_MS, SCHEDULE_SPREAD_MS = 500, 1_000
# Jobs that only wait for their channel, for each post that may be in flight.
WAITING_PER_SLOT = 4
CLAIM_WRITE = "write_claim"


@dataclass(slots=True)
class Claimer:
    """Claims jobs. `put_back_slots`: per channel, the next instant that no put-back job has (steady milliseconds).

    `is_full`: did the last claim take as many jobs as it might, so that there may be more?
    """

    in_flight: InFlight
    sender: Sender
    round_robin: RoundRobin = field(default_factory=RoundRobin)
    put_back_slots: dict[ChannelKey, int] = field(default_factory=dict)
    is_claiming: bool = False
    is_full: bool = False
    uploader: Uploader = field(init=False)
    message_store: MessageStore = field(init=False)
    render_pool: RenderPool = field(init=False)
    live_pool: LiveRenderPool = field(init=False)
    preparer: Preparer = field(init=False)

    def __post_init__(self) -> None:
        settings = self.in_flight.session.settings
        self.uploader = Uploader(self.in_flight, self.sender, self.queue)
        self.message_store = MessageStore(self.in_flight, self.uploader.take)
        self.render_pool = RenderPool(settings.processes, self.message_store.take, self.sender.fail_render)
        folder = str(spool.find_folder(settings.database))
        self.live_pool = LiveRenderPool(definitions.load(settings), settings.renderers, self.on_live_rendered, folder)
        self.preparer = Preparer(self.in_flight, self.live_pool, self.on_live_rendered)
        self.look_for_workspaces()

    def count_room(self) -> int:
        """Return how many more jobs to claim: those that can leave at once, and as many that leave after these.

        Jobs that wait for their channel or are being rendered take no slot.
        """
        settings = self.in_flight.session.settings
        rendering = sum(self.render_pool.count_by_workspace().values()) + self.live_pool.count_rendering()
        waiting = len(self.in_flight.deliveries) - self.in_flight.count_sending() - rendering
        limit = settings.in_flight * settings.processes * WAITING_PER_SLOT
        startable = self.in_flight.free_slots() + self.in_flight.count_slots()
        return max(0, min(startable - self.in_flight.send_queue.count_due(steady_ms()), limit - waiting))

    def has_room_for_more(self) -> bool:
        """Is there room to claim again at once, because the last claim was full? Small claims cost too much each."""
        return self.is_full and not self.is_claiming and self.count_room() > self.in_flight.count_slots() // 2

    def claim(self) -> None:
        """Claim jobs that are about to be due, if there are any and there is room."""
        session, room = self.in_flight.session, self.count_room()
        if self.is_claiming or room == 0:
            return
        self.is_full = False
        now = session.now()
        if not (self.may_claim(now) and claims.has_available_jobs(session.db, now + EARLY_MS)):
            return
        if self.in_flight.breaker.is_open:
            room = 1
            self.round_robin.end_turn(self.in_flight.breaker.failing_workspace)  # another may get an answer
        request = claims.ClaimRequest(now + EARLY_MS, room, now + session.settings.lease_ms, self.round_robin)
        self.is_claiming = True
        on_claimed = partial(self.on_claimed, limit=room)
        self.in_flight.writes.add(partial(self.write_claim, request), on_claimed, self.on_claim_failed)

    def may_claim(self, now: int) -> bool:
        """May jobs be claimed, as far as failures before tell?"""
        breaker = self.in_flight.breaker
        if not self.in_flight.failures.allows(CLAIM_WRITE) or self.in_flight.passing.stops_claims(now):
            return False
        if not breaker.count_allowed(steady_ms(), self.in_flight.count_sending()):
            return False
        return not (breaker.is_open and self.in_flight.unsent())

    def write_claim(self, request: claims.ClaimRequest, db: Database) -> list[ClaimedJob]:
        """Claim jobs, unless the database has another owner by now."""
        self.in_flight.refuse_other_owner(db)
        return claims.claim(db, request)

    def on_claimed(self, jobs: Sequence[ClaimedJob], limit: int) -> None:
        """Start the claimed jobs. One that meets an unexpected error is put back alone."""
        self.is_claiming, self.is_full = False, len(jobs) >= limit
        self.in_flight.failures.clear(CLAIM_WRITE)
        now, steady = self.in_flight.session.now(), steady_ms()
        for job in jobs:
            try:
                self.start(job, now, steady)
            except Exception as error:
                self.in_flight.put_failing_back(job, "claim", error)

    def on_claim_failed(self, failure: WriteFailure) -> None:
        """Claim again later."""
        self.is_claiming = False
        self.in_flight.failures.record(CLAIM_WRITE, failure.error)

    def start(self, job: ClaimedJob, now: int, steady: int) -> None:
        """Have a job rendered, unless it cannot be sent soon.

        A job is put back where its channel is busy for long, ends where its grace is over, and waits for the opening,
        without being rendered, where its calendar is closed.
        """
        channel = ChannelKey(job.workspace_id, job.channel)
        opens_at = steady + find_wait_ms(job, now)
        earliest_at = self.in_flight.send_queue.earliest_at(channel, opens_at)
        send_at = earliest_at + self.in_flight.per_channel.get(channel, 0) * SLOT_MS
        if job.deadline_at < now:
            self.in_flight.expire(job)
        elif send_at > steady + CHANNEL_WAIT_MS:
            self.in_flight.put_back(job, now + self.put_back_slot(job, send_at, now) - steady)
        elif job.is_waiting:
            self.in_flight.put_back(job, now + LEAST_SCHEDULE_WAIT_MS + int(random.random() * SCHEDULE_SPREAD_MS))
        elif job.waits_until > now:
            self.in_flight.put_back(job, job.waits_until)
        elif not job.stored and self.is_render_queue_full(job, steady):
            self.in_flight.put_back(job, now + no_renderer_ms())
        elif not self.sender.defer_if_closed(job, max(now, job.available_at)):
            self.render(job, now, opens_at)

    def is_render_queue_full(self, job: ClaimedJob, steady: int) -> bool:
        """Would the job's report wait long for a renderer?"""
        kind = job.report.kind
        if kind == "text":
            return False
        if kind == "named":
            return self.live_pool.count_waiting() >= MOST_WAITING
        return kind == "template" and job.workspace_id in self.render_pool.stuck_workspaces(steady)

    def put_back_slot(self, job: ClaimedJob, send_at: int, now: int) -> int:
        """Return the instant that a job is put back to: after all jobs of its channel that were put back before."""
        if now - job.available_at < CHANNEL_WAIT_MS:
            return send_at
        channel = ChannelKey(job.workspace_id, job.channel)
        slot = max(send_at, self.put_back_slots.get(channel, 0))
        self.put_back_slots[channel] = slot + SLOT_MS
        return slot

    def look_for_workspaces(self) -> None:
        """Find out whether workspaces share the live renderers."""
        self.live_pool.is_shared = workspaces.has_several(self.in_flight.session.db)

    def forget_past(self, now: int) -> None:
        """Drop the slots that have passed."""
        self.put_back_slots = {channel: slot for channel, slot in self.put_back_slots.items() if slot >= now}

    def render(self, job: ClaimedJob, now: int, opens_at: int) -> None:
        """Have the report of a job rendered, to be sent from `opens_at` on (steady milliseconds)."""
        try:
            source = tokens.resolve_source(job.source, self.in_flight.session.settings.token, job.workspace)
        except TokenUnavailable as error:
            self.pause_for_token(job, str(error))
            return
        delivery = Delivery(job, source, now, start_at=opens_at)
        self.in_flight.add(delivery)
        if job.is_superseded:
            self.sender.end_unsent(delivery, AttemptResult(Outcome.NOTHING_TO_REPORT, "superseded"))
        elif job.stored:
            self.message_store.take_stored(delivery)
        elif job.report.kind != "named":
            self.render_pool.render(delivery)
        elif not self.preparer.use(delivery):
            self.live_pool.render(delivery)

    def queue(self, delivery: Delivery) -> None:
        """Queue a message for the instant at which it is due and its channel free."""
        self.in_flight.send_queue.add(delivery, delivery.start_at)

    def on_live_rendered(self, delivery: Delivery, rendered: RenderedReport) -> None:
        """Take the result of a named report: queue its message, or end the attempt without one."""
        if delivery.is_early:
            self.preparer.receive(delivery, rendered)
            return
        delivery.rendered_at, delivery.render_ms = rendered.rendered_at or None, rendered.render_ms
        delivery.detail = rendered.detail or None
        if rendered.message:
            self.message_store.take(delivery, rendered.message)
        else:
            result = PostResponse(delivery.key, unsent_result(rendered))
            now = self.in_flight.session.now()
            self.sender.end_unsent(delivery, self.in_flight.passing.judge(delivery.job, result, now))

    def put_stuck_back(self) -> None:
        """Put back jobs that wait behind reports that hang, so that other workspaces' jobs can be claimed."""
        now = self.in_flight.session.now()
        for workspace_id in self.render_pool.stuck_workspaces(steady_ms()):
            for delivery in self.render_pool.queue.take_all(workspace_id):
                self.in_flight.put_back(delivery.job, now + no_renderer_ms())
                self.in_flight.remove(delivery)

    def pause_for_token(self, job: ClaimedJob, reason: str) -> None:
        """Pause a workspace that has no token: its jobs wait."""
        log.event("workspace_paused", "error", workspace=job.workspace, why=reason)
        self.in_flight.put_back(job, job.available_at)
        pause = partial(
            settlement.pause_workspace,
            workspace_id=job.workspace_id,
            reason=f"{TOKEN_UNAVAILABLE}: {reason}",
            now=self.in_flight.session.now(),
            resumes=job.resumes,
        )
        self.in_flight.writes.add(pause)


def find_wait_ms(job: ClaimedJob, now: int) -> int:
    """Return how long a job has to wait until it is due and its channel free."""
    opens_at = job.available_at if job.available_at > job.free_at else job.free_at
    return opens_at - now if opens_at > now else 0


def unsent_result(rendered: RenderedReport) -> AttemptResult:
    """Return the result of an attempt whose report gave no message."""
    if rendered.skip:
        reason = rendered.skip.reason
        return AttemptResult(Outcome.NOTHING_TO_REPORT, f"nothing_to_report: {reason}", detail=rendered.detail or None)
    if rendered.not_ready:
        retry_ms = rendered.not_ready.retry_in_ms
        return AttemptResult(Outcome.NOT_READY, "not_ready", retry_after_ms=retry_ms, detail=rendered.not_ready.reason)
    if rendered.is_unstored:
        return AttemptResult(Outcome.LOST_UNSENT, SPOOL_UNUSABLE, detail=rendered.failure)
    lines = [line for line in (rendered.failure, rendered.hint, rendered.detail) if line]
    return AttemptResult(Outcome.RENDER_FAILED, "render_failed", detail="\n".join(lines))


def no_renderer_ms() -> int:
    """Return a pause for a job that no renderer can take, spread so that put-back jobs do not all return at once."""
    return NO_RENDERER_MS + int(random.random() * NO_RENDERER_MS)
