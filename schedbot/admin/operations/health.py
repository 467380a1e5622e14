"""`health`: are posts going out? Judged by heartbeats and by the age of due jobs.

Status: `failed` if nothing is posted, `degraded` if some posts do not go out or wait for a person, else `ok`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schedbot import __version__, times
from schedbot.errors import DONE, FAILED, NEEDS_PERSON
from schedbot.store.jobs.outage import OUTAGE_FAILURES
from schedbot.store.operations.health import Vitals
from schedbot.store.operations.passing_failures import NO_POSTERS, PassingFailure
from schedbot.store.schedules.pauses_of_all import PauseOfAll

# cron starts a tick each minute: after two and a half, one is missing and one is late.
TICK_LATE_MS = 150_000
# 'work --drain' in a crontab runs once a minute too.
DUE_LATE_MS = 120_000
DUE_STUCK_MS = 900_000
# Grace of waiting jobs, by whether the pause of their workspace stops it.
WAIT = {
    False: "A job that waits longer than its --grace is not posted.",
    True: "Its jobs wait: their --grace counts from the resume.",
}
OK, DEGRADED, BROKEN = "ok", "degraded", "failed"
ADD_TICK = "Add 'schedbot tick' to the crontab, once a minute."


class Problem(NamedTuple):
    """A problem with its remedy. `is_standstill`: nothing is posted; `needs_person`: jobs wait for a person."""

    sentence: str
    is_standstill: bool = False
    needs_person: bool = False
    cause: str = ""  # of an alert


class Health(NamedTuple):
    """Vitals of the installation, and the problems that they show."""

    vitals: Vitals
    problems: list[Problem]

    @property
    def status(self) -> str:
        """`ok`, `degraded` or `failed`."""
        if any(problem.is_standstill for problem in self.problems):
            return BROKEN
        return DEGRADED if self.problems else OK

    @property
    def code(self) -> int:
        """The exit code: of the worst problem."""
        if self.status == OK:
            return DONE
        return NEEDS_PERSON if all(problem.needs_person for problem in self.problems) else FAILED


def assess(vitals: Vitals, expect_pool: bool | None = None, of_machine: Sequence[Problem] = ()) -> Health:
    """Return the health that the vitals show, with problems that were seen on this machine. Pure.

    `expect_pool`: is it a problem if no pool runs? None: it is, once a pool has run as a service.
    """
    problems = [
        *owner_problems(vitals),
        *clock_problems(vitals),
        *of_machine,
        *tick_problems(vitals),
        *(due_problems(vitals) or pool_problems(vitals, expect_pool)),
        *outage_problems(vitals),
        *passing_problems(vitals),
        *failure_problems(vitals),
        *missed_problems(vitals),
        *version_problems(vitals),
        *problems_for_people(vitals),
    ]
    return Health(vitals, problems)


def owner_problems(vitals: Vitals) -> list[Problem]:
    """Return the problem of a copy, which no tick and no pool works with."""
    return [] if vitals.refused is None else [Problem(f"{vitals.refused} {vitals.refused.hint}", is_standstill=True)]


def clock_problems(vitals: Vitals) -> list[Problem]:
    """Return the problem of a clock that was ahead, until the next tick at the right time."""
    if vitals.ahead_at is None:
        return []
    ahead = times.format_duration(vitals.ahead_at - vitals.now)
    sentence = (
        f"A tick, worker pool or command ran {ahead} in the future: the clock of this machine was ahead or is behind."
    )
    steps = "Check the clock with 'timedatectl'. The next 'schedbot tick' puts the schedules right."
    return [Problem(f"{sentence} {steps}", is_standstill=True, cause="clock")]


def tick_problems(vitals: Vitals) -> list[Problem]:
    if not vitals.is_used or (vitals.tick_at is None and vitals.ahead_at is not None):
        return []
    if vitals.tick_at is None:
        return [Problem(f"No tick has ever run, so no job is made. {ADD_TICK}", is_standstill=True, cause="tick")]
    age_ms = vitals.now - vitals.tick_at
    if age_ms > TICK_LATE_MS:
        sentence = f"No tick has run for {times.format_duration(age_ms)}, so no job is made. Check that cron runs."
        return [Problem(f"{sentence} {ADD_TICK}", is_standstill=True, cause="tick")]
    if vitals.unticked_at is not None and vitals.now - vitals.unticked_at > TICK_LATE_MS:
        behind = times.format_duration(vitals.now - vitals.unticked_at)
        sentence = f"Ticks run but do not finish: they are {behind} behind. Run 'schedbot tick' to see the error."
        return [Problem(sentence, is_standstill=True, cause="tick")]
    return []


def due_problems(vitals: Vitals) -> list[Problem]:
    late_ms = oldest_due_ms(vitals)
    if late_ms <= DUE_LATE_MS:
        return []
    sentence = f"A due job has waited for {times.format_duration(late_ms)}"
    if vitals.pools == 0:
        return [
            Problem(
                f"{sentence}, and no worker pool is running. Start 'schedbot work'.", is_standstill=True, cause="pool"
            )
        ]
    pools = count(vitals.pools, "worker pool is", "worker pools are")
    steps = "'schedbot audit --state queued' lists waiting jobs. Read the log of 'schedbot work', or restart it."
    return [
        Problem(f"{sentence}, although {pools} running. {steps}", is_standstill=late_ms > DUE_STUCK_MS, cause="pool")
    ]


def pool_problems(vitals: Vitals, expect_pool: bool | None) -> list[Problem]:
    """Return the problem of a pool that is expected and does not run. A restart within DUE_LATE_MS is none."""
    is_expected = vitals.service_at is not None if expect_pool is None else expect_pool
    if vitals.pools or not is_expected or not (vitals.is_used or vitals.queued):
        return []
    if vitals.service_at is not None and vitals.now - vitals.service_at <= DUE_LATE_MS:
        return []
    last = (
        ""
        if vitals.service_at is None
        else f": the last one ended {times.format_relative(vitals.service_at, vitals.now)}"
    )
    steps = "Start 'schedbot work'. If cron runs 'schedbot work --drain', set expect_pool = false below [health]."
    return [Problem(f"No worker pool is running{last}. {steps}", is_standstill=True, cause="pool")]


def outage_problems(vitals: Vitals) -> list[Problem]:
    if vitals.unanswered_posts < OUTAGE_FAILURES or not (vitals.queued or vitals.has_unknown):
        return []
    sentence = f"Slack has not answered the last {vitals.unanswered_posts} posts."
    return [Problem(f"{sentence} Due jobs wait and are tried again automatically.", cause="slack")]


def passing_problems(vitals: Vitals) -> list[Problem]:
    """Return a problem for each failure of the machine, or of a token source, that may pass by itself."""
    return [passing_problem(failure, vitals.now) for failure in vitals.passing]


def passing_problem(failure: PassingFailure, now: int) -> Problem:
    """Return the problem with its age and remedy."""
    from schedbot.slack.remedies import explain_passing_failure

    sentence, remedy = explain_passing_failure(failure.code, failure.workspace, failure.detail)
    age = times.format_duration(max(0, now - failure.since))
    return Problem(f"{sentence} (for {age}) {remedy}", is_standstill=failure.code == NO_POSTERS)


def failure_problems(vitals: Vitals) -> list[Problem]:
    if not vitals.failed_24h:
        return []
    jobs = count(vitals.failed_24h, "job", "jobs")
    steps = "'schedbot audit --state failed' shows why; 'schedbot retry --state failed' sends them again,"
    steps += f" with --stale also those past their grace; {acknowledge('failed')}."
    return [Problem(f"{jobs} failed in the last 24 hours. {steps}")]


def missed_problems(vitals: Vitals) -> list[Problem]:
    """Return the problem of occurrences that were not posted because no tick or pool ran in time."""
    if not vitals.missed_24h:
        return []
    missed = count(vitals.missed_24h, "occurrence was", "occurrences were")
    accounts = count(vitals.accounts_without_post, "account", "accounts")
    silent = f" {accounts} got no post at all." if vitals.accounts_without_post else ""
    posts = []
    if vitals.missed_24h > vitals.missed_in_spans_24h:
        posts.append("'schedbot retry --state missed --stale --since 1d' posts them")
    if vitals.missed_in_spans_24h:
        posts.append("'schedbot backfill NAME --from WHEN --to WHEN' posts those in one row")
    steps = "; ".join(["'schedbot audit --state missed --since 1d' lists them", *posts, acknowledge("missed")])
    return [Problem(f"{missed} missed in the last 24 hours.{silent} {steps}.")]


def acknowledge(state: str) -> str:
    """Return the advice that takes failures of a state out of `health`."""
    return f"'schedbot audit --state {state} --since 1d --acknowledge' takes them out of this report"


def version_problems(vitals: Vitals) -> list[Problem]:
    """Return a problem for each pool that was started before an upgrade."""
    return [
        Problem(f"{version_mismatch(pool.name, pool.program)} Restart 'schedbot work'.") for pool in vitals.other_pools
    ]


def version_mismatch(pool: str, program: str) -> str:
    return f"Worker pool '{pool}' runs schedbot {program}; this is {__version__}."


def problems_for_people(vitals: Vitals) -> list[Problem]:
    paused = [f"{paused_workspace(each.name, each.reason)} {WAIT[each.stops_grace]}" for each in vitals.paused]
    if vitals.pause_of_all:
        paused.insert(0, pause_of_all(vitals.pause_of_all))
    problems = [Problem(sentence, needs_person=True) for sentence in paused]
    if vitals.held:
        jobs = count(vitals.held, "job is held: it", "jobs are held: they")
        steps = "'schedbot audit --state held' lists them; 'schedbot audit JOB' shows how to settle one."
        problems.append(Problem(f"{jobs} may have been posted. {steps}", needs_person=True))
    if vitals.suspended:
        schedules = count(vitals.suspended, "schedule is", "schedules are")
        steps = "'schedbot list --state suspended' lists them; 'schedbot why NAME' shows the remedy."
        problems.append(Problem(f"{schedules} suspended. {steps}", needs_person=True))
    return problems


def pause_of_all(pause: PauseOfAll) -> str:
    """Return person, reason and end of a pause of all posts, and how to end it."""
    end = pause.paused_until
    until = "" if end is None else f" until {times.format_instant(end, times.local_zone())}"
    return f"All posts are paused{until} ({pause.paused_by}): {pause.reason}. 'schedbot resume --all' ends the pause."


def paused_workspace(name: str, reason: str) -> str:
    """Return reason and remedy. A token that Slack refused must be checked before the workspace is resumed."""
    import shlex

    from schedbot.slack.remedies import describe_reason

    resume = f"'schedbot workspace resume {shlex.quote(name)}'"
    sentence = f"Workspace '{name}' is paused: {describe_reason(reason)}."
    if describe_reason(reason) == reason:
        return f"{sentence} Resume it with {resume}."
    return f"{sentence} Check it with 'schedbot workspace check {shlex.quote(name)}', then resume it with {resume}."


def oldest_due_ms(vitals: Vitals) -> int:
    """Return how long the oldest due job has waited; 0 without such a job."""
    return 0 if vitals.oldest_due_at is None else max(0, vitals.now - vitals.oldest_due_at)


def count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


def to_json(health: Health) -> dict[str, Any]:
    """Return the object of `health --json`; durations are milliseconds."""
    vitals = health.vitals
    return {
        "status": health.status,
        "tick_age_ms": None if vitals.tick_at is None else vitals.now - vitals.tick_at,
        "workers": vitals.pools,
        "queued": vitals.queued,
        "oldest_due_ms": oldest_due_ms(vitals),
        "failed_24h": vitals.failed_24h,
        "paused_workspaces": [workspace.name for workspace in vitals.paused],
        "problems": [problem.sentence for problem in health.problems],
    }
