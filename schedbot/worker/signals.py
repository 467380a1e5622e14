"""Signals of a pool: a signal to stop or reload wakes the loop; the children leave all signals to the pool.

Nothing else happens in a handler, which may run at any point. A terminal sends Ctrl-C and its hang-up to a process
group, so the children are in sessions of their own: requests in flight are finished.
"""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from types import FrameType

# SIGHUP: of a terminal that closes, a service manager or logrotate. SIGQUIT: of Ctrl-\\.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
# Tools send them to any process, for example to rotate logs; by default they end it.
IGNORED_SIGNALS = (signal.SIGUSR1,)
RELOAD_SIGNAL = signal.SIGUSR2
ALL_SIGNALS = (*STOP_SIGNALS, *IGNORED_SIGNALS, RELOAD_SIGNAL)


class StopSignal:
    """Number of stop requests, a request to reload, and a socket that becomes readable on each."""

    def __init__(self) -> None:
        self.requests = 0
        self.wants_reload = False
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def handle(self, signal_number: int, frame: FrameType | None) -> None:
        """Count a stop request, or keep a request to reload, and wake the loop: the signal handler.

        A terminal and its shell both send SIGHUP, so a second one is no request to stop at once.
        """
        if signal_number == RELOAD_SIGNAL:
            self.wants_reload = True
        elif signal_number != signal.SIGHUP or not self.requests:
            self.requests += 1
        with suppress(OSError):
            self._writer.send(b"!")

    def take_reload(self) -> bool:
        """Return whether a reload was requested since the last call."""
        is_requested, self.wants_reload = self.wants_reload, False
        return is_requested

    def drain(self) -> None:
        """Read all wake-ups."""
        with suppress(BlockingIOError):
            while self.reader.recv(4096):
                pass

    def close(self) -> None:
        self.reader.close()
        self._writer.close()


@contextmanager
def catch_stop_signals() -> Iterator[StopSignal]:
    """Catch the stop signals inside the block; the earlier handlers are restored after it. `nohup` stays in force."""
    stop = StopSignal()
    caught = [number for number in STOP_SIGNALS if number != signal.SIGHUP or not is_ignored(number)]
    previous = {number: signal.signal(number, stop.handle) for number in caught}
    previous |= {number: signal.signal(number, signal.SIG_IGN) for number in IGNORED_SIGNALS}
    previous[RELOAD_SIGNAL] = signal.signal(RELOAD_SIGNAL, stop.handle)
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        stop.close()


def is_ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


@contextmanager
def block_signals() -> Iterator[None]:
    """Block the signals inside the block: a child that starts there is born with them blocked."""
    resource_tracker.ensure_running()  # multiprocessing's own helper; its start would unblock some of them
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, ALL_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def leave_signals_to_pool() -> None:
    """Ignore the signals and begin a session, out of the pool's process group: the first step of a child."""
    for number in ALL_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ALL_SIGNALS)
    os.setsid()
