"""A year of schedules in which much goes wrong: outages, edits, pauses, clock changes of zones and of the machine."""

import random
from contextlib import suppress
from dataclasses import dataclass

from schedbot.admin.schedules import pause_all
from schedbot.errors import SchedbotError
from tests.support.schedules import Schedules, clock, ms

HOUR = 3_600_000
ACTIONS = ("edit", "until", "pause", "timed", "resume", "all", "all_timed", "resume_all", "skip", "add", "remove")


def act(schedules: Schedules, action: str, chance: random.Random) -> None:
    """Carry out one change of a schedule, as far as there is one in the right state."""
    later = clock(ms(schedules.utc) + chance.randrange(1, 40) * HOUR)
    match action:
        case "edit":
            schedules.edit("a", cron=chance.choice(["0 * * * *", "*/20 * * * *", "7 */3 * * *", "0 9 * * 1-5"]))
        case "until":
            schedules.edit("a", until=chance.choice([later, ""]))
        case "pause" | "timed":
            schedules.pause("*", until=later if action == "timed" else "")
        case "resume":
            schedules.resume("*")
        case "all" | "all_timed":
            pause_all.pause(schedules.session, "moving", f"{later}Z" if action == "all_timed" else "")
        case "resume_all":
            pause_all.resume(schedules.session)
        case "skip":
            schedules.skip_next("a")
        case "remove":
            schedules.remove("b")
        case "add":
            schedules.add("b", cron="10,40 * * * *", tz="Europe/Berlin", misfire="all")


@dataclass(slots=True)
class YearCounts:
    """Numbers of what happened: ticks, outages of more than an hour, changes, and clocks that were ahead."""

    ticks: int = 0
    outages: int = 0
    changes: int = 0
    wrong_clocks: int = 0


def live_through_year(schedules: Schedules, seed: int) -> YearCounts:
    """Run the ticks and changes of a year. The seed decides when and which."""
    chance, counts = random.Random(seed), YearCounts()
    now = ms("2026-03-01 00:00:07")
    schedules.utc = clock(now)
    schedules.add("a", cron="0 * * * *", tz="America/New_York", misfire=chance.choice(["all", "latest", "skip"]))
    while now < ms("2027-03-01 00:00:00"):
        step = chance.choice([20 * 60_000, 5 * HOUR, 90 * HOUR, 20 * 24 * HOUR])
        now += step
        ahead = chance.choice([0] * 8 + [30 * HOUR])
        schedules.tick(to_second(now + ahead))
        if chance.random() < 0.7:
            with suppress(SchedbotError):  # not every change fits every state
                act(schedules, chance.choice(ACTIONS), chance)
                counts.changes += 1
        if ahead:
            schedules.tick(to_second(now))
        counts.ticks += 2 if ahead else 1
        counts.outages += step > HOUR
        counts.wrong_clocks += ahead > 0
    return counts


def to_second(instant: int) -> str:
    return f"{clock(instant)}:{instant // 1000 % 60:02d}"
