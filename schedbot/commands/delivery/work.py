"""`schedbot work`: run a worker pool that posts due jobs."""

import signal
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Annotated

import typer

from schedbot import errors, log
from schedbot.errors import SchedbotError
from schedbot.model import JobState
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.settings import MAX_PROCESSES, Settings
from schedbot.slack.remedies import explain_passing_failure
from schedbot.store.operations import remaining_jobs as drain_state
from schedbot.store.schedules import due_soon

ZONE_REFRESH_MS = 5_000  # due jobs wait for it
# Reasons why the job of an attempt is pending. The pool may end it later in the same run.
PENDING = {
    JobState.QUEUED: "queued again",
    JobState.UNKNOWN: "delivery unknown, checking",
}


def run(
    drain: Annotated[bool, typer.Option("--drain", help="Exit when no job is due.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_PROCESSES,
            help="Child processes. [default: SCHEDBOT_PROCESSES, else the number of cores]",
        ),
    ] = None,
    in_flight: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=10_000,
            help="Posts in flight in each process. [default: SCHEDBOT_IN_FLIGHT, else 100]",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Serve metrics for Prometheus on this port of 127.0.0.1."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Render what is due now; post and write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --dry-run: one JSON object a line.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log only warnings and errors.")] = False,
) -> None:
    """Post due jobs, each on time, until the pool is stopped.

    SIGTERM, Ctrl-C, SIGQUIT or SIGHUP (a terminal that closes) stops the pool: requests in flight are finished, other
    jobs go back to the queue. It exits within the request time-out (30s) plus 5 s. A second signal stops it at once;
    nothing is lost by that. SIGUSR2 takes changed reports: their code, their tables and databases, `python_path`.

    With --drain it exits when no job is due except those of other pools. Exit code 3: a job or workspace waits for a
    person; 1: Slack does not answer, a token cannot be read, or this machine lacks something.

    --dry-run renders what is due now and prints a line for each job: ok, skip, not ready or failed, with the reason. It
    exits with 1 if any failed.

    Example:  schedbot work --drain
    """
    if dry_run:
        run_dry(json)
        return
    from schedbot.worker.log_thread import log_in_background

    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # before the pool is there, nothing has to be reloaded
    from schedbot.worker.pool import Pool
    from schedbot.worker.process_limits import delay_garbage_collection

    log.quiet = quiet
    delay_garbage_collection()
    with open_session() as session:
        settings = session.settings
        settings = replace(
            settings, processes=processes or settings.processes, in_flight=in_flight or settings.in_flight
        )
        session = replace(session, settings=settings)
        with log_in_background(), serve_metrics(settings, metrics_port), watch_for_alerts(settings, drain):
            refresh_zones(session)
            session.db.keep_temporary_in_memory()
            pool = Pool(session, drain=drain)
            tally = pool.run()
        if not quiet:
            output.note(summarize(tally))
        if drain and pool.in_flight.breaker.has_seen_outage:
            raise SchedbotError("Slack does not answer. Due jobs wait.", "The next 'schedbot work' tries them again.")
        if drain and (failures := pool.in_flight.passing.failures):
            failure = next(iter(failures.values()))
            raise SchedbotError(*explain_passing_failure(failure.code, failure.workspace, failure.detail))
        if drain:
            raise typer.Exit(report_waiting(session))


def serve_metrics(settings: Settings, port: int | None) -> AbstractContextManager[None]:
    """Return a context in which the metrics are served, if there is a port. Raises SchedbotError for one in use."""
    if port is None:
        return nullcontext()
    from schedbot.admin.operations.figures import metrics_server

    return metrics_server.serve(settings, port)


def watch_for_alerts(settings: Settings, drain: bool) -> AbstractContextManager[None]:
    """Return a context in which causes of alerts are looked for. A pool that drains leaves that to the tick."""
    if settings.alerts is None or drain:
        return nullcontext()
    from schedbot.admin.operations.alerts import watch

    return watch.watch(settings)


def refresh_zones(session: Session) -> None:
    """Refresh the time zones of Slack users that are due."""
    if due_soon.has_user_zone(session.db, session.now()):
        from schedbot.admin.schedules import refresh_user_zones

        refresh_user_zones.try_refresh(session, "work", ZONE_REFRESH_MS)


def run_dry(json: bool) -> None:
    """Render what is due and print the results. Exits with 1 if any failed."""
    from schedbot.admin.reports.dry_run import DueReports
    from schedbot.presentation import dry_runs

    with open_session() as session:
        failed = dry_runs.print_results(DueReports(session).run(), json=json)
    if failed:
        raise typer.Exit(errors.FAILED)


def summarize(tally: dict[str, int]) -> str:
    """Return `2 jobs ended: 2 succeeded. 1 job is still pending: delivery unknown, checking.`"""
    if not tally:
        return "No job was due."
    ended = {state: count for state, count in sorted(tally.items()) if state not in PENDING}
    states = ", ".join(f"{count:,} {state}" for state, count in ended.items())
    lines = [f"{output.count(sum(ended.values()), 'job')} ended: {states}."] if ended else ["No job ended."]
    for state, reason in PENDING.items():
        if count := tally.get(state):
            lines.append(f"{output.count(count, 'job is', 'jobs are')} still pending: {reason}.")
    return " ".join(lines)


def report_waiting(session: Session) -> int:
    """Print held jobs and paused workspaces with pending jobs. Return the exit code: 3 if there are any, else 0."""
    held, paused = drain_state.count_for_person(session.db)
    if held:
        output.note(f"{output.count(held, 'job is', 'jobs are')} held. See 'schedbot audit --state held'.")
    if paused:
        workspaces = output.count(paused, "paused workspace has", "paused workspaces have")
        output.note(f"{workspaces} pending jobs. See 'schedbot workspace list'.")
    return errors.NEEDS_PERSON if held or paused else errors.DONE
