"""Process of a report's program: started without a shell, limited in time, memory and output, ended with its children.

Rules: the process has a group of its own in the renderer's session. The group is killed when it has ended or is late,
so that a child which keeps the pipe open delays nothing; the session, when the renderer ends (`process_session`). Its
memory limit is set from outside right after the start: `preexec_fn` is not safe in a process with threads, and a
launcher would cost its own start. RLIMIT_DATA counts memory that is used, not address space, so that programs in Java,
Go and Node start. Limit: a child that makes its own session survives.
Source: https://docs.python.org/3/library/subprocess.html#subprocess.Popen, setrlimit(2)
"""

import os
import resource
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from schedbot.errors import ReportFailed

CHUNK = 64 << 10
LAST_ERRORS = 16 << 10
LOOK_S = 0.05  # between two looks whether the process has ended, while a child keeps its pipe


@dataclass(frozen=True, slots=True)
class Invocation:
    """Program to start, with all that it gets."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    stdin: bytes
    timeout_ms: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Result of a process. `code`: negative for a signal. `stderr` is the end of it."""

    code: int
    stdout: bytes
    stderr: bytes
    is_late: bool = False
    is_too_long: bool = False


def execute(invocation: Invocation, max_output: int) -> Ended:
    """Run the program to its end. Raises ReportFailed if it cannot be started."""
    deadline = time.monotonic() + invocation.timeout_ms / 1_000
    with tempfile.TemporaryFile() as stdin:  # a pipe would block until the program reads it
        stdin.write(invocation.stdin)
        stdin.seek(0)
        process = start(invocation, stdin)
    try:
        limit_memory(process.pid, invocation.memory_bytes)
        output, errors = read(process, deadline, max_output)
        is_late = not wait_for_end(process, deadline if len(output) <= max_output else 0)
    finally:
        kill_group(process)
    is_too_long = len(output) > max_output
    return Ended(process.returncode, bytes(output), bytes(errors), is_late and not is_too_long, is_too_long)


def start(invocation: Invocation, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
    """Return the started process. Raises ReportFailed with the reason."""
    program = invocation.arguments[0]
    try:
        return subprocess.Popen(
            invocation.arguments,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=invocation.folder,
            env=dict(invocation.environment),
            process_group=0,
            bufsize=0,
        )
    except FileNotFoundError:
        problem = f"The program '{program}' cannot be started: the interpreter of its first line is not there."
        raise ReportFailed(problem, "Fix the path after '#!' in it.") from None
    except OSError as error:
        problem = f"The program '{program}' cannot be started: {(error.strerror or 'unknown reason').lower()}."
        raise ReportFailed(problem, "A script begins with a line like '#!/bin/sh'.") from None
    except ValueError as error:
        raise ReportFailed(f"The program '{program}' cannot be started: {error}.") from None


def limit_memory(pid: int, memory_bytes: int) -> None:
    """Limit the memory of a process and its later children. Only Linux can limit another process."""
    with suppress(ProcessLookupError, PermissionError, AttributeError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def read(process: subprocess.Popen[bytes], deadline: float, max_output: int) -> tuple[bytearray, bytearray]:
    """Return stdout, at most a chunk over `max_output`, and the end of stderr.

    Reading ends when both are closed, the process has ended, the deadline has passed or stdout is too long.
    """
    output, errors = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr, selectors.DefaultSelector() as selector:
        for stream, content in ((process.stdout, output), (process.stderr, errors)):
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, content)
        while selector.get_map() and len(output) <= max_output:
            if had_ended := has_ended(process.pid):
                signal_group(process.pid)
            ready = selector.select(0 if had_ended else max(0.0, min(LOOK_S, deadline - time.monotonic())))
            for key, _ in ready:
                chunk = os.read(key.fd, CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            del errors[:-LAST_ERRORS]
            if (had_ended and not ready) or time.monotonic() > deadline:
                break
    return output, errors


def has_ended(pid: int) -> bool:
    """Has the process ended? It stays a zombie, so that nothing else gets its number before its group is killed."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_for_end(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for the end of a process that has closed its output, until the deadline. Return whether it has ended."""
    while not has_ended(process.pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S / 10)
    return True


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all of its group, then take its exit code."""
    signal_group(process.pid)
    process.wait()


def signal_group(pid: int) -> None:
    """Kill all processes of the group of a process that is not waited for yet."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
