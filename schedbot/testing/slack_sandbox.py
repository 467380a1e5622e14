"""A Slack on loopback for a test, and schedbot commands that use it with a temporary database."""

import os
import subprocess
import sys
from pathlib import Path

from schedbot.sandbox import Sandbox

TOKEN = "xoxb-sandbox-acme"


class SlackSandbox(Sandbox):
    """A running sandbox, its token, and the environment in which schedbot uses it.

    `messages()` returns the posted messages, `texts()` their texts, `files()` the uploaded files and `content(id)` the
    bytes of one, `requests()` all requests. `order("drop_after")` orders a fault for the next post. Every channel id
    exists.
    """

    def __init__(self, url: str, config: Path, database: Path) -> None:
        super().__init__(url)
        self.token = TOKEN
        self.config = config
        self.database = database

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment, with the settings of schedbot replaced by those of this sandbox."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEDBOT_", "SLACK_"))}
        own = {
            "SCHEDBOT_CONFIG": str(self.config),
            "SCHEDBOT_DATABASE": str(self.database),
            "SCHEDBOT_SLACK_API_URL": self.api_url,
            "SCHEDBOT_SLACK_TIMEOUT": "5s",
            "SCHEDBOT_PROCESSES": "1",
            "SCHEDBOT_RENDERERS": "1",
            "SLACK_BOT_TOKEN": self.token,
            "NO_COLOR": "1",
        }
        return {**inherited, **own}

    def run(self, *words: str, check: bool = True, within: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command: `run("work", "--drain")`. Raises AssertionError with its output if it fails.

        With `check=False` it may fail. Raises TimeoutExpired after `within` seconds.
        """
        __tracebackhide__ = True
        completed = subprocess.run(
            [sys.executable, "-m", "schedbot", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
        )
        if check and completed.returncode:
            raise AssertionError(
                f"schedbot {' '.join(words)} exited with code {completed.returncode}:\n"
                f"{completed.stdout}{completed.stderr}"
            )
        return completed
