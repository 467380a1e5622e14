"""Jobs a second of other queues on the same work, in turns with schedbot.

    bench/peers/install                              # once
    bench/peers/run                                  # 10,000 jobs, three rounds
    bench/peers/run --jobs 2000 --rounds 1           # short form

No-op jobs that wait are drained by the queue's own worker, and the end of each is recorded. Each commit is on the disk:
`synchronous=FULL`, `fsync` and `synchronous_commit`, `appendfsync always`. `bench/peers/programs/` has the settings.
The figures are medians of the rounds.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import queue
from bench.support import plots
from bench.support.ratios import Ratio, show
from tests.support.app import until
from tests.support.reports.postgres_server import find_binary, start_postgres

PROGRAMS = Path(__file__).parent / "programs"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
ENVIRONMENTS = Path(os.environ.get("SCHEDBOT_BENCH_PEERS") or CACHE / "schedbot-bench")
PATIENCE_S = 900


class Peer(NamedTuple):
    """A queue: its package, the program that the server needs, and further words of its program in `programs/`."""

    name: str
    package: str
    server: str
    words: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        """Python of its environment."""
        return ENVIRONMENTS / self.package / "bin" / "python"

    @property
    def missing(self) -> str:
        """Return what is not installed; empty if nothing."""
        if not self.python.exists():
            return f"{self.package} (bench/peers/install)"
        return "" if not self.server or find_binary(self.server) else self.server


PEERS = (
    Peer("huey on SQLite", "huey", ""),
    Peer("PgQueuer on PostgreSQL, batch 10 (its default)", "pgqueuer", "postgres"),
    Peer("PgQueuer on PostgreSQL, batch 100", "pgqueuer", "postgres", ("100",)),
    Peer("dramatiq on Redis", "dramatiq", "redis-server"),
)


@contextmanager
def start_redis(folder: Path) -> Iterator[str]:
    """Run a server that writes each commit to the disk, and yield its socket."""
    place = str(folder / "redis.sock")
    options = ("--port", "0", "--unixsocket", place, "--dir", str(folder), "--save", "")
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    server = subprocess.Popen(["redis-server", *options, *durable], stdout=subprocess.DEVNULL)
    try:
        until(lambda: Path(place).exists())
        yield place
    finally:
        server.terminate()
        server.wait(20)


class Bench:
    """The peers, their servers and the rates of their rounds."""

    def __init__(self, jobs: int, peers: list[Peer], stack: ExitStack) -> None:
        self.jobs, self.peers = jobs, peers
        self.rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
        self.notes: dict[str, str] = {}
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.places = {"": str(self.folder)}
        servers = {peer.server for peer in peers}
        if "postgres" in servers:
            self.places["postgres"] = stack.enter_context(start_postgres(fsync=True))
        if "redis-server" in servers:
            self.places["redis-server"] = stack.enter_context(start_redis(self.folder))

    def run_peer(self, peer: Peer) -> None:
        """Drain the jobs by a peer, and keep its rate."""
        program = PROGRAMS / f"{peer.package}_drain.py"
        command = [str(peer.python), str(program), str(self.jobs), self.places[peer.server], *peer.words]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S).stdout
        result = json.loads(output.splitlines()[-1])
        self.rates[peer.name].append(self.jobs / result["seconds"])
        self.notes[peer.name] = f"{peer.package} {result['version']}, {result['durability']}"
        for file in self.folder.glob("*.db*"):
            file.unlink()

    def run_round(self) -> None:
        """Drain the jobs by each peer, and by schedbot."""
        for peer in self.peers:
            self.run_peer(peer)
        self.rates.setdefault("schedbot", []).append(queue.measure_pool(self.jobs).rate)


def main() -> None:
    """Run the rounds and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    options = parser.parse_args()
    for peer in PEERS:
        if peer.missing:
            print(f"{peer.name}: left out, not installed: {peer.missing}")
    peers = [peer for peer in PEERS if not peer.missing]
    if not peers:
        return
    with ExitStack() as stack:
        bench = Bench(options.jobs, peers, stack)
        for _ in range(options.rounds):
            bench.run_round()
    rates = {name: median(of_rounds) for name, of_rounds in bench.rates.items()}
    for name, rate in rates.items():
        print(f"{name:<48} {rate:8.0f} jobs/s   {bench.notes.get(name, '')}".rstrip())
    own = rates.pop("schedbot")
    show([Ratio(f"peers: schedbot / {name}", own / rate, "at least 2") for name, rate in rates.items()])
    if options.plot:
        plots.draw_bars(options.plot, "jobs a second", {"schedbot": own, **rates})


if __name__ == "__main__":
    main()
