"""Number of schedbot's files that a command passes through: how far a reader has to follow it.

    python -m bench.call_paths [--files]

A file counts when a function of it is called after its import, in any process of the command. `add` and `edit` change
one schedule. A post is one job in `work --drain`. A settlement is one job whose pool was killed before the
answer: the next `work --drain` finds its message in the channel's history.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import schedbot
from tests.support.app import TOKEN, until

WITHIN_S = 60
SCHEDULE = ("--tz", "UTC", "--channel", "C0SANDBOX01", "--text", "Hi")
# Python runs `sitecustomize` at the start of each process, also of the pool's children.
RECORDER = """
import inspect, os, sys, threading
ROOT, LOG = os.environ["CALL_PATHS_ROOT"], os.environ["CALL_PATHS_LOG"]
files = set()
def record(frame, event, argument):
    code = frame.f_code
    # A class body and a call by a module's own statements are part of an import.
    if event != "call" or code.co_filename in files or not code.co_flags & inspect.CO_OPTIMIZED:
        return
    if code.co_filename.startswith(ROOT) and frame.f_back and frame.f_back.f_code.co_name != "<module>":
        files.add(code.co_filename)
        with open(LOG, "a") as file:
            file.write(code.co_filename + "\\n")
threading.setprofile(record)
sys.setprofile(record)
"""


class Installation:
    """A database and a sandbox in a folder, and the commands that run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recorder = folder / "recorder"
        self.recorder.mkdir()
        (self.recorder / "sitecustomize.py").write_text(RECORDER)
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = str(server.getsockname()[1])
        self.root = str(Path(schedbot.__file__).parent)
        self.env = {
            **os.environ,
            "PYTHONPATH": str(Path(self.root).parent),
            "SCHEDBOT_CONFIG": str(folder / "schedbot.toml"),
            "SCHEDBOT_DATABASE": str(folder / "schedbot.db"),
            "SCHEDBOT_SLACK_API_URL": f"http://127.0.0.1:{self.port}/api/",
            "SCHEDBOT_SLACK_TIMEOUT": "1s",
            "SCHEDBOT_LEASE": "2s",
            "SLACK_BOT_TOKEN": TOKEN,
        }

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        """Start a command as a process group of its own."""
        command = [sys.executable, "-m", "schedbot", *words]
        environment = {**self.env, **env}
        return subprocess.Popen(
            command, env=environment, text=True, stdout=-1, stderr=-1, cwd=self.folder, start_new_session=True
        )

    def run(self, *words: str, **env: str) -> str:
        """Run a command to its end. Returns its output; raises RuntimeError if it fails."""
        process = self.start(*words, **env)
        output, errors = process.communicate(timeout=WITHIN_S * 2)
        if process.returncode:
            raise RuntimeError(f"schedbot {' '.join(words)}: {errors}")
        return output

    def files(self, *words: str) -> list[str]:
        """Run a command and return the files that it passes through."""
        log = self.folder / "files.txt"
        log.write_text("")
        path = f"{self.recorder}{os.pathsep}{self.env['PYTHONPATH']}"
        self.run(*words, PYTHONPATH=path, CALL_PATHS_ROOT=self.root, CALL_PATHS_LOG=str(log))
        return sorted({line.removeprefix(self.root + "/") for line in log.read_text().splitlines()})


def measure(installation: Installation) -> dict[str, list[str]]:
    """Return the files of each path."""
    sandbox = installation.start("sandbox", "--port", installation.port)
    paths = {}
    try:
        assert sandbox.stderr
        sandbox.stderr.readline()
        installation.run("init")
        paths["add"] = installation.files("add", "daily", "--cron", "0 9 * * *", *SCHEDULE)
        paths["edit"] = installation.files("edit", "daily", "--cron", "0 8 * * *")
        installation.run("run-now", "daily")
        paths["one post"] = installation.files("work", "--drain")
        installation.run("sandbox", "--port", installation.port, "--order", "chat.postMessage:hold")
        installation.run("run-now", "daily")
        pool = installation.start("work")
        until(lambda: installation.run("audit", "--json", "--state", "running").count('"outcome": null'))
        os.killpg(pool.pid, 9)
        pool.communicate()
        installation.run("sandbox", "--port", installation.port, "--release")
        paths["one settlement"] = installation.files("work", "--drain")
    finally:
        sandbox.terminate()
        sandbox.communicate()
    return paths


def main() -> None:
    """Print how many files each path has; with --files, which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", action="store_true", help="list the files")
    shows_files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        for name, files in measure(Installation(Path(folder))).items():
            print(f"{name:<16} {len(files):4}")
            for file in files if shows_files else ():
                print(f"  {file}")


if __name__ == "__main__":
    main()
