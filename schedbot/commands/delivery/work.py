"""`schedbot work`: post the jobs that are due."""

from dataclasses import replace
from typing import Annotated

import typer

from schedbot import errors, log
from schedbot.errors import SchedbotError
from schedbot.model import JobState
from schedbot.presentation import terminal
from schedbot.session import Session, open_session
from schedbot.store.operations import drain as drain_state
from schedbot.store.schedules import user_zones

FOLLOW_MS = 5_000  # what is due waits for it
WAITING = (JobState.QUEUED, JobState.UNKNOWN)


def run(
    drain: Annotated[bool, typer.Option("--drain", help="End when nothing is due.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Children (default: SCHEDBOT_PROCESSES, else the number of cores)."),
    ] = None,
    in_flight: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Posts at once in each child (default: SCHEDBOT_IN_FLIGHT, else 100)."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and errors only.")] = False,
) -> None:
    """Post the jobs that are due, each at its instant, until it is stopped.

    SIGTERM or Ctrl-C: what is in flight is finished, what has not left is given back; it ends within the request's
    time-out (30s) and 5 s. A second one ends it at once; nothing is lost by that. With --drain it ends when nothing
    is due but what another pool has in hand, with exit code 3 if something waits for a person and 1 if Slack does
    not answer at all.

    Example:  schedbot work --drain
    """
    from schedbot.worker.pool import Pool

    log.quiet = quiet
    with open_session() as session:
        settings = session.settings
        settings = replace(
            settings, processes=processes or settings.processes, in_flight=in_flight or settings.in_flight
        )
        session = replace(session, settings=settings)
        if user_zones.anybody_to_ask(session.db, session.now()):
            from schedbot.admin.schedules import refresh_user_zones

            refresh_user_zones.try_refresh(session, "work", FOLLOW_MS)
        pool = Pool(session, drain=drain)
        tally = pool.run()
        if not quiet:
            terminal.note(sentence(tally))
        if drain and pool.in_flight.breaker.has_seen_outage:
            raise SchedbotError("Slack does not answer: what is due waits.", "The next 'schedbot work' tries again.")
        if drain:
            raise typer.Exit(waits_count_for_person(session))


def sentence(tally: dict[str, int]) -> str:
    """`Ended 2 jobs: 2 succeeded. 5 tries left their jobs waiting: 5 queued.`"""
    if not tally:
        return "Nothing was due."
    ended = {state: count for state, count in tally.items() if state not in WAITING}
    told = f"Ended {counted(ended, 'job', 'jobs') if ended else 'no job.'}"
    if waiting := {state: count for state, count in tally.items() if state in WAITING}:
        told += f" {counted(waiting, 'try left its job waiting', 'tries left their jobs waiting')}"
    return told


def counted(tally: dict[str, int], one: str, many: str) -> str:
    """How many there are, and of them in each state."""
    each = ", ".join(f"{count} {state}" for state, count in sorted(tally.items()))
    total = sum(tally.values())
    return f"{total:,} {one if total == 1 else many}: {each}."


def waits_count_for_person(session: Session) -> int:
    """The exit code: 3 if a job is held or a paused workspace has jobs that wait."""
    held, paused = drain_state.count_for_person(session.db)
    if held:
        terminal.note(f"{held} held: 'schedbot audit --state held' shows them.")
    if paused:
        told = "1 paused workspace has" if paused == 1 else f"{paused} paused workspaces have"
        terminal.note(f"{told} jobs that wait: 'schedbot workspace list' shows why.")
    return errors.NEEDS_PERSON if held or paused else errors.DONE
