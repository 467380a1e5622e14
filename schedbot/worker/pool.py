"""The pool: an outline of verbs, and one place where it waits.

The parent alone opens the database; children render and post. Each turn of the loop hears the children, claims, writes
all that is to be written in one commit, and sleeps until a job is due, a child speaks, a signal or a wake-up comes.
"""

import os
import selectors
import socket
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import DatabaseUnusable, ProgramChanged
from schedbot.reports import limits  # noqa: F401 (used later, when an upgrade may have replaced it)
from schedbot.session import Session
from schedbot.slack.responses import MAX_PAGES
from schedbot.store.database import Database, DatabaseOutgrown
from schedbot.store.jobs import outage, pacing
from schedbot.store.operations import heartbeats
from schedbot.store.sqlite import wake_fifo
from schedbot.worker.children.births import Births
from schedbot.worker.children.poster import Conditions
from schedbot.worker.signals import Stop, caught
from schedbot.worker.state.in_flight import Hand
from schedbot.worker.state.poster_handle import Seat
from schedbot.worker.state.timers import Rhythm, Rhythms
from schedbot.worker.state.write_queue import Ledger
from schedbot.worker.steps.claim import Intake
from schedbot.worker.steps.reconcile import Rescue
from schedbot.worker.steps.render import RENDER_MS, Press, Printing
from schedbot.worker.steps.rescue import Leases
from schedbot.worker.steps.send import Sending
from schedbot.worker.steps.shut_down import Ending

LOOK_MS = 500  # a job is claimed a second before it is due: to look twice a second is soon enough
RESCUE_MS = 1_000
BEAT_MS = 10_000
SILENCE_MS = 10_000  # beside a request's own time-out: a child that owes an answer for longer is lost


@dataclass(slots=True)
class Pool:
    """A running `work`. Create it, then `run()`."""

    session: Session
    drain: bool = False
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    ledger: Ledger = field(default_factory=Ledger)
    seats: list[Seat] = field(default_factory=list)
    outgrown: DatabaseOutgrown | ProgramChanged | None = None
    hand: Hand = field(init=False)
    sending: Sending = field(init=False)
    ending: Ending = field(init=False)
    intake: Intake = field(init=False)
    leases: Leases = field(init=False)
    rescue: Rescue = field(init=False)
    rhythms: Rhythms = field(init=False)
    births: Births = field(default_factory=Births)
    started_at: int = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.session.now()
        installation = str(self.session.db.value("SELECT id FROM installation"))
        self.hand = Hand(self.session, self.ledger, self.seats, self.name, installation)
        self.hand.circuit.failures = outage.count_failures(self.session.db, self.started_at)
        self.hand.circuit.silent = outage.get_last_workspace(self.session.db)
        self.sending = Sending(self.hand)
        self.ending = Ending(self.hand)
        self.intake = Intake(self.hand, self.sending)
        self.leases = Leases(self.hand)
        self.rescue = Rescue(self.hand)
        renew_ms = max(300, self.session.settings.lease_ms // 3)
        self.rhythms = Rhythms(Rhythm(LOOK_MS), Rhythm(RESCUE_MS), Rhythm(BEAT_MS), Rhythm(renew_ms))

    def run(self) -> dict[str, int]:
        """Work until asked to stop, or with `drain` until nothing is due. Returns how many jobs ended in which state.

        Asked once, it finishes what is in flight and gives back the rest, within the request's time-out and
        5 s; asked twice, it ends at once: what was in flight is found out later from the history. Raises
        DatabaseOutgrown when a newer program has changed the tables, and ProgramChanged when one has taken this one's
        place on the disk: it then ends as if it had been asked to. Raises DatabaseUnusable, with nothing begun, where
        nothing can be written: once at work it waits for that, but one that cron starts each minute would pile up; and
        where it is asked to stop, and cannot write to the end of its time.
        """
        with caught() as stop, selectors.DefaultSelector() as selector:
            with self.session.db.writing():
                self.beat(self.session.db)
            fifo = wake_fifo.listen(self.session.db.path, self.name.replace("/", "_"))
            selector.register(stop.awake, selectors.EVENT_READ, "signal")
            selector.register(fifo, selectors.EVENT_READ, "wake")
            try:
                while not self.may_end(stop):
                    self.turn(stop, selector)
            finally:
                self.close(fifo)
        if self.outgrown:
            raise self.outgrown
        return self.hand.tally

    def turn(self, stop: Stop, selector: selectors.BaseSelector) -> None:
        """One round of everything. A database that cannot be written to is waited for, and nothing is forgotten."""
        self.hand.watch_clock()
        try:
            self.fill_seats(selector)
            self.hear(selector)
            if not (stop.asked or self.outgrown):
                self.look()
            if not self.outgrown:
                self.sending.depart()
            self.ledger.commit(self.session.db)
            self.keep_time()
            self.ledger.commit(self.session.db)
        except DatabaseOutgrown as error:
            self.outgrow(error)
        except DatabaseUnusable as error:
            log.event("database_unusable", "error", why=error)
            time.sleep(1)
        self.speak(selector)
        self.wait(stop, selector)

    # -- the end

    def may_end(self, stop: Stop) -> bool:
        """May the loop end? Not while that cannot be found out; raises it where the time to stop is over."""
        try:
            return self.finished(stop)
        except DatabaseOutgrown as error:
            self.outgrow(error)
        except DatabaseUnusable as error:
            if steady_ms() >= self.ending.stop_by:
                raise  # what was in flight is found out later, from the history
            log.event("database_unusable", "error", why=error)
            time.sleep(1)
        return stop.asked > 1

    def finished(self, stop: Stop) -> bool:
        """Is there nothing more to do?"""
        if stop.asked > 1:
            return True
        if stop.asked or self.outgrown:
            return self.ending.stopped()
        return self.drain and not self.rescue.busy() and self.ending.drained()

    def outgrow(self, error: DatabaseOutgrown | ProgramChanged) -> None:
        """A newer program is there: begin nothing more. If even an end does not fit its tables, end now."""
        if self.outgrown:
            raise error
        log.event("outgrown", "error", pool=self.name, why=error)
        self.outgrown = error
        self.ledger.outgrow()
        self.hand.recall()

    def close(self, fifo: int) -> None:
        """Let the children go and take away what this pool put beside the database."""
        for one in self.kin():
            one.kill()
        for one in self.kin():
            one.process.join()
        wake_fifo.forget(self.session.db.path, self.name.replace("/", "_"), fifo)
        try:
            with self.session.db.writing(self.ledger.outgrown):
                heartbeats.delete(self.session.db, "pool", self.name)
        except DatabaseUnusable as error:
            log.event("database_unusable", "error", why=error)

    # -- children

    def fill_seats(self, selector: selectors.BaseSelector) -> None:
        """Start the children that are missing; let those go that have had their share of jobs."""
        for seat in [seat for seat in self.seats if seat.retiring and seat.idle]:
            selector.unregister(seat.wire.socket)
            self.seats.remove(seat)
            seat.kill()
        try:
            self.start_missing(selector)
        except OSError as error:  # no memory, no process, no descriptor: the rest goes on meanwhile
            self.births.failed(steady_ms())
            log.event("no_child", "error", why=error)

    def start_missing(self, selector: selectors.BaseSelector) -> None:
        settings = self.session.settings
        conditions = Conditions(settings.api_url, settings.timeout_ms, settings.in_flight)
        while self.births.allowed(steady_ms()) and sum(not one.retiring for one in self.seats) < settings.processes:
            self.seats.append(Seat(conditions))
            selector.register(self.seats[-1].wire.socket, selectors.EVENT_READ, self.seats[-1])
        while self.births.allowed(steady_ms()) and self.printing.missing():
            self.printing.presses.append(Press())
            press = self.printing.presses[-1]
            selector.register(press.wire.socket, selectors.EVENT_READ, press)

    def hear(self, selector: selectors.BaseSelector) -> None:
        """What the children said, and which of them died or have to."""
        for one in self.kin():
            sayings = one.heard()
            if (stranger := one.stranger()) and not self.outgrown:
                self.outgrow(stranger)
            for saying in sayings or []:
                self.hear_one(one, saying)
            if sayings is None:
                self.bury(one, selector, "")
        since = steady_ms() - self.hand.window_ms - SILENCE_MS
        asked_since = since - MAX_PAGES * self.session.settings.timeout_ms
        for seat in [seat for seat in self.seats if seat.is_silent(since, asked_since)]:
            self.bury(seat, selector, "")
        for press in self.printing.late(steady_ms()):
            self.bury(press, selector, f"It took more than {RENDER_MS // 1000} s.")
        self.printing.hand_out(steady_ms())
        self.intake.make_room()

    def kin(self) -> list[Seat | Press]:
        return [*self.seats, *self.printing.presses]

    def bury(self, one: Seat | Press, selector: selectors.BaseSelector, why: str) -> None:
        """A child is gone, or is ended now: its jobs go on without it."""
        selector.unregister(one.wire.socket)
        one.kill()
        one.process.join()
        log.event("child_lost", "warning", child=one.number, exit=one.process.exitcode)
        if not one.ready:
            self.births.failed(steady_ms())
        if isinstance(one, Press):
            self.printing.gone(one, why)
            return
        self.seats.remove(one)
        self.hand.lost(one)
        self.rescue.lost(one)

    def hear_one(self, one: Seat | Press, saying: dict[str, Any]) -> None:
        """One saying of a child, to where it belongs."""
        if isinstance(one, Press):
            self.printing.heard(one, saying)
            return
        if saying.get("clock_ms") is not None:
            self.hand.clock_ms = saying["clock_ms"]
        match saying["did"]:
            case "ready":
                one.ready = True
                self.births.succeeded()
                self.rhythms.look.next_at = 0
            case "looked_up" | "no_history":
                self.rescue.heard(one, saying)
            case "sent":
                self.sending.heard(one, saying)

    @property
    def printing(self) -> Printing:
        return self.intake.printing

    def speak(self, selector: selectors.BaseSelector) -> None:
        """Send what is to be said; a child that does not read is written to when it does."""
        for one in self.kin():
            one.wire.flush()
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if one.wire.blocked else 0)
            selector.modify(one.wire.socket, events, one)

    # -- time

    def look(self) -> None:
        """Claim, when it is time to look or something woke us, and again while there is more."""
        if self.rhythms.look.due(steady_ms()) and self.intake.claim():
            self.rhythms.look.next_at = 0

    def keep_time(self) -> None:
        """Heartbeat, leases, and what others left behind, each in its rhythm."""
        present, now = steady_ms(), self.session.now()
        if self.rhythms.renew.due(present):
            self.hand.renew()
        if self.rhythms.rescue.due(present) and self.ending.stopping_since is None:
            self.leases.round()
            self.rescue.round()
        if self.rhythms.beat.due(present):
            self.hand.departures.forget(present)
            self.intake.forget(present)
            self.ledger.add(self.beat)
            self.ledger.add(partial(pacing.delete_expired, now=now))

    def beat(self, db: Database) -> None:
        """Say that the pool is alive. Inside a transaction."""
        heartbeats.beat(db, "pool", self.name, self.started_at, self.session.now())

    def wait(self, stop: Stop, selector: selectors.BaseSelector) -> None:
        """Sleep until something happens or is due: the one place where the pool waits."""
        ending = bool(stop.asked or self.outgrown)
        wake_at = min(self.rhythms.next_instant(ending), self.sending.next_instant() or 1 << 62, self.ending.stop_by)
        if self.ledger:
            wake_at = 0
        for key, _ in selector.select(max(0, wake_at - steady_ms()) / 1000):
            if key.data == "signal":
                stop.drain()
            if key.data == "wake":
                wake_fifo.drain(key.fd)
                self.rhythms.look.next_at = 0
