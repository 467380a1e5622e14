"""`schedbot audit`: what was due, what was posted, and what failed why."""

from typing import Annotated

import typer

from schedbot.admin.jobs import filters, next_steps
from schedbot.admin.jobs import mark_posted as marking
from schedbot.commands import filter_options as options
from schedbot.errors import BadInput
from schedbot.presentation import jobs as telling
from schedbot.presentation import terminal
from schedbot.session import Session, open_session
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import outage

SHOWN = 50


def run(
    job: Annotated[int | None, typer.Argument(metavar="JOB", help="One job's whole story.")] = None,
    schedule: options.Schedules = None,
    account: options.Accounts = None,
    workspace: options.Workspaces = None,
    channel: options.Channels = None,
    state: options.States = None,
    error: options.Errors = None,
    since: options.Since = "",
    until: options.Until = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="The newest N jobs. 50 in the table; --json and --csv show all.")
    ] = None,
    mark_posted: Annotated[
        str, typer.Option("--mark-posted", metavar="TS", help="The held or unknown JOB is there: its ts, or its link.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a job, the oldest first.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV, the oldest first.")] = False,
) -> None:
    """Show what was due, what was posted where and how late, and what failed why.

    The table shows the newest first, with the wall clock of each schedule's zone; removed schedules are found by name.
    States: queued running succeeded failed unknown held missed skipped cancelled. What was missed among many has no
    number ('-', in JSON null) until 'retry --stale' sends it.

    Example:  schedbot audit --since 2d --state failed,held
    """
    words = filters.Words(
        schedule=schedule or (),
        account=account or (),
        workspace=workspace or (),
        channel=channel or (),
        state=state or (),
        error=error or (),
        since=since,
        until=until,
    )
    refuse_mixtures(job, words != filters.Words(), mark_posted, json and csv)
    with open_session() as session:
        if job is None:
            show(session, filters.chosen(session, words), limit, json, csv)
            return
        if mark_posted:
            marked = marking.mark_posted(session, job, mark_posted)
            if doubt := marking.doubt(marked, session.now()):
                terminal.note(f"Note: {doubt}")
        tell(session, job, json, csv)


def refuse_mixtures(job: int | None, filtered: bool, mark_posted: str, both: bool) -> None:
    if both:
        raise BadInput("--json and --csv do not go together.", "Say one of them.")
    if job is None and mark_posted:
        raise BadInput("--mark-posted is about one job.", f"schedbot audit JOB --mark-posted {mark_posted}")
    if job is not None and filtered:
        raise BadInput(f"Job {job} and filters do not go together.", "Say the job's number alone, or filters alone.")


def show(session: Session, chosen: Filter, limit: int | None, json: bool, csv: bool) -> None:
    """The jobs of a filter: as a table the newest, for programs all of them as a stream."""
    if not (json or csv):
        table(session, chosen, limit or SHOWN)
        return
    found = reversed(jobs.newest(session.db, chosen, limit)) if limit else jobs.every(session.db, chosen)
    objects = (telling.as_object(one) for one in found)
    if json:
        terminal.json_lines(objects)
    else:
        terminal.csv_rows(telling.KEYS, objects)


def table(session: Session, chosen: Filter, limit: int) -> None:
    # One more than is shown, to know whether there are more.
    found = jobs.newest(session.db, chosen, limit + 1)
    telling.table(found[:limit], session.now())
    if len(found) > limit:
        terminal.note(f"The newest {limit} are shown: --limit N, --since and the other filters show others.")


def tell(session: Session, number: int, json: bool, csv: bool) -> None:
    """One job: its story, or its object with the story in it."""
    from schedbot.admin.jobs import timeline

    job = marking.known(session, number)
    entries = timeline.told(session, job)
    if json:
        terminal.json_lines([{**telling.as_object(job), "story": [telling.entry(one) for one in entries]}])
    elif csv:
        terminal.csv_rows(telling.KEYS, [telling.as_object(job)])
    else:
        now = session.now()
        stands = next_steps.standing(job, now, outage.count_failures(session.db, now))
        telling.time_line(job, entries, stands, now)
