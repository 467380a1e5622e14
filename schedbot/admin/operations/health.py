"""Do posts go out? Judged by the signs of life and the age of what is due, never by what a pool says of itself.

Rule: `failed` where nothing goes out, `degraded` where something does not or waits for a person, else `ok`.
"""

import shlex
from dataclasses import dataclass
from typing import Any

from schedbot import __version__, times
from schedbot.errors import DONE, FAILED, NEEDS_PERSON
from schedbot.slack.remedies import describe_reason
from schedbot.store.jobs.outage import OUTAGE_FAILURES
from schedbot.store.operations.health import Vitals

# cron starts a tick each minute: two and a half are one missed, and one that is late.
TICK_LATE_MS = 150_000
# 'work --drain' from cron comes once a minute too.
DUE_LATE_MS = 120_000
DUE_STUCK_MS = 900_000
OK, DEGRADED, BROKEN = "ok", "degraded", "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: is all at a stand, or does it wait for a person?"""

    sentence: str
    is_stand_still: bool = False
    is_for_a_person: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """The vitals and what they mean."""

    vitals: Vitals
    problems: list[Problem]

    @property
    def status(self) -> str:
        """`ok`, `degraded` or `failed`."""
        if any(problem.is_stand_still for problem in self.problems):
            return BROKEN
        return DEGRADED if self.problems else OK

    @property
    def code(self) -> int:
        """The exit code."""
        if self.status == OK:
            return DONE
        for_a_person = any(problem.is_for_a_person for problem in self.problems)
        return NEEDS_PERSON if self.status == DEGRADED and for_a_person else FAILED


def judged(seen: Vitals) -> Health:
    """What the vitals mean. Pure."""
    return Health(seen, [*ticks(seen), *posts(seen), *versions(seen), *for_people(seen)])


def ticks(seen: Vitals) -> list[Problem]:
    """Are due schedules turned into jobs?"""
    if not seen.is_used:
        return []
    hint = "Put 'schedbot tick' into the crontab, once a minute."
    if seen.tick_at is None:
        return [Problem(f"No tick has ever run: nothing comes due. {hint}", is_stand_still=True)]
    age_ms = seen.now - seen.tick_at
    if age_ms > TICK_LATE_MS:
        told = times.format_duration(age_ms)
        return [Problem(f"No tick has run for {told}: nothing comes due. See that cron runs. {hint}", True)]
    if seen.unticked_at is not None and seen.now - seen.unticked_at > TICK_LATE_MS:
        told = times.format_duration(seen.now - seen.unticked_at)
        return [Problem(f"Ticks run and do not finish: they are {told} behind. See what 'schedbot tick' says.", True)]
    return []


def posts(seen: Vitals) -> list[Problem]:
    """Is what is due posted?"""
    problems = []
    late_ms = oldest_due_ms(seen)
    if late_ms > DUE_LATE_MS:
        told = f"A job that is due has waited for {times.format_duration(late_ms)}"
        if seen.pools == 0:
            problems.append(Problem(f"{told}, and no pool runs. Start 'schedbot work'.", is_stand_still=True))
        else:
            pools = counted(seen.pools, "pool runs", "pools run")
            see = "'schedbot audit --state queued' shows what waits; see what 'schedbot work' logs, or start it again."
            problems.append(Problem(f"{told}, though {pools}. {see}", late_ms > DUE_STUCK_MS))
    if seen.silences >= OUTAGE_FAILURES and (seen.queued or seen.is_unsettled):
        told = f"Slack has not answered the last {seen.silences} posts"
        problems.append(Problem(f"{told}: what is due waits, and a post is tried again by itself."))
    if seen.failed_24h:
        told = counted(seen.failed_24h, "job failed", "jobs failed")
        see = "'schedbot audit --state failed' says why, 'schedbot retry --state failed' sends again."
        problems.append(Problem(f"{told} in the last 24 hours. {see}"))
    return problems


def versions(seen: Vitals) -> list[Problem]:
    """Does a pool run that was started before an upgrade?"""
    return [Problem(f"{another(name, program)} Restart 'schedbot work'.") for name, program in seen.other_programs]


def another(pool: str, program: str) -> str:
    """A pool of another version, named with both."""
    return f"The pool '{pool}' is schedbot {program}, this is {__version__}."


def for_people(seen: Vitals) -> list[Problem]:
    """What waits for a person?"""
    problems = [Problem(paused(name, reason), is_for_a_person=True) for name, reason in seen.paused]
    if seen.held:
        told = counted(seen.held, "job is held, and may have been posted", "jobs are held, and may have been posted")
        see = "'schedbot audit --state held' shows which, 'schedbot audit JOB' how to settle it."
        problems.append(Problem(f"{told}. {see}", is_for_a_person=True))
    if seen.suspended:
        told = counted(seen.suspended, "schedule is suspended", "schedules are suspended")
        see = "'schedbot list --state suspended' shows which, 'schedbot why NAME' what helps."
        problems.append(Problem(f"{told}. {see}", is_for_a_person=True))
    return problems


def paused(name: str, reason: str) -> str:
    """Why a workspace is paused and what ends that: a token that Slack refused must be seen to first."""
    resume = f"'schedbot workspace resume {shlex.quote(name)}'"
    told = f"The workspace '{name}' is paused: {describe_reason(reason)}."
    if describe_reason(reason) == reason:
        return f"{told} Go on with {resume}."
    return f"{told} See 'schedbot workspace check {shlex.quote(name)}', then {resume}."


def oldest_due_ms(seen: Vitals) -> int:
    """How long the oldest job that is due has waited; 0 when none has."""
    return 0 if seen.oldest_due_at is None else max(0, seen.now - seen.oldest_due_at)


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def as_json(health: Health) -> dict[str, Any]:
    """The object of `health --json`; spans are milliseconds."""
    seen = health.vitals
    return {
        "status": health.status,
        "tick_age_ms": None if seen.tick_at is None else seen.now - seen.tick_at,
        "workers": seen.pools,
        "queued": seen.queued,
        "oldest_due_ms": oldest_due_ms(seen),
        "failed_24h": seen.failed_24h,
        "paused_workspaces": [name for name, _ in seen.paused],
        "problems": [problem.sentence for problem in health.problems],
    }
