"""Commands on a machine that lacks something: file descriptors, memory, processes. prlimit(1) sets the limits."""

import subprocess
import sys

from tests.support.app import App, Program


def start_limited(app: App, limits: str, *words: str, **env: str) -> Program:
    """Start a command under limits in the form of prlimit's options, for example `--nofile=64 --as=900000000`."""
    command = ["prlimit", *limits.split(), sys.executable, "-m", "schedbot", *words]
    program = subprocess.Popen(
        command, env=app.environment(**env), cwd=app.folder, text=True, stdout=-1, stderr=-1, stdin=-3
    )
    app.running.append(program)
    return program


def run_limited(app: App, limits: str, *words: str, within: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command under limits until it ends. Raises TimeoutExpired after `within` seconds."""
    program = start_limited(app, limits, *words, **env)
    out, err = program.communicate(timeout=within)
    return subprocess.CompletedProcess(words, program.returncode, out, err)
