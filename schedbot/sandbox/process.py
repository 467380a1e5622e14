"""Starts a sandbox in a child process, which ends with its parent at the latest."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from schedbot.errors import SchedbotError
from schedbot.sandbox.control.client import Sandbox

STOP_TIMEOUT_S = 5


@dataclass(slots=True)
class RunningSandbox:
    """A sandbox at `url` (without a trailing slash) that runs until `stop`. Also a context manager."""

    url: str
    child: subprocess.Popen[str]

    @property
    def api_url(self) -> str:
        """The base_url for slack_sdk."""
        return f"{self.url}/api/"

    @property
    def control(self) -> Sandbox:
        """A client that orders faults and reads the messages."""
        return Sandbox(self.url)

    def stop(self) -> None:
        """Stop the sandbox. A second call does nothing."""
        self.child.terminate()
        try:
            self.child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout is not None:
            self.child.stdout.close()

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    port: int = 0,
    *,
    file: str | Path | None = None,
    any_channel: bool = False,
    pace: bool = True,
    history: str = "full",
    faults: Sequence[str] = (),
) -> RunningSandbox:
    """Start a sandbox on 127.0.0.1 and wait until it listens. `port` 0 uses a free port. Raises SchedbotError."""
    config = {
        "port": port,
        "file": None if file is None else str(file),
        "options": {"pace": pace, "history": history, "any_channel": any_channel},
        "faults": list(faults),
        "parent": os.getpid(),
    }
    command = [sys.executable, "-m", "schedbot.sandbox", json.dumps(config)]
    # A session of its own: Ctrl-C in the terminal reaches only the parent, which then stops the sandbox.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    result = json.loads(line) if line else {"error": "The sandbox ended during its start.", "hint": ""}
    if "port" in result:
        return RunningSandbox(f"http://127.0.0.1:{result['port']}", child)
    child.wait()
    child.stdout.close()
    raise SchedbotError(result["error"], hint=result["hint"])
