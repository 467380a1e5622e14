"""Many drawn questions to the product, the oracle and cronsim: `python -m bench.recurrence_agreement [N] [SEED]`.

Each question is an expression, a zone and a start; each answer the next 60 instants. Ends with code 1 if the product
differs from the oracle anywhere, or from cronsim where cronsim has no known fault.
"""

import sys
import time
from collections import Counter
from itertools import islice
from multiprocessing import Pool
from random import Random

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support import cron_oracle, cronsim_faults
from tests.support.random_cron import DAY, HOUR, CronCase, clock_change_hours, draw_case

FIRES = 60
LONGEST = 150 * DAY
BLOCK = 25


def compare(seed: str) -> Counter[str]:
    """Ask a block of questions and count the outcomes by name."""
    times.zone_data_version()
    random, counted = Random(seed), Counter[str]()
    for _ in range(BLOCK):
        asked = draw_case(random)
        expected = list(islice(cron_oracle.fire_times(*asked, asked.start + LONGEST), FIRES))
        if len(expected) < FIRES:
            counted["drawn, but with fewer than 60 instants in 150 days"] += 1
            continue
        counted["compared with the oracle"] += 1
        counted["... across a clock change"] += any(
            asked.start < at + HOUR < expected[-1] for at in clock_change_hours(asked.zone)
        )
        if ours(asked) != expected:
            counted["... DIFFERENT"] += 1
            print("differs from the oracle:", asked, flush=True)
        counted.update(beside_cronsim(asked, expected))
    return counted


def beside_cronsim(asked: CronCase, expected: list[int]) -> Counter[str]:
    fault = cronsim_faults.known_fault(asked, expected[-1])
    if cronsim_faults.fire_times(asked, FIRES) == expected:
        return Counter({"same as cronsim": 1})
    if fault is None:
        print("differs from cronsim:", asked, flush=True)
    return Counter({f"cronsim differs: {fault or 'UNKNOWN'}": 1})


def ours(asked: CronCase) -> list[int]:
    start = asked.start * 1000
    fires = recurrence.between(Recurrence(asked.zone, asked.cron), start, start + 2 * LONGEST * 1000)
    return [fire // 1000 for fire in islice(fires, FIRES)]


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    began, total = time.monotonic(), Counter[str]()
    with Pool(2) as pool:
        for counted in pool.imap_unordered(compare, (f"{seed}/{n}" for n in range(-(-count // BLOCK)))):
            total.update(counted)
    for name, number in sorted(total.items()):
        print(f"{number:8,}  {name}")
    print(f"{time.monotonic() - began:8.0f}  seconds, zone data {' of the '.join(times.zone_data_version())}")
    return 1 if total["... DIFFERENT"] or total["cronsim differs: UNKNOWN"] else 0


if __name__ == "__main__":
    sys.exit(main())
