"""Where the demo plays: a sandbox, a folder, and the real commands as processes. Nothing of it outlives the stage.

The commands run as a user's would, in the folder and with an environment of their own; what they print is told with
the folder's name left out.
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

from schedbot import sandbox
from schedbot.errors import BadInput, SchedbotError

TOKEN = "xoxb-sandbox-acme"
END_WITHIN_S = 10
LOG = "work.log"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed (both streams, in one), and its exit code."""

    text: str
    code: int


@dataclass(slots=True)
class Stage:
    """A folder to play in beside a running sandbox. `pool` is `schedbot work` while it runs."""

    folder: Path
    slack: sandbox.RunningSandbox
    pool: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def database(self) -> Path:
        return self.folder / "schedbot.db"

    def variables(self) -> dict[str, str]:
        """The environment that makes schedbot play here."""
        return {
            "SCHEDBOT_CONFIG": str(self.folder / "schedbot.toml"),
            "SCHEDBOT_DATABASE": str(self.database),
            "SCHEDBOT_SLACK_API_URL": self.slack.api_url,
            "SCHEDBOT_SLACK_TIMEOUT": "2s",
            "SLACK_BOT_TOKEN": TOKEN,
        }

    def run(self, *words: str) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            command(words),
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Done(self.told(done.stdout), done.returncode)

    def start_pool(self) -> None:
        """Start `schedbot work`. Its session is its own: a Ctrl-C is for the demo, which then ends it."""
        with (self.folder / LOG).open("wb") as log, undisturbed():
            self.pool = subprocess.Popen(
                command(["work"]),
                env=self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop_pool(self) -> Done:
        """End `schedbot work` with SIGTERM; answers the last line that it wrote. Raises SchedbotError."""
        assert self.pool is not None
        self.pool.terminate()
        try:
            code = self.pool.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise SchedbotError(f"'schedbot work' did not end within {END_WITHIN_S} s.") from None
        self.pool = None
        return Done(self.told((self.folder / LOG).read_text().strip().rpartition("\n")[2]), code)

    def clear(self) -> None:
        """End at once what still runs."""
        if self.pool is not None:
            # A Ctrl-C may have ended it before it had a group of its own.
            with suppress(ProcessLookupError):
                os.killpg(self.pool.pid, signal.SIGKILL)
            self.pool.wait()
            self.pool = None

    def environment(self) -> dict[str, str]:
        """The caller's environment, but what it says to schedbot is said anew; where there are many cores, two do."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDBOT_")}
        return {**kept, "SCHEDBOT_PROCESSES": "2", "PYTHONIOENCODING": "utf-8", **self.variables()}

    def told(self, text: str) -> str:
        return text.replace(f"{self.folder}{os.sep}", "").rstrip("\n")


def command(words: list[str] | tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "schedbot", *words]


@contextmanager
def undisturbed() -> Iterator[None]:
    """A signal that comes meanwhile counts afterwards: a process that was started must be known to be ended."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for late in came:
        signal.raise_signal(late)


@contextmanager
def stage(folder: str | None) -> Iterator[Stage]:
    """A stage in `folder`, which stays, or in a temporary one, which does not. Raises BadInput, SchedbotError."""
    with ExitStack() as leaving:
        path = named(folder) if folder else Path(leaving.enter_context(temporary()))
        played = Stage(path.resolve(), leaving.enter_context(sandbox.start(any_channel=False)))
        leaving.callback(played.clear)
        yield played


def temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="schedbot-demo-")


def named(folder: str) -> Path:
    """The folder that was asked for, made if need be. Raises BadInput where another database could be touched."""
    path = Path(folder).expanduser()
    for name in ("schedbot.db", "schedbot.toml"):
        if (path / name).exists():
            raise BadInput(f"'{folder}' already holds a {name}.", hint="Name a new or an empty folder with --dir.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "no access").lower()
        raise BadInput(f"The folder '{folder}' cannot be made: {reason}.", hint="Name another with --dir.") from None
    return path
