"""Lateness of posts that are due at one instant, compared with a burst of schedbot's Slack client alone.

    python -m bench.lateness                                  # 1,000 posts and 100 posts, three rounds
    python -m bench.lateness --rounds 1                       # short form

Default settings, a channel for each post. The server answers each post in 20 ms. In each round the client alone and a
pool post in turns; the figures are medians of the rounds. `bench/support/bursts.py` says what the client alone does.
"""

import argparse
from statistics import median
from typing import NamedTuple

from bench.support.bursts import Burst, measure_client, measure_pool
from bench.support.post_server import PostServer
from bench.support.ratios import Ratio, show

ANSWER_S = 0.02


class Lateness(NamedTuple):
    """Lateness of the posts of one burst at the server, in milliseconds."""

    first: float
    p50: float
    p99: float


def find_lateness(burst: Burst) -> Lateness:
    """Return the lateness of the posts of a burst."""
    late = burst.late_ms
    return Lateness(late[0], late[len(late) // 2], late[len(late) * 99 // 100])


def compare(posts: int, rounds: int) -> list[Ratio]:
    """Print the lateness of both, and return the ratios."""
    rows: dict[str, list[Lateness]] = {"client alone": [], "schedbot": []}
    with PostServer(ANSWER_S) as server:
        for _ in range(rounds):
            rows["client alone"].append(find_lateness(measure_client(server, posts)))
            rows["schedbot"].append(find_lateness(measure_pool(server, posts)))
    medians = {name: Lateness(*map(median, zip(*of_rounds, strict=True))) for name, of_rounds in rows.items()}
    for name, (first, p50, p99) in medians.items():
        print(f"{posts:>6} posts  {name:<14} first {first:7.1f} ms   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms", flush=True)
    own, alone = medians["schedbot"], medians["client alone"]
    if posts <= 100:
        return [Ratio(f"lateness: p99 of {posts}", own.p99, "under 50 ms", "ms")]
    return [
        Ratio(f"lateness: first of {posts:,}", own.first, "under 5 ms", "ms"),
        Ratio(f"lateness: p50 of {posts:,}, schedbot / client alone", own.p50 / alone.p50, "at most 1.3"),
        Ratio(f"lateness: p99 of {posts:,}, schedbot / client alone", own.p99 / alone.p99, "at most 1.3"),
    ]


def main() -> None:
    """Measure both and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000, 100])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    show([ratio for posts in options.posts for ratio in compare(posts, options.rounds)])


if __name__ == "__main__":
    main()
