"""Limits of a process that renders reports: a template is written by a customer, and may do anything it can.

No limit is above the one that the parent process has.
"""

import math
import resource
import signal

MEMORY_BYTES = 1 << 30
FILE_BYTES = 1 << 26
CPU_S = 10  # of processor time for one report, on all cores together
KILLED = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP})  # exit codes of a process that another ended
# A renderer needs no more of the environment, which may hold secrets.
VARIABLES = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TZDIR", "TMPDIR", "LD_LIBRARY_PATH"}) | {
    f"PYTHON{name}" for name in ("PATH", "HOME", "TZPATH", "UTF8", "DONTWRITEBYTECODE")
}


def limit_resources() -> None:
    """Limit this process: memory, size of files, no core dump, and no process or thread beside it.

    NPROC counts all processes of the user, but it is compared only when this process starts another: 0 forbids that,
    and does not touch the user's other processes. Root is exempt from it.
    """
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        bound = cap(limit, kind)
        resource.setrlimit(kind, (bound, bound))


def cap(limit: int, kind: int) -> int:
    """Return the limit, or the hard limit of this process if that is lower."""
    hard = resource.getrlimit(kind)[1]
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def allow_cpu_time() -> None:
    """Allow CPU_S more of processor time. SIGXCPU ends a process that uses more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = cap(math.ceil(usage.ru_utime + usage.ru_stime) + CPU_S, resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def explain_memory_error() -> str:
    """Return the reason of a report that used up the memory."""
    return f"It took more than {cap(MEMORY_BYTES, resource.RLIMIT_AS) >> 20} MB of memory."
