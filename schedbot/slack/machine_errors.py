"""Errors of this machine, told apart from errors of Slack: no descriptor, memory, thread or process, or a bad disk.

They say nothing of Slack: what they stopped is tried again, and uses up no attempt.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

from schedbot.errors import MachineFailed
from schedbot.model import AttemptResult
from schedbot.posts import SPOOL_UNUSABLE

NO_DESCRIPTORS, NO_MEMORY, NO_PROCESSES, IO_ERROR = "no_descriptors", "no_memory", "no_processes", "io_error"
CODES = {
    errno.EMFILE: NO_DESCRIPTORS,
    errno.ENFILE: NO_DESCRIPTORS,
    errno.ENOMEM: NO_MEMORY,
    errno.ENOBUFS: NO_MEMORY,
    errno.EAGAIN: NO_PROCESSES,
    errno.EIO: IO_ERROR,
}


def find_code(error: BaseException) -> str | None:
    """Return the code of this machine's failure behind an error, or None."""
    for cause in list_causes(error):
        match cause:
            case MachineFailed():
                return cause.error_code
            case MemoryError():
                return NO_MEMORY
            case socket.gaierror():  # it has numbers of its own, and hides the reason
                return NO_MEMORY if cause.errno == socket.EAI_MEMORY else find_missing_descriptor()
            case OSError(errno=number) if number in CODES:
                return CODES[number]
            case RuntimeError() if "start new thread" in str(cause):
                return NO_PROCESSES
    return None


def is_machine_error(result: AttemptResult) -> bool:
    """Did this machine's failure end the attempt?"""
    return result.error == SPOOL_UNUSABLE or result.error in CODES.values()


def list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors behind it."""
    cause: BaseException | None = error
    visited: set[int] = set()
    while cause is not None and id(cause) not in visited:
        visited.add(id(cause))
        system_error = getattr(cause, "os_error", None)  # of aiohttp
        if isinstance(system_error, socket.gaierror):
            yield system_error
        yield cause
        cause = cause.__cause__ or cause.__context__


def find_missing_descriptor() -> str | None:
    """Return NO_DESCRIPTORS if this process can open no other file."""
    try:
        descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return CODES.get(error.errno or 0)
    with suppress(OSError):
        os.close(descriptor)
    return None
