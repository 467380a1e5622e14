"""Pool: the main loop of `schedbot work`, an outline of verbs with one place where it waits.

The pool alone opens the database; child processes render and post. Each turn reads the children's messages, claims
jobs, makes all writes in one commit, and sleeps until a job is due, a child answers, or a signal or a wake-up comes.
"""

import os
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field, replace
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import DatabaseUnusable, ProgramChanged, SchedbotError
from schedbot.reports import limits  # noqa: F401 (used later, when an upgrade may have replaced it)
from schedbot.session import Session
from schedbot.store.database import Database, DatabaseLost, DatabaseOutgrown
from schedbot.store.jobs import message_parts, outage, pacing
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations import heartbeats, ownership, passing_failures
from schedbot.store.sqlite import wake_fifo
from schedbot.worker import process_limits
from schedbot.worker.signals import StopSignal, catch_stop_signals
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.timers import Timer, Timers
from schedbot.worker.steps.claim import Claimer
from schedbot.worker.steps.reconcile import Reconciler
from schedbot.worker.steps.reload import reload_reports
from schedbot.worker.steps.rescue import Rescuer
from schedbot.worker.steps.send import Sender
from schedbot.worker.steps.shut_down import Shutdown
from schedbot.worker.steps.supervise import ChildSupervisor

CLAIM_MS = 500  # jobs are claimed a second before they are due, so twice a second is enough
RESCUE_MS = 1_000
HEARTBEAT_MS = 10_000
LEAST_RENEWAL_MS = 300
FAILED_TURN_S = 0.1  # what a step that failed left undone must not make the loop spin
RETRY_S = 1  # a database that cannot be written to is tried again after this time


@dataclass(slots=True)
class Pool:
    """A running `schedbot work`. Create it, then `run()`."""

    session: Session
    drain: bool = False
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    ended_by: SchedbotError | None = None
    started_at: int = field(init=False)
    timers: Timers = field(init=False)
    in_flight: InFlight = field(init=False)
    sender: Sender = field(init=False)
    claimer: Claimer = field(init=False)
    rescuer: Rescuer = field(init=False)
    reconciler: Reconciler = field(init=False)
    supervisor: ChildSupervisor = field(init=False)
    shutdown: Shutdown = field(init=False)

    def __post_init__(self) -> None:
        self.session = replace(self.session, settings=process_limits.fit(self.session.settings))
        db, renewal_ms = self.session.db, max(LEAST_RENEWAL_MS, self.session.settings.lease_ms // 3)
        self.started_at = self.session.now()
        self.timers = Timers(Timer(CLAIM_MS), Timer(RESCUE_MS), Timer(HEARTBEAT_MS), Timer(renewal_ms))
        self.in_flight = InFlight(self.session, self.name, get_installation_id(db))
        self.in_flight.breaker.failures = outage.count_failures(db, self.started_at)
        self.in_flight.breaker.failing_workspace = outage.get_last_workspace(db)
        self.in_flight.passing.load(passing_failures.list_recent(db, self.started_at))
        self.sender = Sender(self.in_flight)
        self.claimer = Claimer(self.in_flight, self.sender)
        self.rescuer = Rescuer(self.in_flight)
        self.reconciler = Reconciler(self.in_flight)
        self.shutdown = Shutdown(self.in_flight)
        pools = (self.claimer.render_pool, self.claimer.live_pool, self.claimer.uploader)
        self.supervisor = ChildSupervisor(
            self.selector, self.in_flight, *pools, self.sender, self.reconciler, self.timers.claim
        )

    def run(self) -> dict[str, int]:
        """Work until asked to stop, or with `drain` until nothing is due. Return how many jobs came to each state.

        After the first request to stop, the pool ends what is in flight within the request's time-out and 5 s, and
        gives back the rest. After the second it ends at once; the outcome of posts in flight is looked up later.

        Raises DatabaseOutgrown, DatabaseLost and ProgramChanged when tables, file or program were replaced, and
        StepKeepsFailing when a step did nothing but fail for a minute; the pool ends first as if asked to stop. Raises
        DatabaseUnusable if nothing can be written at the start (a pool that runs waits for that, but pools that cron
        starts each minute would pile up), or still not when the time to stop is over.
        """
        with catch_stop_signals() as stop, self.selector:
            self.in_flight.place = ownership.ensure(self.session.db)
            fifo = self.register()
            self.selector.register(stop.reader, selectors.EVENT_READ, "signal")
            self.selector.register(fifo, selectors.EVENT_READ, "wake")
            try:
                while not self.may_end(stop):
                    self.run_turn(stop)
            finally:
                self.close(fifo)
        if self.ended_by:
            raise self.ended_by
        return self.in_flight.summary()

    def register(self) -> int:
        """Make the pool's FIFO, write its first heartbeat, and return the FIFO. An error leaves neither."""
        fifo = wake_fifo.listen(self.session.db.path, self.fifo_name)
        try:
            with self.session.db.writing():
                self.in_flight.registration.begin(self.session.db)
                self.write_heartbeat(self.session.db)
                if self.drain and not is_on_terminal():
                    heartbeats.forget_service(self.session.db)
        except BaseException:
            wake_fifo.remove(self.session.db.path, self.fifo_name, fifo)
            raise
        return fifo

    def run_turn(self, stop: StopSignal) -> None:
        """Run each step once. While the database cannot be written to, the pool waits and keeps everything.

        An unexpected error ends its step alone, until the next turn or longer.
        """
        failures = self.in_flight.failures
        failures.run("clock", self.in_flight.clock.check)
        if stop.take_reload() and not self.is_stopping(stop):
            failures.run("reload", partial(reload_reports, self.session.settings, self.claimer.preparer))
        try:
            self.supervise()
            if not self.is_stopping(stop):
                self.claim()
            if not self.ended_by:
                failures.run("send", self.sender.send_due)
            self.commit()
            self.run_periodic_work()
            self.commit()
        except (DatabaseOutgrown, DatabaseLost, ProgramChanged) as error:
            self.end_for_change(error)
        except DatabaseUnusable as error:
            wait_for_database(error)
        if self.drain and not self.ended_by and (start_error := self.supervisor.find_start_error()):
            self.end_early("children_not_started", start_error)
        if failures.fatal and not self.ended_by:
            self.end_early("step_keeps_failing", failures.fatal)
        failures.run("flush", self.supervisor.flush)
        failures.run("wait", partial(self.wait, stop))
        if failures.is_any_pausing():
            time.sleep(FAILED_TURN_S)

    # -- steps

    def supervise(self) -> None:
        """Start missing children, take the results of all, replace the overdue, and let renderers go on."""
        run = self.in_flight.failures.run
        if not self.ended_by:
            run("start_children", self.supervisor.start_missing)
        run("receive", self.supervisor.receive)
        run("replace_children", self.supervisor.replace_overdue)
        run("render", lambda: self.claimer.render_pool.start_renders(steady_ms()))
        run("render_live", lambda: self.claimer.live_pool.start_renders(steady_ms()))
        run("upload", self.claimer.uploader.start_uploads)
        run("put_stuck_back", self.claimer.put_stuck_back)

    def claim(self) -> None:
        """Claim jobs if it is time or a wake-up came, and again as soon as there are more and room for them."""
        if self.timers.claim.is_due(steady_ms()) or self.claimer.has_room_for_more():
            self.in_flight.failures.run("claim", self.claimer.claim)

    def commit(self) -> None:
        """Make the queued writes, unless they wait for others."""
        self.in_flight.failures.run("commit", lambda: self.in_flight.writes.commit_if_due(self.session.db))

    def run_periodic_work(self) -> None:
        """Renew leases, rescue, reconcile and write the heartbeat, each at its interval."""
        steady, run = steady_ms(), self.in_flight.failures.run
        if self.timers.lease_renewal.is_due(steady):
            run("renew_leases", self.in_flight.renew_leases)
        if self.timers.rescue.is_due(steady) and self.shutdown.stopping_since is None:
            run("rescue", self.rescuer.run)
            run("reconcile", self.reconciler.run)
            if not self.drain:
                run("prepare", self.claimer.preparer.run)
        if self.timers.heartbeat.is_due(steady):
            run("heartbeat", self.beat)

    def beat(self) -> None:
        """Queue the heartbeat, and drop what has passed."""
        steady = steady_ms()
        self.in_flight.writes.add(self.write_heartbeat)
        self.in_flight.writes.add(partial(pacing.delete_expired, now=self.session.now()))
        self.in_flight.writes.add(message_parts.clear_ended)
        self.in_flight.passing.clear_settled(self.session.now())
        self.in_flight.send_queue.forget_past(steady)
        self.claimer.forget_past(steady)
        self.claimer.uploader.cleaner.clean()
        self.claimer.look_for_workspaces()

    def write_heartbeat(self, db: Database) -> None:
        """Record that the pool is alive. Raises DatabaseLost where it is not the owner any more. In a transaction."""
        self.in_flight.refuse_other_owner(db)
        self.in_flight.registration.beat(db)
        if not self.drain and not is_on_terminal():
            heartbeats.beat_service(db, self.started_at, self.session.now())

    def wait(self, stop: StopSignal) -> None:
        """Sleep until something happens or is due: the one place where the pool waits."""
        periodic_at = self.timers.next_at(self.is_stopping(stop))
        instants = (self.in_flight.writes.due_at(), self.sender.next_at(), self.claimer.live_pool.next_end_at())
        wake_at = min(periodic_at, self.shutdown.stop_by, *(at for at in instants if at is not None))
        ends_now = self.is_stopping(stop) and (not self.in_flight.deliveries or self.shutdown.stopping_since is None)
        claims_now = not self.is_stopping(stop) and self.claimer.has_room_for_more()
        if ends_now or claims_now:
            wake_at = 0
        for key, _ in self.selector.select(max(0, wake_at - steady_ms()) / 1000):
            if key.data == "signal":
                stop.drain()
            if key.data == "wake":
                wake_fifo.drain(key.fd)
                self.timers.claim.trigger()

    # -- the end

    def is_stopping(self, stop: StopSignal) -> bool:
        """Does the pool begin nothing more?"""
        return bool(stop.requests or self.ended_by)

    def may_end(self, stop: StopSignal) -> bool:
        """May the loop end? Raises DatabaseUnusable if the database does not tell before the time to stop is over."""
        try:
            return self.is_finished(stop)
        except (DatabaseOutgrown, DatabaseLost) as error:
            self.end_for_change(error)
        except DatabaseUnusable as error:
            if steady_ms() >= self.shutdown.stop_by:
                raise  # the outcome of posts in flight is looked up later
            wait_for_database(error)
        except Exception as error:
            if steady_ms() >= self.shutdown.stop_by:
                raise self.ended_by or error from None
            self.in_flight.failures.record("end", error)
        return stop.requests > 1

    def is_finished(self, stop: StopSignal) -> bool:
        """Is there nothing more to do?"""
        if stop.requests > 1:
            return True
        if self.is_stopping(stop):
            return self.shutdown.stop()
        return self.drain and not self.reconciler.is_busy() and self.shutdown.is_drained()

    def end_for_change(self, error: DatabaseOutgrown | DatabaseLost | ProgramChanged) -> None:
        """Begin nothing more, because the database or the program was replaced.

        If not even endings fit a newer program's tables, end at once.
        """
        if not self.ended_by:
            self.end_early("database_lost" if isinstance(error, DatabaseLost) else "newer_program_found", error)
        elif isinstance(error, DatabaseOutgrown):
            raise error
        # Else it is one more child of the other version.

    def end_early(self, event: str, error: SchedbotError) -> None:
        """Begin nothing more, end what has begun, then raise the error."""
        log.event(event, "error", pool=self.name, why=error)
        self.ended_by = error
        self.in_flight.writes.keep_only_endings()
        self.in_flight.cancel_unwritten_sends()

    def close(self, fifo: int) -> None:
        """End the children, and remove the pool's FIFO and heartbeat."""
        self.supervisor.kill_all()
        wake_fifo.remove(self.session.db.path, self.fifo_name, fifo)
        try:
            self.in_flight.passing.clear_settled(self.session.now(), is_end=True)
            self.claimer.uploader.cleaner.clean()
            self.in_flight.writes.commit(self.session.db)
            with self.session.db.writing(self.in_flight.writes.takes_only_endings):
                self.in_flight.registration.end(self.session.db)
        except DatabaseUnusable as error:
            log.event("database_unusable", "error", why=error)
        except Exception as error:
            log.failure("close", error)

    @property
    def fifo_name(self) -> str:
        return self.name.replace("/", "_")


def wait_for_database(error: DatabaseUnusable) -> None:
    """Log why nothing can be written, and wait a moment."""
    log.event("database_unusable", "error", why=error)
    time.sleep(RETRY_S)


def is_on_terminal() -> bool:
    """Did a person start the pool in a terminal? Otherwise it is a service, or cron started it."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
