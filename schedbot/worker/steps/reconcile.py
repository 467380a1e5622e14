"""Reconcile posts of unknown outcome: look each up in its channel's history once it can no longer arrive late.

Look-ups of a workspace run one at a time, at their own pace beside its posts.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import TOKEN_UNAVAILABLE, JobState
from schedbot.slack import error_codes, tokens
from schedbot.slack.response_models import HistoryAnswer
from schedbot.store.database import Database
from schedbot.store.jobs import pacing, settlement, unknown
from schedbot.store.jobs.unknown import HistoryKey, LookUpResult, UnknownJob
from schedbot.worker.protocol import LookUpFailed, LookUpRequest, LookUpResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import (
    LOOK_UP_PACE_MS,
    next_state_after_look_up,
    waits_for_token,
)
from schedbot.worker.state.poster_handle import LookUp, PosterHandle
from schedbot.worker.state.write_queue import WriteFailure
from schedbot.worker.steps.search_window import SearchWindows

GROUP_MS = 600_000  # unknown posts of a channel that were sent within this time share a look-up
POSTS_PER_LOOK_UP = 100
JOBS_PER_RUN = 200


@dataclass(slots=True)
class Reconciler:
    """Look-ups of this pool. `busy_workspaces`: those with a look-up under way. `resumes`: where the last one of a
    channel stopped."""

    in_flight: InFlight
    windows: SearchWindows = field(init=False)
    queue: list[LookUp] = field(default_factory=list)
    busy_workspaces: set[str] = field(default_factory=set)
    resumes: dict[HistoryKey, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.windows = SearchWindows(self.in_flight, self.in_flight.session.now())

    def run(self) -> None:
        """Take jobs whose look-up is due, and start the look-ups that may start."""
        self.in_flight.clock.bring_look_ups_forward(self.in_flight.session.db, self.in_flight.writes)
        self.take_due_jobs()
        self.start_look_ups()

    def is_busy(self) -> bool:
        return bool(self.queue or self.busy_workspaces)

    # -- the request

    def take_due_jobs(self) -> None:
        """Take the jobs of unknown outcome whose look-up is due."""
        session = self.in_flight.session
        now = session.now()
        again_at = now + self.in_flight.arrival_limit_ms
        if unknown.has_due(session.db, now):
            take = partial(unknown.take_due, now=now, again_at=again_at, limit=JOBS_PER_RUN)
            self.in_flight.writes.add(take, self.queue_jobs)

    def queue_jobs(self, jobs: list[UnknownJob]) -> None:
        """Group jobs into look-ups by place and time; jobs that are queued or under way already are left out."""
        under_way = [look_up for poster in self.in_flight.posters for look_up in poster.look_ups.values()]
        known = {(job.id, job.number) for look_up in [*self.queue, *under_way] for job in look_up.jobs}
        for job in sorted(jobs, key=lambda job: job.sent_at):
            if (job.id, job.number) in known:
                continue
            look_up = self.find_queued(job)
            if look_up is None:
                look_up = LookUp(next(self._numbers), job.place, [])
                self.queue.append(look_up)
            look_up.jobs.append(job)

    def find_queued(self, job: UnknownJob) -> LookUp | None:
        """Return a queued look-up that the job can share."""
        for look_up in self.queue:
            if look_up.place == job.place and has_room_for(look_up, job):
                return look_up
        return None

    def start_look_ups(self) -> None:
        """Start a look-up for each workspace that is free for one, unless the clock was just set."""
        if not self.in_flight.clock.allows_look_ups():
            return
        session = self.in_flight.session
        now = session.now()
        for look_up in list(self.queue):
            workspace_id = look_up.place.workspace_id
            free_at = pacing.get_free_at(session.db, workspace_id, look_up.method, "", now)
            if workspace_id in self.busy_workspaces or free_at > now:
                continue
            posters = self.in_flight.open_posters()
            if not posters:
                return
            poster = random.choice(posters)  # each has few connections for look-ups
            self.queue.remove(look_up)
            self.busy_workspaces.add(workspace_id)
            take = partial(self.take_same_channel, look_up)
            on_commit, on_failure = partial(self.send_look_up, look_up, poster), partial(self.drop, look_up)
            self.in_flight.writes.add(take, on_commit, on_failure)

    def take_same_channel(self, look_up: LookUp, db: Database) -> list[UnknownJob]:
        """Take the channel's other unknown jobs of about the same time: one request shows them all."""
        now, sent_at = self.in_flight.session.now(), look_up.jobs[0].sent_at
        arrival_limit_ms = self.in_flight.arrival_limit_ms
        sent_before = min(sent_at + GROUP_MS, now - arrival_limit_ms)
        again_at = now + arrival_limit_ms
        return unknown.take_in_channel(db, look_up.place, sent_at - GROUP_MS, sent_before, again_at)

    def send_look_up(self, look_up: LookUp, poster: PosterHandle, same_channel: list[UnknownJob]) -> None:
        """Send a look-up to a poster."""
        if poster not in self.in_flight.posters:
            self.requeue(look_up)
            return
        ids = {job.id for job in look_up.jobs}
        room = POSTS_PER_LOOK_UP - len(look_up.jobs)
        look_up.jobs += [job for job in same_channel if job.id not in ids][:room]
        self.unqueue_jobs_of(look_up)
        job = look_up.jobs[0]
        try:
            source = tokens.resolve_source(job.source, self.in_flight.session.settings.token, job.workspace)
        except TokenUnavailable as error:
            self.busy_workspaces.discard(look_up.place.workspace_id)
            self.delay(look_up, str(error))
            return
        look_up.requested_at, look_up.requested_steady = self.in_flight.session.now(), steady_ms()
        look_up.clock_offset_ms = self.in_flight.clock.slack_offset_ms
        poster.look_ups[look_up.number] = look_up
        request = LookUpRequest(
            number=look_up.number,
            source=source,
            rereads_token=any(error_codes.is_token_refused(job.error) for job in look_up.jobs),
            channel=job.channel,
            posts=tuple(self.windows.searched_post(job) for job in look_up.jobs),
            resume=self.resumes.pop(look_up.place, ""),
            thread_ts=job.thread_ts,
            file_id=job.file_id or "",
        )
        poster.send(request)

    def drop(self, look_up: LookUp, failure: WriteFailure) -> None:
        """Drop a look-up that met an unexpected error. Its jobs are due for another one later."""
        log.failure("look_up", failure.error, workspace=look_up.jobs[0].workspace)
        self.busy_workspaces.discard(look_up.place.workspace_id)
        for poster in self.in_flight.posters:
            poster.look_ups.pop(look_up.number, None)

    def unqueue_jobs_of(self, started: LookUp) -> None:
        """Remove the jobs of a look-up that starts from those that wait."""
        ids = {job.id for job in started.jobs}
        for look_up in self.queue:
            look_up.jobs = [job for job in look_up.jobs if job.id not in ids]
        self.queue = [look_up for look_up in self.queue if look_up.jobs]

    def requeue(self, look_up: LookUp) -> None:
        """Queue a look-up again whose poster died."""
        self.busy_workspaces.discard(look_up.place.workspace_id)
        self.queue.append(look_up)

    def on_child_died(self, poster: PosterHandle) -> None:
        """Queue the look-ups of a dead poster again."""
        for look_up in poster.look_ups.values():
            self.requeue(look_up)
        poster.look_ups.clear()

    # -- the response

    def receive(self, poster: PosterHandle, response: LookUpResponse | LookUpFailed) -> None:
        """Take the result of a look-up. Every answer is recorded."""
        look_up = poster.look_ups.pop(response.number)
        self.busy_workspaces.discard(look_up.place.workspace_id)
        now = self.in_flight.session.now()
        free_at = now + LOOK_UP_PACE_MS
        match response:
            case LookUpFailed():
                self.delay(look_up, response.reason)
            case LookUpResponse():
                for job, answer in zip(look_up.jobs, response.answers, strict=True):
                    self.settle_post(look_up, job, answer, is_token_rotated=response.is_token_rotated)
                waits_ms = [answer.retry_after_ms or 0 for answer in response.answers]
                free_at = max(free_at, now + max(waits_ms, default=0))
        hold = partial(pacing.hold, workspace_id=look_up.place.workspace_id, method=look_up.method, channel="")
        self.in_flight.writes.add(partial(hold, now=now, free_at=free_at))

    def settle_post(self, look_up: LookUp, job: UnknownJob, answer: HistoryAnswer, *, is_token_rotated: bool) -> None:
        """Settle one post of a look-up by its answer."""
        is_widened = (
            answer.answer == "absent"
            and not job.file_id
            and self.windows.widen_if_clock_was_wrong(job, look_up.clock_offset_ms)
        )
        word = "widened" if is_widened else answer.answer
        if answer.resume:
            self.resumes[look_up.place] = answer.resume
        result = LookUpResult(job, look_up.requested_at, word, answer.error, answer.ts)
        self.settle(result, answer.retry_after_ms or 0, is_soon=is_token_rotated or is_widened)

    def delay(self, look_up: LookUp, reason: str) -> None:
        """Try a look-up again later; but hold the posts of a removed workspace, which gets no token any more."""
        now = self.in_flight.session.now()
        log.event("look_up_delayed", "warning", workspace=look_up.jobs[0].workspace, why=reason)
        for job in [job for job in look_up.jobs if job.is_removed]:
            self.settle(LookUpResult(job, now, "cannot_ask", TOKEN_UNAVAILABLE), 0, is_soon=False)

    def settle(self, result: LookUpResult, retry_after_ms: int, *, is_soon: bool) -> None:
        """Write the result of a look-up and the job's next state. `is_soon`: there is reason to ask again at once."""
        job, now, is_outage = result.job, self.in_flight.session.now(), self.in_flight.breaker.is_open
        after = next_state_after_look_up(result, now, retry_after_ms, random.random, is_outage=is_outage)
        is_still_unknown = after.state is JobState.UNKNOWN
        available_at = now + retry_after_ms if is_soon and is_still_unknown else after.available_at

        def write(db: Database) -> str | None:
            unknown.record_look_up(db, result)
            state = unknown.settle(db, result, after.state, available_at, after.error)
            if waits_for_token(result) and not is_soon:
                reason = result.error or "token refused"
                settlement.pause_workspace(db, job.workspace_id, reason, now, job.resumes)
            return state

        self.in_flight.writes.add(write, partial(self.on_settled, result))

    def on_settled(self, result: LookUpResult, state: str | None) -> None:
        """Count a job that is in `state` now; None: somebody else has moved it on."""
        job = result.job
        log.event(f"look_up_{result.answer}", job=job.id, schedule=job.schedule, error=result.error, state=state)
        if state:
            self.in_flight.record_state(job.id, state)
        if state != JobState.UNKNOWN:
            self.windows.forget(job)


def has_room_for(look_up: LookUp, job: UnknownJob) -> bool:
    """Can the job's attempt share this look-up?"""
    if job.file_id:  # Slack is asked about one file at a time
        return False
    is_near = abs(job.sent_at - look_up.jobs[0].sent_at) <= GROUP_MS
    return is_near and len(look_up.jobs) < POSTS_PER_LOOK_UP
