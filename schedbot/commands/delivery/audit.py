"""`schedbot audit`: jobs, when they were due, where they were posted and why they failed."""

from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.jobs import filters, job_object, job_summary
from schedbot.admin.jobs.circumstances import read_circumstances
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.admin.listings import list_jobs
from schedbot.commands import job_filter_options as options
from schedbot.errors import BadInput
from schedbot.presentation import jobs as presentation
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter

TABLE_ROWS = 50


def run(
    job: Annotated[int | None, typer.Argument(metavar="JOB", help="Show the time line of this job.")] = None,
    schedule: options.Schedules = None,
    account: options.Accounts = None,
    workspace: options.Workspaces = None,
    channel: options.Channels = None,
    state: options.States = None,
    error: options.Errors = None,
    since: options.DueSince = None,
    until: options.DueUntil = None,
    local: options.InLocalTime = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Count the jobs by state, error, workspace, account and day.")
    ] = False,
    missing: Annotated[bool, typer.Option("--missing", help="List the accounts that got no post.")] = False,
    balance: Annotated[
        bool, typer.Option("--balance", help="Compare the record with the occurrences that the rules imply.")
    ] = False,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="WHEN", help="Start of --balance. [default: the first schedule]")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="End of --balance. [default: now]")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=1_000_000,
            help="Newest N jobs. [default: 50 in the table; all with --json and --csv]",
        ),
    ] = None,
    mark_posted: Annotated[
        str | None,
        typer.Option(
            "--mark-posted", metavar="TS", help="Mark a held or unknown JOB as posted: its ts or message link."
        ),
    ] = None,
    acknowledge: Annotated[
        bool,
        typer.Option("--acknowledge", help="Take the failure of JOB, or of the filtered jobs, out of 'health'."),
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason of --acknowledge.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Acknowledge without a question; for scripts.")] = False,
    layout: Annotated[
        str, typer.Option("--output", "-o", metavar="wide", help="'wide': all columns of the table, nothing cut.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a job, oldest first.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV, oldest first.")] = False,
) -> None:
    """Show jobs: when they were due, where and how late they were posted, and why they failed.

    The table shows the newest first, in the time zone of each schedule. Jobs of removed schedules are found by name.
    States: queued running succeeded failed unknown held missed skipped cancelled. Many missed occurrences of a
    schedule are one line without a number ('-', in JSON null); 'backfill' posts some of them after all.

    For a triage: --summary counts, --missing lists the accounts with jobs of which none was posted.

    --balance computes from the versions and the record of changes which occurrences each schedule should have had. It
    names each occurrence that is not on record, and each job that no rule implies. Exit code 1 if there is one.

    --acknowledge records who has seen a failed, held or missed job, when and why; 'health' counts it no more. A retry
    ends the acknowledgement. For a job named by number it asks nothing.

    Example:  schedbot audit --since 2d --state failed,held
    """
    filter_options = options.filter_options(locals())
    if balance:
        others = (job, local, summary, missing, mark_posted, acknowledge, reason, layout, csv)
        return show_balance(filter_options, from_, to, limit, others, json)
    refuse_times_of_balance(from_, to)
    refuse_conflicts(job, filter_options != FilterOptions(), mark_posted, json and csv)
    is_wide = parse_layout(layout)
    if summary or missing:
        refuse_with_overview(job, missing, filter_options, summary and missing, csv or acknowledge)
    refuse_lone_reason(reason, acknowledge)
    with open_session() as session:
        if acknowledge:
            from schedbot.commands.delivery import acknowledgements

            acknowledgements.carry_out(session, job, filters.parse(session, filter_options), reason.strip(), yes)
            if job is None:
                return
        if job is None:
            job_filter = filters.parse(session, filter_options)
            if summary or missing:
                from schedbot.commands.delivery import overviews

                overviews.show(session, job_filter, missing, json)
            elif json or csv:
                show_objects(session, job_filter, limit, json)
            else:
                show_table(session, job_filter, limit or TABLE_ROWS, is_wide)
            return
        if mark_posted is not None:
            from schedbot.admin.jobs import mark_posted as marking

            marked = marking.mark_posted(session, job, mark_posted)
            if warning := marking.time_warning(marked, session.now()):
                output.note(f"Note: {warning}")
        show_job(session, job, json, csv)


def show_balance(
    filter_options: FilterOptions, from_: str | None, to: str | None, limit: int | None, others: Any, json: bool
) -> None:
    from schedbot.commands.delivery.balance import BalanceOptions, carry_out

    carry_out(filter_options, BalanceOptions(tuple(filter_options.schedule), from_, to, limit), others, json)


def refuse_times_of_balance(from_: str | None, to: str | None) -> None:
    if from_ is not None or to is not None:
        raise BadInput("--from and --to go with --balance only.", "For jobs by due time use --since and --until.")


def refuse_lone_reason(reason: str, acknowledge: bool) -> None:
    if reason and not acknowledge:
        raise BadInput("--reason needs --acknowledge.", "It says why a failure is acknowledged.")


def refuse_conflicts(job: int | None, has_filters: bool, mark_posted: str | None, has_two_formats: bool) -> None:
    if has_two_formats:
        raise BadInput("--json and --csv cannot be combined.", "Use one of them.")
    if job is None and mark_posted is not None:
        hint = f"Use 'schedbot audit JOB --mark-posted {mark_posted or 'TS'}'."
        raise BadInput("--mark-posted needs a job number.", hint)
    if job is not None and has_filters:
        raise BadInput(f"Job {job} and filters cannot be combined.", "Use the job number alone, or filters alone.")


def refuse_with_overview(
    job: int | None, missing: bool, filter_options: FilterOptions, is_both: bool, has_other_form: bool
) -> None:
    """Raise BadInput for what cannot be combined with --summary or --missing."""
    name = "--missing" if missing else "--summary"
    if is_both:
        raise BadInput("--summary and --missing cannot be combined.", "Use one of them.")
    if job is not None or has_other_form:
        raise BadInput(f"{name} goes with filters and --json only.", f"Use 'schedbot audit {name} --since 1d'.")
    if missing and (filter_options.state or filter_options.error):
        raise BadInput("--missing looks at jobs of every state and error.", "Leave out --state and --error.")


def parse_layout(layout: str) -> bool:
    """Return whether the table is wide. Raises BadInput for another word than `wide`."""
    if layout not in ("", "wide"):
        raise BadInput(f"--output: unknown layout {times.quote(layout)}.", "Use 'wide', or leave it out.")
    return layout == "wide"


def show_objects(session: Session, job_filter: Filter, limit: int | None, json: bool) -> None:
    """Print all jobs, or the newest, as JSON or CSV."""
    objects = list_jobs.to_json_each(session, job_filter, limit)
    if json:
        output.json_lines(objects)
    else:
        output.csv_rows((*job_object.KEYS, *job_object.SPAN_KEYS), objects)


def show_table(session: Session, job_filter: Filter, limit: int, is_wide: bool) -> None:
    # One more than the table shows, to know whether there are more.
    selected = jobs.newest(session.db, job_filter, limit + 1)
    within = list_jobs.clip_to_time(session, selected[:limit], job_filter)
    presentation.print_table(list(within), read_circumstances(session), is_wide)
    if len(selected) > limit:
        output.note(f"Only the newest {limit} jobs are shown. Use --limit N or filters to see others.")


def show_job(session: Session, number: int, json: bool, csv: bool) -> None:
    """Print the time line of one job, or its object."""
    from schedbot.admin.jobs import mark_posted as marking
    from schedbot.admin.jobs import timeline

    job = marking.find_job(session, number)
    entries, circumstances = timeline.build(session, job), read_circumstances(session)
    if json:
        story = [presentation.entry_to_json(entry) for entry in entries]
        output.json_lines([{**job_object.to_json(job, circumstances), "story": story}])
    elif csv:
        output.csv_rows(job_object.KEYS, [job_object.to_json(job, circumstances)])
    else:
        summary = job_summary.summarize(job, circumstances)
        presentation.print_time_line(job, entries, summary, circumstances.now)
