"""A sandbox in a process of its own, for as long as the one that started it wants it, and no longer."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from schedbot.errors import SchedbotError
from schedbot.sandbox.control_client import Sandbox

END_WITHIN_S = 5


@dataclass(slots=True)
class Running:
    """A sandbox that answers at `url` (without a slash at its end) until `stop`; also a context manager."""

    url: str
    child: subprocess.Popen[str]

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as its base_url."""
        return f"{self.url}/api/"

    @property
    def control(self) -> Sandbox:
        """Orders to it, and what it has seen."""
        return Sandbox(self.url)

    def stop(self) -> None:
        """End it; also twice."""
        self.child.terminate()
        try:
            self.child.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout is not None:
            self.child.stdout.close()

    def __enter__(self) -> "Running":
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
) -> Running:
    """Start a sandbox on loopback and wait until it answers; `port` 0 takes a free one. Raises SchedbotError."""
    setup = {
        "port": port,
        "file": None if file is None else str(file),
        "rules": {"pace": pace, "history": history, "any_channel": any_channel},
        "faults": list(faults),
        "parent": os.getpid(),
    }
    command = [sys.executable, "-m", "schedbot.sandbox", json.dumps(setup)]
    # Its own session: a Ctrl-C in the terminal is for the program that it serves, which then stops it.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    said = json.loads(line) if line else {"error": "The sandbox ended before it began.", "hint": ""}
    if "port" in said:
        return Running(f"http://127.0.0.1:{said['port']}", child)
    child.wait()
    child.stdout.close()
    raise SchedbotError(said["error"], hint=said["hint"])
