"""Drain of no-op messages by dramatiq's own workers on Redis.

    python dramatiq_drain.py JOBS SOCKET

The workers have their default settings: a process for each core, eight threads in each. A result is stored for each
message. It prints a line of JSON: version, durability and seconds from the first stored result to the last.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

SOCKET = "BENCH_REDIS_SOCKET"
POLL_S = 0.01
if __name__ == "__main__":
    os.environ[SOCKET] = sys.argv[2]
url = f"unix://{os.environ[SOCKET]}"
broker = RedisBroker(url=url)
backend = RedisBackend(url=url)
broker.add_middleware(Results(backend=backend, store_results=True))
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="default")
def do_nothing(number: int) -> int:
    """Do nothing."""
    return number


def wait_for_keys(count: int) -> float:
    """Wait until Redis has so many keys; each result is one. Returns the instant."""
    while broker.client.dbsize() < count:
        time.sleep(POLL_S)
    return time.monotonic()


def count_results() -> int:
    """Return the number of stored results. Their keys are hashes, and those of the queue begin with a name."""
    return sum(not key.startswith(b"dramatiq:") for key in broker.client.scan_iter(count=10_000))


def main() -> None:
    """Enqueue, run the workers and print."""
    jobs, module = int(sys.argv[1]), Path(__file__)
    for number in range(jobs):
        broker.enqueue(do_nothing.message(number))
    workers = subprocess.Popen(
        [sys.executable, "-m", "dramatiq", module.stem, "--path", str(module.parent)],
        env={**os.environ, SOCKET: sys.argv[2]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    others = broker.client.dbsize()
    first = wait_for_keys(others + 20)
    ended = count_results()
    last = wait_for_keys(jobs)
    workers.terminate()
    workers.wait()
    assert count_results() == jobs, count_results()
    durability = ", ".join(f"{name}={broker.client.config_get(name)[name]}" for name in ("appendonly", "appendfsync"))
    seconds = (last - first) * jobs / (jobs - ended)
    print(json.dumps({"version": dramatiq.__version__, "durability": durability, "seconds": seconds}))
    broker.client.flushall()


if __name__ == "__main__":
    main()
