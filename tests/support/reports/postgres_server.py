"""PostgreSQL server of one test run: its own data, on a Unix socket only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.app import until

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def find_binary(name: str) -> str | None:
    """Return the path of a program of PostgreSQL, or None if it is not installed."""
    return shutil.which(name, path=os.pathsep.join([*map(str, reversed(BINARIES)), os.environ["PATH"]]))


@contextmanager
def start_postgres(*, fsync: bool = False) -> Iterator[str]:
    """Run a server and yield its URL. The server refuses to run as root, so it runs as `nobody` then."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    assert initdb
    assert postgres
    owner: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        if owner:
            shutil.chown(folder, "nobody", "nogroup")
        options = ["-D", f"{folder}/data", "-A", "trust", "-U", "schedbot", "-E", "UTF8", "--no-sync"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **owner}
        subprocess.run([initdb, *options], check=True, **quiet)
        arguments = [
            "-D",
            f"{folder}/data",
            "-k",
            folder,
            "-c",
            "listen_addresses=",
            "-c",
            f"fsync={'on' if fsync else 'off'}",
        ]
        server = subprocess.Popen([postgres, *arguments], **quiet)
        try:
            until(lambda: "ready" in read_status(folder))
            yield f"postgresql://schedbot:s3cret-pass@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(20)


def read_status(folder: str) -> str:
    """Return the state that the server writes into its file: `starting`, `ready`."""
    file = Path(folder, "data", "postmaster.pid")
    return file.read_text() if file.exists() else ""
