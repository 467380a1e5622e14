"""The whole program in a temporary folder: a database, a sandbox, and commands that run as real processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schedbot import settings
from schedbot.admin.operations import init
from schedbot.admin.schedules import add
from schedbot.model import Schedule, TokenSource
from schedbot.sandbox import Sandbox
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.open_database import open_database
from schedbot.tick import TickResult, tick
from tests.support.forks.commands import can_fork, run_forked
from tests.support.sql import read_rows

TOKEN = "xoxb-sandbox-acme"
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
Program = subprocess.Popen[str]


def now_ms() -> int:
    """Return the present in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def until(condition: Callable[[], Any], within: float = 30) -> Any:
    """Wait until `condition` returns a true value, and return it. Raises TimeoutError after `within` seconds."""
    end = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"condition is still false after {within} s: {condition}")
        time.sleep(0.02)
    return value


class SandboxServer(Protocol):
    """A running sandbox, as the tests use it."""

    @property
    def api_url(self) -> str: ...

    @property
    def control(self) -> Sandbox: ...

    def stop(self) -> None: ...


@dataclass
class App:
    """An installation of schedbot beside a sandbox. `clock` is the clock of calls made inside the test process;
    commands that run as processes use the real clock."""

    folder: Path
    sandbox: SandboxServer
    timeout_s: int = 1
    lease_s: int = 6
    processes: int = 1
    clock: Callable[[], int] = now_ms
    running: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        os.environ.pop("SCHEDBOT_CONFIG", None)
        init.initialize(self.folder, settings.Flags(config=str(self.config), database=str(self.path)), now_ms())
        self.db: Database = open_database(self.path)
        self.settings = settings.Settings(
            config=self.config,
            database=self.path,
            api_url=self.sandbox.api_url,
            timeout_ms=self.timeout_s * 1000,
            lease_ms=self.lease_s * 1000,
            token=TokenSource("env", "SLACK_BOT_TOKEN"),
            actor="tester@host",
        )

    @property
    def config(self) -> Path:
        return self.folder / "schedbot.toml"

    @property
    def path(self) -> Path:
        return self.folder / "schedbot.db"

    @property
    def slack(self) -> Sandbox:
        """Control of the sandbox: messages, requests, faults."""
        return self.sandbox.control

    def session(self, at: int | None = None) -> Session:
        """Return a session at the app's clock, or at the instant `at`."""
        return Session(self.settings, self.db, self.clock if at is None else lambda: at)

    def add_schedule(self, name: str, as_of: int | None = None, **fields: str) -> Schedule:
        """Add a schedule as an admin does at the instant `as_of`."""
        return add.add(
            self.session(as_of), {"name": name, "tz": "UTC", "channel": "C0000000001", "text": name, **fields}
        )

    def add_due_schedules(self, schedules: Mapping[str, Mapping[str, str]]) -> None:
        """Add schedules that are due now, and enqueue their jobs. `schedules`: their fields by name, in order.

        Each has its own channel unless its fields name another. One with a report has no text.
        """
        due_at = now_ms() // 1000 * 1000
        for number, (name, fields) in enumerate(schedules.items()):
            text = {"text": ""} if "report" in fields else {}
            terms = {"channel": f"C{number:010d}", "at": rfc3339(due_at), **text, **fields}
            self.add_schedule(name, as_of=due_at - 30_000, **terms)
        self.tick(due_at)

    def add_due_jobs(self, count: int, channels: int | None = None, **fields: str) -> None:
        """Add `count` schedules that are due now, and enqueue their jobs. Each has its own channel, or they share
        `channels` channels."""
        names = {f"report-{number}": f"C{number % (channels or count):010d}" for number in range(count)}
        self.add_due_schedules({name: {"channel": channel, **fields} for name, channel in names.items()})

    def tick(self, at: int | None = None) -> TickResult:
        """Run a tick at the app's clock, or at the instant `at`."""
        return tick(self.session(at))

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment variables of a command that this app runs."""
        own = {
            "SCHEDBOT_CONFIG": str(self.config),
            "SCHEDBOT_DATABASE": str(self.path),
            "SCHEDBOT_SLACK_API_URL": self.sandbox.api_url,
            "SCHEDBOT_SLACK_TIMEOUT": f"{self.timeout_s}s",
            "SCHEDBOT_LEASE": f"{self.lease_s}s",
            "SCHEDBOT_PROCESSES": str(self.processes),  # each takes 0.4 s of CPU time to start
            "SCHEDBOT_RENDERERS": str(self.processes),
            "SLACK_BOT_TOKEN": TOKEN,
            "SCHEDBOT_ACTOR": "tester@host",
            "NO_COLOR": "1",
        }
        return {**os.environ, **own, **more}

    def start(self, *words: str, **env: str) -> Program:
        """Start a command as a process."""
        return self.start_behind((), *words, **env)

    def start_behind(self, launcher: Sequence[str], *words: str, **env: str) -> Program:
        """Start a command as a process, by a program that replaces itself by the command."""
        command = [*launcher, sys.executable, "-m", "schedbot", *words]
        program = subprocess.Popen(
            command, env=self.environment(**env), cwd=self.folder, text=True, stdout=-1, stderr=-1, stdin=-3
        )
        self.running.append(program)
        return program

    def run(self, *words: str, within: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command until it ends. Raises TimeoutExpired after `within` seconds."""
        environment = self.environment(**env)
        if can_fork(words, environment):
            return run_forked(words, environment, self.folder, within)
        program = self.start(*words, **env)
        out, err = program.communicate(timeout=within)
        return subprocess.CompletedProcess(words, program.returncode, out, err)

    def work(self, within: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `work --drain` until it ends."""
        return self.run("work", "--drain", within=within, **env)

    def audit(self, *words: str) -> list[dict[str, Any]]:
        """Return the rows that `audit --json` prints."""
        result = self.run("audit", "--json", *words)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def states(self) -> dict[str, int]:
        """Return the number of jobs in each state."""
        return dict(read_rows(self.db, "SELECT state, count(*) FROM jobs GROUP BY state"))

    def posts(self) -> list[Mapping[str, Any]]:
        """Return all messages stored by the sandbox."""
        return list(self.slack.messages())

    def close(self) -> None:
        """Kill the processes that still run, and close the database."""
        for program in self.running:
            if program.poll() is None:
                program.kill()
            program.communicate()
        self.db.close()


def rfc3339(at: int) -> str:
    """Return an instant as RFC 3339 with milliseconds."""
    whole, ms = divmod(at, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{ms:03d}Z"
