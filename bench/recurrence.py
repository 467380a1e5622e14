"""How fast instants are found, beside croniter and cronsim: `python -m bench.recurrence`.

Fires a second: one long row of instants, as a catch-up or a simulation asks for. First fire: from the text to the
first instant, nothing remembered. Next fire: one instant asked for by itself, as a tick does. Then what it costs to
check an expression, whatever is typed.
"""

import random
import string
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.rules.recurrence import cron_syntax, cron_times, utc_offsets

ZONE = "America/New_York"
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
EXPRESSIONS = ["*/5 * * * *", "0 9 * * 1-5", "30 2 * * *", "0 9 1 * *", "0 16 * * L5", "0 0 29 2 *"]
SECONDS = 0.3
FUZZED = 20_000

Start = Callable[[str], Iterator[object]]


def ours(cron: str) -> Iterator[int]:
    start = round(START.timestamp() * 1000)
    return recurrence.between(Recurrence(ZONE, cron), start, start + 100 * 366 * 86_400_000)


def croniters(cron: str) -> Iterator[object]:
    found = croniter(cron, START.astimezone(ZoneInfo(ZONE)), max_years_between_matches=50)
    while True:
        yield found.get_next(datetime)


def cronsims(cron: str) -> Iterator[datetime]:
    return CronSim(cron.replace("L5", "5L"), START.astimezone(ZoneInfo(ZONE)))


def fires_a_second(start: Start, cron: str) -> float:
    """Counted in blocks, so that the clock is not what is measured."""
    fires, count, began = start(cron), 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        found = sum(1 for _ in islice(fires, 20))
        count += found
        if found < 20:
            fires = start(cron)
    return count / (time.perf_counter() - began)


def microseconds(act: Callable[[], object]) -> float:
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        act()
        count += 1
    return (time.perf_counter() - began) / count * 1e6


def forget() -> None:
    """Empty what is remembered between calls, but not the zone's clock changes: a process learns those once."""
    for remembered in (cron_times.parse_cron, cron_times.days_of_month, cron_syntax.normalize):
        remembered.cache_clear()


def first(start: Start, cron: str) -> None:
    forget()
    next(start(cron))


def checks() -> Iterator[tuple[float, str]]:
    """How long each of many expressions takes to be checked, in milliseconds; most of them are garbage."""
    dice = random.Random(1)
    fields = ["*", "*/7", "1-5", "9", "mon", "L5", "1#2", "31", "2", "5/15", "22-2", "R", "?", "9" * 50]
    for _ in range(FUZZED):
        if dice.random() < 0.5:
            typed = " ".join(dice.choices(fields, k=5))
        else:
            typed = "".join(dice.choices(string.printable, k=dice.choice([10, 40, 200, 20_000])))
        began = time.thread_time()  # not what others on the machine do meanwhile
        with suppress(BadInput):
            recurrence.check_cron(typed, "UTC")
        yield (time.thread_time() - began) * 1000, typed[:40]


def main() -> None:
    print(f"{'':14}{'fires a second':^36}{'first fire, µs':^27}{'next fire, µs':>15}")
    print(
        f"{'':14}{'schedbot':>12}{'croniter':>12}{'cronsim':>12}{'schedbot':>9}{'croniter':>9}{'cronsim':>9}{'schedbot':>15}"
    )
    for cron in EXPRESSIONS:
        rates = "".join(f"{fires_a_second(start, cron):12,.0f}" for start in (ours, croniters, cronsims))
        firsts = "".join(
            f"{microseconds(lambda start=start, cron=cron: first(start, cron)):9,.0f}"  # type: ignore[misc]
            for start in (ours, croniters, cronsims)
        )
        asked, after = Recurrence(ZONE, cron), round(START.timestamp() * 1000)
        alone = microseconds(lambda asked=asked, after=after: recurrence.next_after(asked, after))  # type: ignore[misc]
        print(f"{cron:14}{rates}{firsts}{alone:15,.1f}")
    utc_offsets.transitions.cache_clear()
    began = time.perf_counter()
    for year in range(2026, 2036):
        utc_offsets.transitions(ZONE, year)
    print(f"\na zone's clock changes, learnt once: {(time.perf_counter() - began) * 100:.2f} ms a year")
    slowest, typed = max(checks())
    print(f"{FUZZED:,} expressions checked, mostly garbage; the slowest took {slowest:.2f} ms: {typed!r}")


if __name__ == "__main__":
    main()
