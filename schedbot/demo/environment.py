"""Environment of the demo: a sandbox, a folder, and real commands as child processes, all ended with it.

The commands run in the folder with their own environment variables. The folder's name is removed from their output.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from schedbot import sandbox, text_input
from schedbot.errors import BadInput, SchedbotError

TOKEN = "xoxb-sandbox-acme"
STOP_TIMEOUT_S = 10
LOG = "work.log"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Output of a command (stdout and stderr together) and its exit code."""

    text: str
    exit_code: int


@dataclass(slots=True)
class DemoEnvironment:
    """A folder and a running sandbox. `pool` is `schedbot work` while it runs."""

    folder: Path
    slack: sandbox.RunningSandbox
    pool: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def database(self) -> Path:
        return self.folder / "schedbot.db"

    def variables(self) -> dict[str, str]:
        """Return the environment variables that make schedbot use this folder and sandbox."""
        return {
            "SCHEDBOT_CONFIG": str(self.folder / "schedbot.toml"),
            "SCHEDBOT_DATABASE": str(self.database),
            "SCHEDBOT_SLACK_API_URL": self.slack.api_url,
            "SCHEDBOT_SLACK_TIMEOUT": "2s",
            "SLACK_BOT_TOKEN": TOKEN,
        }

    def run(self, *words: str) -> CommandResult:
        """Run a command and return its output."""
        completed = subprocess.run(
            command_line(words),
            env=self.process_environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return CommandResult(self.without_folder(completed.stdout), completed.returncode)

    def start_pool(self) -> None:
        """Start `schedbot work` in its own session, so that Ctrl-C reaches the demo alone, which then ends it."""
        with (self.folder / LOG).open("wb") as log, defer_signals():
            self.pool = subprocess.Popen(
                command_line(["work"]),
                env=self.process_environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop_pool(self) -> CommandResult:
        """Stop `schedbot work` with SIGTERM. Returns its last line of output. Raises SchedbotError."""
        assert self.pool is not None
        self.pool.terminate()
        try:
            exit_code = self.pool.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise SchedbotError(f"'schedbot work' did not stop within {STOP_TIMEOUT_S} s.") from None
        self.pool = None
        return CommandResult(
            self.without_folder((self.folder / LOG).read_text().strip().rpartition("\n")[2]), exit_code
        )

    def kill_pool(self) -> None:
        """Stop `schedbot work` and its children at once if it is running."""
        if self.pool is not None:
            for number in (signal.SIGTERM, signal.SIGINT):  # after the second it waits for nothing
                self.pool.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.pool.wait(STOP_TIMEOUT_S)
            self.pool.kill()
            self.pool.wait()
            self.pool = None

    def process_environment(self) -> dict[str, str]:
        """Return the caller's environment without its SCHEDBOT_ variables, with two child processes for the pool."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDBOT_")}
        return {**inherited, "SCHEDBOT_PROCESSES": "2", "PYTHONIOENCODING": "utf-8", **self.variables()}

    def without_folder(self, text: str) -> str:
        return text.replace(f"{self.folder}{os.sep}", "").rstrip("\n")


def command_line(words: list[str] | tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "schedbot", *words]


@contextmanager
def defer_signals() -> Iterator[None]:
    """Deliver signals afterwards, so that a process is never started without a record of it."""
    received: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: received.append(number)) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for received_number in received:
        signal.raise_signal(received_number)


@contextmanager
def open_environment(folder: str | None) -> Iterator[DemoEnvironment]:
    """Yield an environment in `folder`, or in a temporary folder. Raises BadInput, SchedbotError."""
    with ExitStack() as stack:
        path = create_folder(folder) if folder else Path(stack.enter_context(open_temporary_folder()))
        environment = DemoEnvironment(path.resolve(), stack.enter_context(sandbox.start(any_channel=False)))
        stack.callback(environment.kill_pool)
        yield environment


def open_temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="schedbot-demo-")


def create_folder(folder: str) -> Path:
    """Create the folder if it is missing. Raises BadInput for a folder that is not empty."""
    path = text_input.parse_path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        for entry in path.iterdir():
            raise BadInput(f"'{folder}' already contains {entry.name}.", hint="Use a new or empty folder with --dir.")
    except OSError as error:
        reason = (error.strerror or "no access").lower()
        raise BadInput(f"The folder '{folder}' cannot be created: {reason}.", hint="Use another folder.") from None
    return path
