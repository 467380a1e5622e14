"""Posts a second of a pool, compared with the number in flight and with schedbot's Slack client alone.

    python -m bench.posts                              # 10,000 posts, three rounds
    python -m bench.posts --posts 1000 --rounds 1      # short form

The posts are due at one instant, in 50 workspaces, each to a channel of its own; default settings. First the server
answers each post in 200 ms: then 100 posts in flight in each process allow so many posts a second. Then it answers at
once. In each round the client alone and a pool post in turns; the figures are medians of the rounds. The time counts
from the instant to the last arrival. `bench/support/bursts.py` says what the client alone does.
"""

import argparse
from statistics import median
from typing import NamedTuple

from bench.support.bursts import IN_FLIGHT, PROCESSES, Burst, measure_client, measure_pool
from bench.support.post_server import PostServer
from bench.support.ratios import Ratio, show

WORKSPACES = 50
ANSWER_S = 0.2


class BurstCost(NamedTuple):
    """Seconds from the instant to the last arrival; processor time of each post in microseconds."""

    seconds: float
    client_us: float
    parent_us: float
    children_us: float


def compute_cost(burst: Burst) -> BurstCost:
    """Return the time of a burst, and the processor time of each post."""
    posts = len(burst.late_ms)
    of_pool = (burst.times.parent_s, burst.times.children_s) if burst.times else (0, 0)
    cpu = (seconds / posts * 1e6 for seconds in (burst.client_s, *of_pool))
    return BurstCost(burst.late_ms[-1] / 1000, *cpu)


def compare(posts: int, rounds: int, answer_s: float) -> tuple[float, float]:
    """Print the figures. Return the seconds of the client alone and of the pool."""
    bursts = list[tuple[Burst, Burst]]()
    with PostServer(answer_s) as server:
        for _ in range(rounds):
            bursts.append((measure_client(server, posts), measure_pool(server, posts, WORKSPACES)))
    alone, own = (
        BurstCost(*map(median, zip(*map(compute_cost, of_rounds), strict=True)))
        for of_rounds in zip(*bursts, strict=True)
    )
    server_us = median(burst.arrivals.cpu_us for pair in bursts for burst in pair)
    print(f"\n{posts:,} posts, answered in {answer_s * 1000:.0f} ms. The server's cpu a post: {server_us:.0f} µs")
    show_row("client alone", posts, alone.seconds, f"   cpu a post: {alone.client_us:.0f} µs")
    cpu = f"   cpu a post: parent {own.parent_us:.0f} µs, children {own.children_us:.0f} µs"
    show_row("schedbot", posts, own.seconds, cpu)
    print(f"the parent's main thread, last round: {bursts[-1][1].times}")
    return alone.seconds, own.seconds


def show_row(name: str, posts: int, seconds: float, cpu: str = "") -> None:
    """Print the time of a burst."""
    print(f"{name:<22} {seconds:7.2f} s {posts / seconds:8.0f} posts/s{cpu}", flush=True)


def main() -> None:
    """Measure both and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    posts = options.posts
    # The last post arrives when all others before the last round of posts in flight are answered.
    allowed = (posts / (PROCESSES * IN_FLIGHT) - 1) * ANSWER_S
    alone, own = compare(posts, options.rounds, ANSWER_S)
    show_row("in flight allows", posts, allowed)
    alone_at_once, own_at_once = compare(posts, options.rounds, 0)
    show(
        [
            Ratio("posts: time with answers in 200 ms, schedbot / in flight allows", own / allowed, "at most 1.10"),
            Ratio("posts: the same, schedbot / client alone", own / alone),
            Ratio(
                "posts: rate with answers at once, schedbot / client alone",
                alone_at_once / own_at_once,
                "at least 0.85",
            ),
        ]
    )


if __name__ == "__main__":
    main()
