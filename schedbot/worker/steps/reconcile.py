"""Posts whose fate is unknown: each is looked up in its channel's history once a late message can no longer arrive.

Look-ups of a workspace go one at a time, paced apart from posts.
"""

import random
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import JobState, Outcome
from schedbot.rules.lifecycle import Event, after
from schedbot.slack import error_codes, tokens
from schedbot.store.jobs import pacing, side_effects, unknown
from schedbot.store.jobs.unknown import LookUpResult, UnknownJob
from schedbot.worker.state.in_flight import Hand
from schedbot.worker.state.poster_handle import Seat
from schedbot.worker.state.verdict import (
    LONGEST_LOOK_UP_WAIT_MS,
    LOOK_UP_PACE_MS,
    Standing,
    absent,
    is_in_vain,
    look_again_at,
    unaskable,
)
from schedbot.worker.steps.search_window import Brackets

TOGETHER_MS = 600_000  # unknown posts of one channel and about one time share a look-up
MOST = 100
Place = tuple[str, str]


@dataclass(slots=True, eq=False)
class Ask:
    """One look-up: the unknown posts of one channel."""

    number: int
    place: Place
    jobs: list[UnknownJob]
    asked_at: int = 0
    since: int = 0  # steady
    clock_ms: int | None = None  # Slack's less ours, as it was known then


@dataclass(slots=True)
class Rescue:
    """The look-ups that this pool has under way."""

    hand: Hand
    brackets: Brackets = field(init=False)
    queue: list[Ask] = field(default_factory=list)
    asking: set[str] = field(default_factory=set)
    resumes: dict[Place, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.brackets = Brackets(self.hand, self.hand.session.now())

    def round(self) -> None:
        """Look for look-ups that are due, and send those that may go."""
        self.find_unknown()
        self.ask_next()

    def busy(self) -> bool:
        return bool(self.queue or self.asking)

    def find_unknown(self) -> None:
        """Take the unknown jobs whose look-up is due, grouped by channel."""
        session = self.hand.session
        now = session.now()
        again_at, too_far = now + self.hand.window_ms, now + self.hand.window_ms + LONGEST_LOOK_UP_WAIT_MS
        if unknown.has_due_after(session.db, too_far):
            self.hand.ledger.add(partial(unknown.bring_forward, too_far=too_far, again_at=again_at))
        if unknown.has_due(session.db, now):
            self.hand.ledger.add(partial(unknown.take_due, now=now, again_at=again_at, limit=200), self.gather)

    def gather(self, jobs: list[UnknownJob]) -> None:
        """Put them where their channel is asked for; what waits for an answer already is not asked for again."""
        under_way = [ask for seat in self.hand.seats for ask in seat.asks.values()]
        known = {(job.id, job.number) for ask in [*self.queue, *under_way] for job in ask.jobs}
        for job in sorted(jobs, key=lambda job: job.sent_at):
            if (job.id, job.number) in known:
                continue
            place = (job.workspace_id, job.channel)
            ask = next((one for one in self.queue if one.place == place and together(one, job)), None)
            if ask is None:
                ask = Ask(next(self.numbers), place, [])
                self.queue.append(ask)
            ask.jobs.append(job)

    def ask_next(self) -> None:
        """Send the look-ups whose workspace is free for one; none while a late message may still arrive unseen."""
        if steady_ms() < self.hand.quiet_until:
            return
        session = self.hand.session
        now = session.now()
        for ask in list(self.queue):
            workspace_id = ask.place[0]
            if (
                workspace_id in self.asking
                or pacing.get_free_at(session.db, workspace_id, pacing.HISTORY, "", now) > now
            ):
                continue
            serving = self.hand.serving()
            if not serving:
                return
            seat = random.choice(serving)  # each has few connections for them
            self.queue.remove(ask)
            self.asking.add(workspace_id)
            self.hand.ledger.add(partial(self.take_beside, ask), partial(self.ask, ask, seat))

    def take_beside(self, ask: Ask, db: Any) -> list[UnknownJob]:
        """What else is unknown in the channel and can be asked for by now."""
        now, sent_at = self.hand.session.now(), ask.jobs[0].sent_at
        sent = (sent_at - TOGETHER_MS, min(sent_at + TOGETHER_MS, now - self.hand.window_ms))
        return unknown.take_in_channel(db, ask.place, sent, now + self.hand.window_ms)

    def ask(self, ask: Ask, seat: Seat, beside: list[UnknownJob]) -> None:
        """Hand the look-up to a child."""
        if seat not in self.hand.seats:
            self.asking.discard(ask.place[0])
            self.queue.append(ask)
            return
        ask.jobs += [job for job in beside if all(one.id != job.id for one in ask.jobs)][: MOST - len(ask.jobs)]
        self.not_twice(ask)
        job = ask.jobs[0]
        try:
            source = tokens.resolve_source(job.source, self.hand.session.settings.token, job.workspace)
        except TokenUnavailable as error:
            log.event("look_up_waits", "warning", workspace=job.workspace, why=error)
            self.asking.discard(ask.place[0])
            self.no_token(ask)
            return
        ask.asked_at, ask.since, ask.clock_ms = self.hand.session.now(), steady_ms(), self.hand.clock_ms
        seat.asks[ask.number] = ask
        seat.wire.say(
            {
                "do": "look_up",
                "ask": ask.number,
                "channel": job.channel,
                "anew": any(error_codes.is_token_refused(one.error) for one in ask.jobs),
                "source": {"kind": source.kind, "place": source.place},
                "resume": self.resumes.pop(ask.place, ""),
                "sought": [self.brackets.sought(one) for one in ask.jobs],
            }
        )

    def not_twice(self, ask: Ask) -> None:
        """What is asked for now is not asked for again by a look-up that waits."""
        now_asked = {job.id for job in ask.jobs}
        for other in self.queue:
            other.jobs = [job for job in other.jobs if job.id not in now_asked]
        self.queue = [other for other in self.queue if other.jobs]

    def heard(self, seat: Seat, saying: dict[str, Any]) -> None:
        """A child says what a history said, or that its token could not be found. Every answer is put on record."""
        fates, renewed = saying.get("fates"), saying.get("renewed", False)
        ask = seat.asks.pop(saying["ask"])
        self.asking.discard(ask.place[0])
        now = self.hand.session.now()
        free_at = now + LOOK_UP_PACE_MS
        if fates is None:
            log.event("look_up_waits", "warning", workspace=ask.jobs[0].workspace, why="its token cannot be found")
            self.no_token(ask)
        for job, fate in zip(ask.jobs, fates or [], strict=False):
            elsewhere = fate["status"] == "absent" and self.brackets.may_be_elsewhere(job, ask.clock_ms)
            answer = LookUpResult(
                job, ask.asked_at, "elsewhere" if elsewhere else fate["status"], fate["error"], fate["ts"]
            )
            free_at = max(free_at, now + (fate["retry_after_ms"] or 0))
            if fate["resume"]:
                self.resumes[ask.place] = fate["resume"]
            self.settle(answer, now, fate["retry_after_ms"] or 0, soon=renewed or elsewhere)
        self.hand.ledger.add(
            partial(pacing.hold, workspace_id=ask.place[0], method=pacing.HISTORY, channel="", now=now, free_at=free_at)
        )

    def no_token(self, ask: Ask) -> None:
        """Its token cannot be found: it is looked for again later, but not where its workspace is removed."""
        now = self.hand.session.now()
        for job in [job for job in ask.jobs if job.is_removed]:
            self.settle(LookUpResult(job, now, "cannot_ask", "token_unavailable"), now, 0, soon=False)

    def settle(self, answer: LookUpResult, now: int, retry_after_ms: int, *, soon: bool) -> None:
        """Write what the look-up said. `soon`: there is reason to ask once more without waiting."""
        state, available_at, error = self.ruled(answer, now, retry_after_ms)
        if soon and state is JobState.UNKNOWN:
            available_at = now + retry_after_ms
        job = answer.job

        def entry(db: Any) -> str | None:
            unknown.record_look_up(db, answer)
            settled = unknown.settle(db, answer, state, available_at, error)
            if waits_for_a_token(answer) and not soon:
                reason = answer.error or "token refused"
                side_effects.pause_workspace(db, job.workspace_id, reason, now, job.resumes)
            return settled

        self.hand.ledger.add(entry, partial(self.settled, answer))

    def settled(self, answer: LookUpResult, state: str | None) -> None:
        """The job is in `state`; None: somebody else has moved it on before."""
        job = answer.job
        log.event(f"look_up_{answer.answer}", job=job.id, schedule=job.schedule, error=answer.error, state=state)
        if state:
            self.hand.count(state)
        if state != JobState.UNKNOWN:
            self.brackets.forget(job)

    def ruled(self, answer: LookUpResult, now: int, retry_after_ms: int) -> tuple[JobState, int, str | None]:
        """The job's next state, when it may go on, and the error that stays with it."""
        job = answer.job
        # While Slack is down for all, a job's attempts are not used up: its deadline is what ends it.
        most = job.spent + 1 if self.hand.circuit.open else job.max_attempts
        standing = Standing(job.due_at, job.deadline_at, job.spent, most, now)
        is_over = is_in_vain(answer.error, job.deadline_at, now) or (job.is_removed and waits_for_a_token(answer))
        in_vain = answer.answer == "later" and is_over
        match "cannot_ask" if in_vain else answer.answer:
            case "found":
                return after(JobState.UNKNOWN, Event.IN_HISTORY), now, None
            case "absent":
                ruled = absent(standing, now, random.random)
                error = {Event.EXPIRED: "deadline", Event.ATTEMPTS_EXHAUSTED: "not_arrived"}.get(ruled.event)
                return ruled.state, ruled.available_at, error
            case "cannot_ask":
                ruled = unaskable(standing, job.on_unknown, now)
                return ruled.state, ruled.available_at, None if ruled.state is JobState.QUEUED else answer.error
            case _:
                since = now if is_next(answer) else job.sent_at
                return JobState.UNKNOWN, look_again_at(since, retry_after_ms, now), answer.error

    def lost(self, seat: Seat) -> None:
        """A child died with look-ups under way: they are asked again by the next one."""
        for ask in seat.asks.values():
            self.asking.discard(ask.place[0])
            self.queue.append(ask)
        seat.asks.clear()


def together(ask: Ask, job: UnknownJob) -> bool:
    """May the job's attempt be looked up with these?"""
    return abs(job.sent_at - ask.jobs[0].sent_at) <= TOGETHER_MS and len(ask.jobs) < MOST


def waits_for_a_token(answer: LookUpResult) -> bool:
    """Was the look-up refused by a token that another may take the place of?"""
    return answer.answer == "later" and error_codes.is_token_refused(answer.error)


def is_next(answer: LookUpResult) -> bool:
    """Is it only Slack's limit that is waited for, or the next page? Then no longer than Slack says."""
    return answer.error is None or error_codes.explain(answer.error).outcome is Outcome.RATE_LIMITED
