"""Limits of a pool's process: its file descriptors, and how many objects it makes between two garbage collections.

The soft limit of descriptors is raised to the hard one, and the settings are cut to fit into it. A post in flight takes
a descriptor of its poster; a child takes some of the pool.
"""

import gc
import resource
from contextlib import suppress
from dataclasses import replace

from schedbot import log
from schedbot.settings import Settings

POSTER_RESERVE = 24  # standard streams, pipes, the event loop, look-ups of names and posts, a token's source
POOL_RESERVE = 24  # standard streams, the database, locks, signals
CHILD_DESCRIPTORS = 3
# A batch of jobs makes many objects that live until its end, and hardly any cycle: with Python's 700, a tenth of the
# time went to collections.
NEW_OBJECTS = 20_000


def fit(settings: Settings) -> Settings:
    """Raise the limit of this process and of its children. Return the settings, cut to the limit, and log a cut."""
    limit = raise_limit()
    processes = max(1, min(settings.processes, ((limit - POOL_RESERVE) // CHILD_DESCRIPTORS - 1) // 2))
    in_flight = max(1, min(settings.in_flight, limit - POSTER_RESERVE))
    if (processes, in_flight) == (settings.processes, settings.in_flight):
        return settings
    log.event(
        "limits_cut",
        "warning",
        why=f"this process may open {limit} files (ulimit -n)",
        processes=processes,
        in_flight=in_flight,
    )
    return replace(settings, processes=processes, in_flight=in_flight)


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one. Return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # a system may have a lower limit beside this one
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            log.event("file_limit_raised", before=soft, limit="unlimited" if hard == resource.RLIM_INFINITY else hard)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft


def delay_garbage_collection() -> None:
    """Let this process collect garbage seldom, and never walk through what is loaded by now."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
