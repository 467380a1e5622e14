"""Session of a live renderer: the processes that its reports start, which must not outlive it.

Each live renderer leads a session of its own; its programs and forked processes stay in it, each program in a group of
its own. Limit: a process that makes its own session survives. Source: setsid(2), proc_pid_stat(5)
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

ROUNDS = 5  # a process may start another while the others are killed
SESSION_FIELD = 3  # in /proc/PID/stat, after the name


def kill_session(session_id: int) -> None:
    """Kill all processes of the session, except this process."""
    for _ in range(ROUNDS):
        members = list_members(session_id)
        if not members:
            return
        for pid in members:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def list_members(session_id: int) -> list[int]:
    """Return the processes of a session that still run, except this process. Empty where there is no /proc."""
    own = os.getpid()
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")] if Path("/proc").is_dir() else []
    return [pid for pid in pids if pid != own and is_member(pid, session_id)]


def is_member(pid: int, session_id: int) -> bool:
    """Does the process run in the session?"""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    fields = status.rpartition(")")[2].split()  # the name has blanks
    return fields[SESSION_FIELD] == str(session_id) and fields[0] not in "ZX"
