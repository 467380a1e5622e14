"""Times of a pool: the parent's processor time, its waits for a core, for messages and for the disk; the children's."""

import multiprocessing
import os
import resource
import selectors
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NS = 1e9


class TimedSelector(selectors.DefaultSelector):
    """A selector that counts the seconds that it waits."""

    idle_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        started = time.monotonic()
        try:
            return super().select(timeout)
        finally:
            self.idle_s += time.monotonic() - started


def read(selector: TimedSelector) -> dict[str, float]:
    """Return clocks in seconds: of the parent's main thread, of all of the parent, and of the children.

    Only the difference of two readings has a meaning. `delay_s`: the main thread could run and had no core
    (schedstat of Linux).
    """
    schedstat = Path("/proc/self/schedstat").read_text().split()
    return {
        "wall_s": time.monotonic(),
        "main_s": int(schedstat[0]) / NS,
        "delay_s": int(schedstat[1]) / NS,
        "idle_s": selector.idle_s,
        "parent_s": time.process_time(),
        "children_s": read_children(),
    }


def read_children() -> float:
    """Return the processor seconds of the children that run or have ended."""
    running = 0.0
    for child in multiprocessing.active_children():  # this also counts those that have ended
        with suppress(OSError):
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            running += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return running + ended.ru_utime + ended.ru_stime


def call_when(condition: Callable[[], bool], action: Callable[[], None]) -> None:
    """Call the action in a thread once the condition holds."""

    def wait() -> None:
        while not condition():
            time.sleep(0.005)
        action()

    threading.Thread(target=wait, daemon=True).start()
